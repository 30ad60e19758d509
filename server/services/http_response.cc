#include "server/services/http_response.h"

#include <fmt/format.h>

#include <array>

namespace closewait {
namespace {

constexpr std::array<std::string_view, 10> kStatusLines = {
    "200 OK",
    "400 Bad Request",
    "404 Not Found",
    "405 Method Not Allowed",
    "408 Request Timeout",
    "413 Content Too Large",
    "431 Request Header Fields Too Large",
    "501 Not Implemented",
    "503 Service Unavailable",
    "505 HTTP Version Not Supported",
};
constexpr std::size_t kDigits = 3;

// "404 Not Found" of 404.
std::string_view status_line(int status) {
  for (const std::string_view line : kStatusLines) {
    const int number = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
    if (number == status) return line;
  }
  return "500 Internal Server Error";
}

// Who speaks HTTP/1.1 takes it for granted that a connection stays (RFC 9112, 9.3).
std::string_view connection_field(const HttpResponse& response) {
  if (response.last) return "Connection: close\r\n";
  return response.stays ? "Connection: keep-alive\r\n" : "";
}

}  // namespace

std::string_view reason_phrase(int status) { return status_line(status).substr(kDigits + 1); }

// Put together piece by piece: this is done once a request, and formatting costs twice as much.
void write_head(const HttpResponse& response, Output& output) {
  const fmt::format_int size(response.size);
  const std::string_view size_text(size.data(), size.size());
  output.append({"HTTP/1.1 ", status_line(response.status),
                 "\r\nServer: closewait-server\r\nDate: ", response.date,
                 "\r\nContent-Type: ", response.type,
                 response.chunked ? "\r\nTransfer-Encoding: " : "\r\nContent-Length: ",
                 response.chunked ? "chunked" : size_text, "\r\n", response.fields,
                 connection_field(response), "\r\n"});
}

}  // namespace closewait
