#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace closewait {

// The head of one request. The views point into the input it was read from.
struct HttpRequest {
  std::string_view method;
  std::string_view target;
  std::uint64_t body = 0;  // Content-Length
  bool chunked = false;
  bool keep_alive = true;
  bool asks_to_stay = false;  // of HTTP/1.0, which has to be told when it may
  bool expects_continue = false;
};

// What the front of some input is: something to refuse with `status`, or (status 0) a whole head of
// `size` bytes, or nothing yet (size 0).
struct HttpHead {
  std::size_t size = 0;
  int status = 0;
  HttpRequest request;
};

// Pure. The grammar is Boost.Beast's; blank lines before a request are skipped (RFC 9112, 2.2).
// What can be no request is refused by its first line, the rest when the head is whole, so that a
// peer that sends a byte at a time does not have it parsed for each.
[[nodiscard]] HttpHead read_http_head(std::string_view input, std::size_t max_head);

}  // namespace closewait
