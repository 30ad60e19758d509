#pragma once

#include "faults/exchange.h"
#include "faults/raw_response.h"

namespace closewait {

// Speaks a protocol that the user described. On the first exchange hello and login come before the
// request, each part only when the one before it was answered. What is wrong in one of them is told
// by its offset in that answer.
class RawExchange : public Exchange {
 public:
  // `asked` is of the protocol: its usual request or the large one. Both outlive the exchange.
  RawExchange(const RawProtocol& protocol, const RawStep& asked);

  [[nodiscard]] std::span<const std::byte> request(std::uint64_t offset) const override;
  [[nodiscard]] bool holds_back() const override { return step_ < protocol_->opening.size(); }

 private:
  void parse(std::span<const std::byte> data) override;
  void reset_parser() override;
  std::size_t take(std::string_view data);
  void begin(std::size_t index);
  [[nodiscard]] const RawStep& step(std::size_t index) const;

  const RawProtocol* protocol_;
  const RawStep* asked_;
  std::size_t first_ = 0;  // of this exchange: the opening, or what comes behind it
  std::size_t step_ = 0;   // whose response is next; behind the opening, that of the request
  RawResponse response_;
  bool lost_ = false;  // what comes cannot be read any more
};

}  // namespace closewait
