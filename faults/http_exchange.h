#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "faults/exchange.h"

namespace closewait {

// GETs by HTTP/1.1 and is owed a whole response of status 200. Without a path of its own it asks
// for /bytes/SIZE, as closewait-server serves it, and the body must be SIZE bytes of the pattern;
// of any other path only status and framing are checked.
class HttpExchange : public Exchange {
 public:
  struct Spec {
    std::string_view host;  // of the Host field
    std::string_view path;  // "" is /bytes/SIZE
    std::uint64_t size = 0;
  };

  // What the spec refers to outlives the exchange.
  explicit HttpExchange(const Spec& spec);
  ~HttpExchange() override;

  [[nodiscard]] std::span<const std::byte> request(std::uint64_t offset) const override;
  void end_of_input() override;

 private:
  class Parser;

  void parse(std::span<const std::byte> data) override;
  void reset_parser() override;
  void conclude();
  [[nodiscard]] bool owes_pattern() const { return spec_.path.empty(); }

  Spec spec_;
  // Made when first asked for: a client that resets at once needs neither.
  mutable std::string request_;
  std::unique_ptr<Parser> parser_;
  std::string held_;  // bytes of a head that is not whole yet
};

}  // namespace closewait
