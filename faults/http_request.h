#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace closewait {

// Statuses that are right, both ends among them: 2xx is 200 to 299.
struct HttpStatuses {
  int first = 200;
  int last = 200;
};

// What a client of the dialect http asks for, and how it is rightly answered: plain data. A
// scenario reads it and checks that nothing of it ends a line too early.
struct HttpRequest {
  std::string method = "GET";
  std::string path;  // "" is closewait-server's /bytes/SIZE, whose body is checked byte for byte
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::vector<HttpStatuses> statuses{HttpStatuses{}};
};

// Of head and body: well below what Client::send leaves unanswered.
inline constexpr std::size_t kMostHttpRequestBytes = 32 * 1024;

// The bytes of the request for a path of the target `host` ("127.0.0.1:80"), which is the Host
// field unless the headers have one.
[[nodiscard]] std::string http_request_text(const HttpRequest& request, std::string_view host,
                                            std::string_view path);

// The same request with a body of `bytes`. The method stays: a GET may have a body (RFC 9110,
// 9.3.1), and many a server answers a POST that it does not expect before it has read any of it.
[[nodiscard]] HttpRequest with_body(const HttpRequest& request, std::uint64_t bytes);

[[nodiscard]] bool is_right_status(const HttpRequest& request, int status);

// Field names do not heed case.
[[nodiscard]] bool same_field(std::string_view a, std::string_view b);

}  // namespace closewait
