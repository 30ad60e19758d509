#include "faults/exchange.h"

namespace closewait {

void Exchange::feed(std::span<const std::byte> data) {
  before_response_ = 0;
  parse(data);
  received_ += data.size() - before_response_;
}

void Exchange::restart() {
  received_ = 0;
  complete_ = false;
  reset_parser();
}

void Exchange::set_wrong(std::uint64_t offset) {
  if (!wrong_at_) wrong_at_ = offset;
}

}  // namespace closewait
