#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace closewait {

inline constexpr std::size_t kMaxHttpHead = 16 * 1024;

// The head of one request. The views point into the input it was read from.
struct HttpRequest {
  std::string_view method;
  std::string_view target;
  std::uint64_t body = 0;  // Content-Length
  bool chunked = false;
  bool keep_alive = true;
  bool expects_continue = false;
};

// What the front of some input is: a whole head of `size` bytes (status 0), nothing yet (size 0,
// status 0), or something to refuse with `status`.
struct HttpHead {
  std::size_t size = 0;
  int status = 0;
  HttpRequest request;
};

// Pure. The grammar is Boost.Beast's; blank lines before a request are skipped (RFC 9112, 2.2).
[[nodiscard]] HttpHead read_http_head(std::string_view input);

}  // namespace closewait
