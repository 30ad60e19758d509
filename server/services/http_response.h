#pragma once

#include <cstdint>
#include <string_view>

#include "server/services/output.h"

namespace closewait {

// What stands in the head of a response.
struct HttpResponse {
  int status = 200;
  std::string_view date;
  std::string_view type = "text/plain";
  std::uint64_t size = 0;
  bool chunked = false;          // in place of a size
  bool last = false;             // "Connection: close"
  bool stays = false;            // "Connection: keep-alive", when it is not the last
  std::string_view fields = "";  // more header lines
};

// "Not Found" of 404.
[[nodiscard]] std::string_view reason_phrase(int status);
void write_head(const HttpResponse& response, Output& output);

}  // namespace closewait
