#include "loadgen/scenario_tls.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "loadgen/scenario_values.h"
#include "loadgen/yaml_text.h"

namespace closewait {
namespace {

constexpr std::array<std::string_view, 4> kTlsKeys{"sni", "verify", "ca", "alpn"};
constexpr std::string_view kTlsForms =
    "true, false, or a map such as {sni: shop.test, verify: on, ca: ca.pem}";
constexpr std::size_t kMostProtocols = 16;

// An address is no name (RFC 6066, 3).
Result<std::string> parse_host_name(std::string_view text) {
  constexpr std::size_t kLongest = 253;
  const bool of_a_name = std::ranges::all_of(text, [](char c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
  const bool address = text.find_first_not_of("0123456789.") == text.npos;
  if (!of_a_name || address || text.size() > kLongest) return not_understood();
  return std::string(text);
}

// RFC 7301, 3.1.
Result<std::string> parse_protocol_name(std::string_view text) {
  constexpr std::size_t kLongest = 255;
  if (text.empty() || text.size() > kLongest) return not_understood();
  return std::string(text);
}

Result<std::string> parse_file_name(std::string_view text) {
  if (text.empty()) return not_understood();
  return std::string(text);
}

constexpr ValueKind<std::string> kHostName{parse_host_name, "a host name such as shop.test"};
constexpr ValueKind<std::string> kProtocolName{parse_protocol_name,
                                               "protocols such as [http/1.1], at most 16"};
constexpr ValueKind<std::string> kFileName{parse_file_name, "a file of certificates (PEM)"};

void read_alpn(const MapReader& tls, TlsSpec& spec) {
  const YamlEntry* entry = tls.find("alpn");
  if (entry == nullptr) return;
  for (const YamlNode& item : tls.items(*entry, kProtocolName.expected, true)) {
    std::string name;
    if (tls.read_value("alpn", item, kProtocolName, name)) spec.alpn.push_back(std::move(name));
  }
  const bool none = entry->value.kind == YamlNode::Kind::kList && entry->value.items.empty();
  if (none || spec.alpn.size() > kMostProtocols) {
    tls.problem(entry->value.place, mismatch("alpn", entry->value, kProtocolName.expected));
  }
}

// Who names a file of those who may sign wants to know who has signed.
void read_verification(const MapReader& tls, TlsSpec& spec) {
  const YamlEntry* ca = tls.find("ca");
  const bool said = tls.read("verify", kSwitch, spec.verify);
  if (ca == nullptr || !tls.read("ca", kFileName, spec.ca)) return;
  if (said && !spec.verify) {
    tls.problem(ca->place,
                "'ca' says who may have signed, and 'verify' is off; expected verify: on");
    return;
  }
  spec.verify = true;
  const auto folder = std::filesystem::path(ca->value.place.source).parent_path();
  spec.ca = std::filesystem::absolute((folder / ca->value.text).lexically_normal()).string();
  try {
    static_cast<void>(TlsClientContext(spec));
  } catch (const SetupError& error) {
    tls.problem(ca->value.place, std::string("'ca': ") + error.what() + "; expected " +
                                     std::string(kFileName.expected));
  }
}

}  // namespace

std::optional<TlsSpec> read_tls(const MapReader& target) {
  const YamlEntry* entry = target.find("tls");
  if (entry == nullptr) return {};
  const YamlNode& value = entry->value;
  if (value.kind == YamlNode::Kind::kScalar) {
    const auto* word =
        std::ranges::find(kSwitch, value.text, &std::pair<std::string_view, bool>::first);
    if (word != kSwitch.end()) return word->second ? std::optional(TlsSpec{}) : std::nullopt;
  }
  if (value.kind != YamlNode::Kind::kMap) {
    target.problem(value.place, mismatch("tls", value, kTlsForms));
    return {};
  }
  const MapReader tls(value, "'tls'", kTlsKeys, target.problems());
  TlsSpec spec;
  tls.read("sni", kHostName, spec.sni);
  read_alpn(tls, spec);
  read_verification(tls, spec);
  return spec;
}

}  // namespace closewait
