#pragma once

#include <array>
#include <chrono>
#include <string_view>

#include "base/clock.h"

namespace closewait {

// The time as HTTP writes it (RFC 9110, 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT"), written anew once
// a second. One thread.
class HttpDate {
 public:
  // `now` is the loop's; the text is the wall clock's, which may be a second behind. Valid until
  // the next call.
  [[nodiscard]] std::string_view at(Instant now);

 private:
  std::chrono::seconds second_{-1};
  std::array<char, 30> text_{};
};

}  // namespace closewait
