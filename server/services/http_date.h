#pragma once

#include <array>
#include <ctime>
#include <string_view>

namespace closewait {

// A time as HTTP writes it (RFC 9110, 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT"), kept until it is
// another. One thread.
class HttpDate {
 public:
  // In seconds since 1970. The text is valid until the next call.
  [[nodiscard]] std::string_view at(std::time_t time);

 private:
  std::time_t time_ = -1;
  std::array<char, 30> text_{};
};

}  // namespace closewait
