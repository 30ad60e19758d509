#pragma once

#include "faults/exchange.h"

namespace closewait {

// Sends `size` bytes of the pattern and is owed the same bytes back.
class EchoExchange : public Exchange {
 public:
  explicit EchoExchange(std::uint64_t size) : size_(size) {}

  [[nodiscard]] std::span<const std::byte> request(std::uint64_t offset) const override;

 private:
  void parse(std::span<const std::byte> data) override;
  void reset_parser() override {}

  std::uint64_t size_;
};

}  // namespace closewait
