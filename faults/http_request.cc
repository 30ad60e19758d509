#include "faults/http_request.h"

#include <fmt/format.h>

#include <algorithm>

namespace closewait {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// A length of 0 is said where a body is expected (RFC 9110, 8.6).
bool says_length(const HttpRequest& request) {
  constexpr std::string_view kWithBody[] = {"POST", "PUT", "PATCH"};
  return !request.body.empty() ||
         std::ranges::find(kWithBody, request.method) != std::end(kWithBody);
}

}  // namespace

bool same_field(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::string http_request_text(const HttpRequest& request, std::string_view host,
                              std::string_view path) {
  std::string text = fmt::format("{} {} HTTP/1.1\r\n", request.method, path);
  const bool has_host = std::ranges::any_of(
      request.headers, [](const auto& header) { return same_field(header.first, "Host"); });
  if (!has_host) text += fmt::format("Host: {}\r\n", host);
  for (const auto& [name, value] : request.headers) text += fmt::format("{}: {}\r\n", name, value);
  if (says_length(request)) text += fmt::format("Content-Length: {}\r\n", request.body.size());
  return text + "\r\n" + request.body;
}

HttpRequest with_body(const HttpRequest& request, std::uint64_t bytes) {
  HttpRequest with = request;
  with.body.assign(bytes, 'x');
  return with;
}

bool is_right_status(const HttpRequest& request, int status) {
  return std::ranges::any_of(request.statuses, [status](const HttpStatuses& some) {
    return some.first <= status && status <= some.last;
  });
}

}  // namespace closewait
