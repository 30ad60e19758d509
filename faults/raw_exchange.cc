#include "faults/raw_exchange.h"

namespace closewait {

RawExchange::RawExchange(const RawProtocol& protocol, const RawStep& asked)
    : protocol_(&protocol), asked_(&asked), response_(step(0).response) {}

const RawStep& RawExchange::step(std::size_t index) const {
  return index < protocol_->opening.size() ? protocol_->opening[index] : *asked_;
}

std::span<const std::byte> RawExchange::request(std::uint64_t offset) const {
  for (std::size_t i = first_; i <= step_; ++i) {
    const auto part = std::as_bytes(std::span(step(i).request));
    if (offset < part.size()) return part.subspan(offset);
    offset -= part.size();
  }
  // The request itself may be asked some times in a row.
  const auto again = std::as_bytes(std::span(asked_->request));
  if (holds_back() || offset >= again.size() * (times() - 1)) return {};
  return again.subspan(offset % again.size());
}

void RawExchange::parse(std::span<const std::byte> data) {
  std::string_view rest(reinterpret_cast<const char*>(data.data()), data.size());
  while (holds_back() && !lost_ && !rest.empty()) rest.remove_prefix(take(rest));
  if (holds_back()) rest = {};  // what follows a wrong login answers nothing
  before_response(data.size() - rest.size());
  if (rest.empty() || lost_) return;
  std::size_t used = 0;
  while (!complete() && !lost_ && used < rest.size()) used += take(rest.substr(used));
  if (complete() && used < rest.size()) set_wrong(received() + used);  // more than was asked for
}

// Hands bytes to the response in hand; says how many belong to it.
std::size_t RawExchange::take(std::string_view data) {
  const std::size_t used = response_.take(data);
  if (const auto wrong = response_.wrong_at()) set_wrong(*wrong);
  lost_ = response_.broken();
  if (!response_.complete()) return used;
  if (!holds_back()) {
    if (!answer_is_whole()) begin(step_);
  } else if (wrong_at()) {
    lost_ = true;  // without a right hello and login nothing is asked
  } else {
    begin(step_ + 1);
  }
  return used;
}

void RawExchange::begin(std::size_t index) {
  step_ = index;
  response_ = RawResponse(step(index).response);
}

void RawExchange::reset_parser() {
  first_ = holds_back() ? 0 : step_;
  lost_ = false;
  begin(first_);
}

}  // namespace closewait
