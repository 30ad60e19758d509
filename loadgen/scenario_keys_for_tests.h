#pragma once

#include <regex>
#include <set>
#include <string>
#include <vector>

#include "loadgen/scenario.h"

namespace closewait {

// What the parser knows, by what it says when it is told something that it does not know: the
// page and the schema are held against it.

using Names = std::set<std::string>;

// A map of a scenario: the heading of its table in docs/scenario.md, a scenario in which it stands,
// as @, and the place of its keys in scenario.schema.json.
struct KeyMap {
  std::string heading;
  std::string around;
  std::string schema;
};

inline const std::vector<KeyMap>& key_maps() {
  static const std::vector<KeyMap> maps{
      {"target", "target: @", "/definitions/target"},
      {"target.promises", "target: {promises: @}", "/definitions/promises"},
      {"target.protocol", "target: {protocol: @}", "/definitions/protocol"},
      {"target.tls", "target: {tls: @}", "/definitions/tls"},
      {"A login or large", "target: {protocol: {login: [@]}}", "/definitions/exchange"},
      {"A login or large", "target: {protocol: {large: @}}", "/definitions/exchange"},
      {"A response", "target: {protocol: {hello: @}}", "/definitions/response"},
      {"A response", "target: {protocol: {response: @}}", "/definitions/response"},
      {"load", "load: @", "/definitions/load"},
      {"A phase", "cycle: [@]", "/definitions/phase"},
      {"host", "cycle: [{clients: {polite: 1}, host: [@]}]", "/definitions/host_fault"},
      {"freeze", "cycle: [{clients: {polite: 1}, host: [{freeze: @}]}]", "/definitions/freeze"},
      {"few_descriptors", "cycle: [{clients: {polite: 1}, host: [{few_descriptors: @}]}]",
       "/definitions/few_descriptors"},
      {"kill_sockets", "cycle: [{clients: {polite: 1}, host: [{kill_sockets: @}]}]",
       "/definitions/kill_sockets"},
      {"warm_up", "warm_up: @", "/definitions/warm_up"},
      {"Steps", "cycle: [{clients: {polite: 1}, rate: [@]}]", "/definitions/plan/anyOf/1/items"},
      {"A spike", "cycle: [{clients: {polite: 1}, rate: @}]", "/definitions/plan/anyOf/2"},
      {"behaviours", "behaviours: {own: @}", "/definitions/composed"},
      {"connect", "behaviours: {own: {steps: [{connect: @}]}}", "/definitions/connect"},
      {"repeat", "behaviours: {own: {steps: [{repeat: @}]}}", "/definitions/repeated"},
      {"accept", "accept: [@]", "/definitions/accepted"},
      {"on_finding", "on_finding: @", "/definitions/on_finding"},
  };
  return maps;
}

inline std::string error_of(const std::string& text) {
  try {
    static_cast<void>(parse_scenario(text, "s.yaml", {}));
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

inline std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const std::size_t at = text.find(what);
  return at == std::string::npos ? text : text.replace(at, what.size(), by);
}

// What the parser says that it expected in a map, instead of a key that it does not know.
inline Names known_to_parser(const std::string& text) {
  static const std::regex told("unknown key 'zzzzzzzz' in [^;]*; expected ([^\n]*)");
  const std::string error = error_of(text);
  std::smatch match;
  Names names;
  if (!std::regex_search(error, match, told)) return names;
  static const std::regex word("[a-z][a-z_]*");
  const std::string list = match.str(1);
  for (auto it = std::sregex_iterator(list.begin(), list.end(), word); it != std::sregex_iterator();
       ++it) {
    if (it->str() != "or") names.insert(it->str());
  }
  return names;
}

inline std::string in_map(const KeyMap& map, const std::string& entries) {
  return replaced(map.around, "@", "{" + entries + "}");
}

}  // namespace closewait
