#include "faults/exchange.h"

namespace closewait {

void Exchange::feed(std::span<const std::byte> data) {
  before_response_ = 0;
  parse(data);
  received_ += data.size() - before_response_;
}

void Exchange::restart() {
  received_ = 0;
  answers_ = 0;
  complete_ = false;
  reset_parser();
}

void Exchange::pipeline(std::uint64_t times) {
  times_ = times;
  restart();
}

bool Exchange::answer_is_whole() {
  complete_ = ++answers_ >= times_;
  return complete_;
}

// It begins as a request does, so that it is read as one.
std::string Exchange::endless_request(std::uint64_t bytes) const {
  const auto usual = request(0);
  std::string text(reinterpret_cast<const char*>(usual.data()), usual.size() / 2);
  if (text.size() < bytes) text.resize(bytes, 'x');
  return text;
}

void Exchange::set_refused() {
  refused_ = refused_ || !wrong_at_;
  set_wrong(0);
}

void Exchange::set_wrong(std::uint64_t offset) {
  if (!wrong_at_) wrong_at_ = offset;
}

}  // namespace closewait
