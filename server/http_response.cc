#include "server/http_response.h"

#include <fmt/compile.h>

#include <algorithm>
#include <array>

namespace closewait {
namespace {

struct Phrase {
  int status;
  std::string_view text;
};

constexpr std::array kPhrases = {
    Phrase{200, "OK"},
    Phrase{400, "Bad Request"},
    Phrase{404, "Not Found"},
    Phrase{405, "Method Not Allowed"},
    Phrase{408, "Request Timeout"},
    Phrase{413, "Content Too Large"},
    Phrase{431, "Request Header Fields Too Large"},
    Phrase{501, "Not Implemented"},
    Phrase{503, "Service Unavailable"},
    Phrase{505, "HTTP Version Not Supported"},
};

}  // namespace

std::string_view reason_phrase(int status) {
  const auto found = std::ranges::find(kPhrases, status, &Phrase::status);
  return found == kPhrases.end() ? "Error" : found->text;
}

// The formats are compiled: this is called once a request.
void write_head(const HttpResponse& response, Output& output) {
  fmt::memory_buffer head;
  const auto out = fmt::appender(head);
  fmt::format_to(
      out,
      FMT_COMPILE("HTTP/1.1 {} {}\r\nServer: closewait-server\r\nDate: {}\r\nContent-Type: {}\r\n"),
      response.status, reason_phrase(response.status), response.date, response.type);
  if (response.chunked) {
    fmt::format_to(out, FMT_COMPILE("Transfer-Encoding: chunked\r\n"));
  } else {
    fmt::format_to(out, FMT_COMPILE("Content-Length: {}\r\n"), response.size);
  }
  fmt::format_to(out, FMT_COMPILE("{}{}\r\n"), response.fields,
                 response.last ? "Connection: close\r\n" : "");
  output.append({head.data(), head.size()});
}

}  // namespace closewait
