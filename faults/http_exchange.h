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
// (1xx) are passed over. A body that the rig made up may be answered by any status.
class HttpExchange : public Exchange {
 public:
  struct Spec {
    const HttpRequest* request = nullptr;
    std::string_view host;  // for /bytes/SIZE
    std::string_view text;  // of a request that is the same for all clients, which is not /bytes
    std::uint64_t size = 0;
    bool with_body = false;  // the request has `size` bytes of body, unless it has one of its own
  };

  // What the spec refers to outlives the exchange.
  explicit HttpExchange(const Spec& spec);
  ~HttpExchange() override;

  [[nodiscard]] std::span<const std::byte> request(std::uint64_t offset) const override;
  [[nodiscard]] std::uint64_t head_bytes() const override;
  [[nodiscard]] std::string endless_request(std::uint64_t bytes) const override;
  [[nodiscard]] std::string huge_claim() const override;
  void end_of_input() override;

 private:
  class Parser;

  void parse(std::span<const std::byte> data) override;
  void reset_parser() override;
  // How many bytes were read of the input, from its start; less than all of it when a head or a
  // chunk is not whole, when the response is, or when it is broken.
  std::size_t read(std::string_view input, bool& broken);
  [[nodiscard]] bool may_become_head(std::string_view begin) const;
  bool conclude();
  [[nodiscard]] std::unique_ptr<Parser> new_parser() const;
  [[nodiscard]] bool is_interim() const;
  [[nodiscard]] bool has_no_body() const { return spec_.request->method == "HEAD"; }
  [[nodiscard]] bool has_own_path() const { return !spec_.request->path.empty(); }
  [[nodiscard]] bool owes_pattern() const { return !has_own_path() && !spec_.with_body; }
  [[nodiscard]] std::string_view text() const;
  [[nodiscard]] bool is_right(int status) const;

  Spec spec_;
  // Made when first asked for: a client that resets at once needs neither.
  mutable std::string own_text_;
  std::unique_ptr<Parser> parser_;
  std::string held_;  // bytes of a head or chunk that is not whole yet
};

}  // namespace closewait
