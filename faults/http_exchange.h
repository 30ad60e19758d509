#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "faults/exchange.h"
#include "faults/http_request.h"

namespace closewait {

// Asks by HTTP/1.1 and is owed a whole response with one of the statuses that are right. Without a
// path of its own it asks for /bytes/SIZE, as closewait-server serves it, and the body must be SIZE
// bytes of the pattern; of any other path only status and framing are checked. Interim responses
// (1xx) are passed over.
class HttpExchange : public Exchange {
 public:
  struct Spec {
    const HttpRequest* request = nullptr;
    std::string_view host;  // for /bytes/SIZE
    std::string_view text;  // of a request that is the same for all clients, which is not /bytes
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
  // How many bytes were read of the input, from its start; less than all of it when a head or a
  // chunk is not whole, when the response is, or when it is broken.
  std::size_t read(std::string_view input, bool& broken);
  [[nodiscard]] bool may_become_head(std::string_view begin) const;
  void conclude();
  [[nodiscard]] std::unique_ptr<Parser> new_parser() const;
  [[nodiscard]] bool is_interim() const;
  [[nodiscard]] bool has_no_body() const { return spec_.request->method == "HEAD"; }
  [[nodiscard]] bool owes_pattern() const { return spec_.text.empty(); }

  Spec spec_;
  // Made when first asked for: a client that resets at once needs neither.
  mutable std::string own_text_;
  std::unique_ptr<Parser> parser_;
  std::string held_;  // bytes of a head or chunk that is not whole yet
};

}  // namespace closewait
