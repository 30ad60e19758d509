#include "base/pattern.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/random.h"

namespace closewait {
namespace {

using Table = std::array<std::byte, kPatternPeriod + kPatternChunk>;

Table make_table() {
  Table table{};
  Random random(0xc105e3a17);
  for (std::size_t i = 0; i < kPatternPeriod; ++i) {
    table[i] = static_cast<std::byte>(random() & 0xff);
  }
  for (std::size_t i = kPatternPeriod; i < table.size(); ++i) table[i] = table[i - kPatternPeriod];
  return table;
}

const Table& table() {
  static const Table bytes = make_table();
  return bytes;
}

}  // namespace

std::span<const std::byte> pattern(std::uint64_t offset, std::size_t size) noexcept {
  return {table().data() + offset % kPatternPeriod, std::min(size, kPatternChunk)};
}

std::optional<std::uint64_t> first_difference(std::uint64_t offset,
                                              std::span<const std::byte> data) noexcept {
  while (!data.empty()) {
    const auto expected = pattern(offset, data.size());
    const auto chunk = data.first(expected.size());
    if (std::memcmp(chunk.data(), expected.data(), chunk.size()) != 0) {
      const auto [here, there] = std::ranges::mismatch(chunk, expected);
      return offset + static_cast<std::uint64_t>(here - chunk.begin());
    }
    offset += chunk.size();
    data = data.subspan(chunk.size());
  }
  return std::nullopt;
}

}  // namespace closewait
