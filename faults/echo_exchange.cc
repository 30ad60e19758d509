#include "faults/echo_exchange.h"

#include <algorithm>

#include "base/pattern.h"

namespace closewait {

std::span<const std::byte> EchoExchange::request(std::uint64_t offset) const {
  const std::uint64_t all = size_ * times();
  if (offset >= all) return {};
  return pattern(offset, std::min<std::uint64_t>(all - offset, kPatternChunk));
}

void EchoExchange::parse(std::span<const std::byte> data) {
  const std::uint64_t all = size_ * times();
  const std::uint64_t owed = all - std::min(received(), all);
  if (const auto offset = first_difference(received(), data.first(std::min(data.size(), owed)))) {
    set_wrong(*offset);
  }
  if (data.size() > owed) set_wrong(all);
  while (!complete() && data.size() >= owed) answer_is_whole();
}

}  // namespace closewait
