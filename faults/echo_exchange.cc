#include "faults/echo_exchange.h"

#include <algorithm>

#include "base/pattern.h"

namespace closewait {

std::span<const std::byte> EchoExchange::request(std::uint64_t offset) const {
  if (offset >= size_) return {};
  return pattern(offset, std::min<std::uint64_t>(size_ - offset, kPatternChunk));
}

void EchoExchange::parse(std::span<const std::byte> data) {
  const std::uint64_t owed = size_ - std::min(received(), size_);
  if (const auto offset = first_difference(received(), data.first(std::min(data.size(), owed)))) {
    set_wrong(*offset);
  }
  if (data.size() > owed) set_wrong(size_);
  if (data.size() >= owed) set_complete();
}

}  // namespace closewait
