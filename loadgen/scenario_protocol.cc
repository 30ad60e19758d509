#include "loadgen/scenario_protocol.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/units.h"
#include "loadgen/scenario_bytes.h"
#include "loadgen/yaml_reader.h"
#include "loadgen/yaml_text.h"

namespace closewait {
namespace {

constexpr std::array<std::string_view, 6> kProtocolKeys{"include", "hello",    "login",
                                                        "request", "response", "large"};
constexpr std::array<std::string_view, 2> kExchangeKeys{"request", "response"};
constexpr std::array<std::string_view, 5> kFramingKeys{"bytes", "until", "length_prefix", "pattern",
                                                       "starts"};
constexpr auto kEnds = std::span(kFramingKeys).first<4>();

constexpr std::string_view kResponseExpected = "a map such as {until: \"\\r\\n\"}";

constexpr Words<RawFraming::Prefix, 5> kPrefixes{{{"u8", {1, true}},
                                                  {"u16be", {2, true}},
                                                  {"u16le", {2, false}},
                                                  {"u32be", {4, true}},
                                                  {"u32le", {4, false}}}};

Result<std::uint64_t> parse_response_bytes(std::string_view text) {
  const auto bytes = parse_bytes(text);
  if (!bytes || *bytes == 0 || *bytes > kLongestRawResponse) return not_understood();
  return *bytes;
}

constexpr BytesKind kBytesText{.expected = "text such as \"PING\\r\\n\", or {hex: 0a0b ff}"};
constexpr ValueKind<std::uint64_t> kResponseBytes{parse_response_bytes,
                                                  "a size such as 7 or 64KiB, at most 256MiB"};

// Of `until` and `starts`.
std::string read_mark(const MapReader& reader, std::string_view key) {
  std::string mark = read_bytes(reader, key, kBytesText);
  if (mark.size() > kLongestRawMark) {
    reader.problem(reader.find(key)->value.place,
                   in_quotes(key) + " has " + std::to_string(mark.size()) +
                       " bytes; expected at most " + std::to_string(kLongestRawMark));
  }
  return mark;
}

void read_pattern(const MapReader& reader, const YamlEntry& entry, RawFraming& framing) {
  const bool scalar = entry.value.kind == YamlNode::Kind::kScalar;
  const auto compiled = RawPattern::compile(scalar ? entry.value.text : "");
  framing.pattern = compiled.pattern;
  if (framing.pattern) return;
  reader.problem(entry.value.place, "'pattern' is " + describe(entry.value) + ": " + compiled.why +
                                        "; expected a regular expression such as '^\\+PONG\\r\\n'");
}

// What says where the response ends; nullptr when none of them or more than one does.
const YamlEntry* find_end(const MapReader& reader, const std::string& what) {
  const YamlEntry* end = nullptr;
  for (const std::string_view key : kEnds) {
    const YamlEntry* entry = reader.find(key);
    if (entry == nullptr) continue;
    if (end != nullptr) {
      reader.problem(entry->place, what + " ends twice, by " + in_quotes(end->key) + " and by " +
                                       in_quotes(key) + "; expected one of them");
      return nullptr;
    }
    end = entry;
  }
  if (end == nullptr && reader.is_map()) {
    reader.problem(reader.place(), what + " never ends; expected " + one_of(kEnds) + " in it");
  }
  return end;
}

// A start that the end cuts off would make every response wrong.
void refuse_cut_start(const MapReader& reader, const RawFraming& framing) {
  const std::string& starts = framing.starts;
  const std::size_t mark = framing.until.empty() ? starts.npos : starts.find(framing.until);
  const bool behind_bytes = framing.bytes != 0 && starts.size() > framing.bytes;
  const bool behind_mark = mark != starts.npos && mark + framing.until.size() < starts.size();
  if (!behind_bytes && !behind_mark) return;
  reader.problem(reader.find("starts")->value.place,
                 std::string("'starts' goes on behind the end of the response; expected at most "
                             "what ") +
                     (behind_bytes ? "'bytes'" : "'until'") + " leaves of it");
}

RawFraming read_framing(const YamlEntry& entry, Problems& problems) {
  RawFraming framing;
  const std::string what = in_quotes(entry.key);
  const MapReader reader(entry.value, what, kFramingKeys, problems);
  framing.starts = read_mark(reader, "starts");
  const YamlEntry* end = find_end(reader, what);
  if (end == nullptr) return framing;
  const auto kind = std::find(kEnds.begin(), kEnds.end(), end->key) - kEnds.begin();
  framing.kind = static_cast<RawFraming::Kind>(kind);  // listed in that order
  reader.read("bytes", kResponseBytes, framing.bytes);
  framing.until = read_mark(reader, "until");
  reader.read("length_prefix", kPrefixes, framing.prefix);
  if (framing.kind == RawFraming::Kind::kPattern) read_pattern(reader, *end, framing);
  refuse_cut_start(reader, framing);
  return framing;
}

RawStep read_step(const MapReader& reader) {
  RawStep step;
  reader.require("request", kBytesText.expected);
  step.request = read_bytes(reader, "request", kBytesText);
  if (const YamlEntry* response = reader.require("response", kResponseExpected)) {
    step.response = read_framing(*response, reader.problems());
  }
  return step;
}

void read_opening(const MapReader& reader, RawProtocol& protocol) {
  if (const YamlEntry* hello = reader.find("hello")) {
    protocol.opening.push_back({"", read_framing(*hello, reader.problems())});
  }
  const YamlEntry* login = reader.find("login");
  if (login == nullptr) return;
  const auto steps = reader.items(*login, "a list of requests with their responses");
  if (steps.size() > kMostRawLogins) {
    reader.problem(login->value.place, "'login' has " + std::to_string(steps.size()) +
                                           " requests; expected at most " +
                                           std::to_string(kMostRawLogins));
  }
  for (const YamlNode& node : steps) {
    protocol.opening.push_back(
        read_step(MapReader(node, "a login", kExchangeKeys, reader.problems())));
  }
}

// All that is sent before the first response that is not of the opening.
void refuse_too_much(const MapReader& reader, const RawProtocol& protocol) {
  std::size_t bytes = protocol.large ? protocol.large->request.size() : 0;
  bytes = std::max(bytes, protocol.usual.request.size());
  for (const RawStep& step : protocol.opening) bytes += step.request.size();
  if (bytes <= kMostRawRequestBytes) return;
  reader.problem(reader.place(), "'protocol' has requests of " + std::to_string(bytes) +
                                     " bytes, login and all; expected at most " +
                                     std::to_string(kMostRawRequestBytes));
}

RawProtocol read_description(const YamlNode& node, Problems& problems) {
  RawProtocol protocol;
  const MapReader reader(node, "'protocol'", kProtocolKeys, problems);
  read_opening(reader, protocol);
  protocol.usual = read_step(reader);
  if (const YamlEntry* large = reader.find("large")) {
    protocol.large = read_step(MapReader(large->value, "'large'", kExchangeKeys, problems));
  }
  refuse_too_much(reader, protocol);
  return protocol;
}

// Relative to the scenario; to the folder of the call for one that the command line names, whose
// source ("--set target.protocol.include") has no folder.
std::string path_of_include(const YamlNode& include) {
  const auto folder = std::filesystem::path(include.place.source).parent_path();
  return (folder / include.text).lexically_normal().string();
}

// The tree of an included file; nothing when it is none, which is a problem.
std::optional<YamlNode> read_include(const YamlNode& include, Problems& problems) {
  constexpr std::string_view kExpected = "; expected a file that describes a protocol";
  if (include.kind != YamlNode::Kind::kScalar || include.text.empty()) {
    problems.add(include.place, "'include' is " + describe(include) + std::string(kExpected));
    return {};
  }
  const std::string path = path_of_include(include);
  const Result<std::string> text = read_yaml_file(path);
  if (!text) {
    problems.add(include.place, "'include' is " + in_quotes(include.text) + ": " +
                                    describe(text.error()) + std::string(kExpected));
    return {};
  }
  Problems of_file;
  YamlNode root = read_yaml(*text, path, true, of_file);
  if (root.kind == YamlNode::Kind::kMap && of_file.empty()) {
    if (root.find("include") == nullptr) return root;
    of_file.add(root.find("include")->place,
                "an included protocol includes another; expected the protocol itself");
  } else if (of_file.empty()) {
    of_file.add({path, 1, 1},
                "the protocol is " + describe(root) + "; expected a map with request and response");
  }
  problems.add(of_file);
  return {};
}

}  // namespace

void read_protocol(const YamlNode& node, Problems& problems, TargetSpec& target) {
  const YamlEntry* include = node.find("include");
  if (include == nullptr) {
    target.protocol = read_description(node, problems);
    return;
  }
  if (node.entries.size() > 1) {
    const bool first = &node.entries.front() == include;
    problems.add(node.entries[first ? 1 : 0].place,
                 "'protocol' includes a file and says more; expected one of both");
    return;
  }
  if (const auto root = read_include(include->value, problems)) {
    target.protocol_file = std::filesystem::absolute(path_of_include(include->value)).string();
    target.protocol = read_description(*root, problems);
  }
}

}  // namespace closewait
