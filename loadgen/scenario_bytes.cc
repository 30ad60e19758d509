#include "loadgen/scenario_bytes.h"

#include <array>
#include <optional>

#include "base/pattern.h"
#include "base/units.h"
#include "loadgen/yaml_text.h"

namespace closewait {
namespace {

constexpr std::array<std::string_view, 2> kBytesKeys{"hex", "size"};

Result<std::string> parse_hex(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string bytes;
  std::optional<std::size_t> high;
  for (const char c : text) {
    if (c == ' ' && !high) continue;
    const std::size_t digit = kDigits.find(static_cast<char>(c >= 'A' && c <= 'F' ? c + 32 : c));
    if (digit == kDigits.npos) return not_understood();
    if (high) bytes += static_cast<char>(*high << 4U | digit);
    high = high ? std::nullopt : std::optional(digit);
  }
  if (high || bytes.empty()) return not_understood();
  return bytes;
}

constexpr ValueKind<std::string> kHex{parse_hex, "pairs of hex digits such as 0a0b ff"};
constexpr ValueKind<std::uint64_t> kSize{parse_bytes, "a size such as 512 or 4KiB"};

std::string read_size(const MapReader& bytes, const BytesKind& kind) {
  std::uint64_t size = 0;
  if (!bytes.read("size", kSize, size)) return {};
  if (size > kind.size_at_most) {
    bytes.problem(bytes.find("size")->value.place, "'size' is " + std::to_string(size) +
                                                       " bytes; expected at most " +
                                                       std::to_string(kind.size_at_most));
    return {};
  }
  const auto made = pattern(0, size);
  return {reinterpret_cast<const char*>(made.data()), made.size()};
}

std::string read_map(const MapReader& bytes, const BytesKind& kind) {
  if (bytes.find("hex") != nullptr && bytes.find("size") != nullptr) {
    bytes.problem(bytes.find("size")->place, "both 'hex' and 'size'; expected one of them");
    return {};
  }
  if (bytes.find("size") != nullptr) return read_size(bytes, kind);
  std::string read;
  bytes.require("hex", kHex.expected);
  bytes.read("hex", kHex, read);
  return read;
}

}  // namespace

std::string read_bytes(const MapReader& reader, std::string_view key, const BytesKind& kind) {
  const YamlEntry* entry = reader.find(key);
  if (entry == nullptr) return {};
  if (entry->value.kind == YamlNode::Kind::kMap) {
    const auto known = std::span(kBytesKeys).first(kind.size_at_most > 0 ? 2 : 1);
    return read_map(MapReader(entry->value, in_quotes(key), known, reader.problems()), kind);
  }
  if (entry->value.kind == YamlNode::Kind::kScalar && !entry->value.text.empty()) {
    return entry->value.text;
  }
  reader.problem(entry->value.place, mismatch(entry->key, entry->value, kind.expected));
  return {};
}

}  // namespace closewait
