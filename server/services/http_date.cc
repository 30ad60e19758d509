#include "server/services/http_date.h"

#include <fmt/chrono.h>

namespace closewait {

std::string_view HttpDate::at(std::time_t time) {
  constexpr std::size_t kSize = 29;
  if (time != time_) {
    time_ = time;
    // The names of days and months are the C locale's: fmt asks for no other.
    fmt::format_to_n(text_.data(), kSize, "{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(time));
  }
  return {text_.data(), kSize};
}

}  // namespace closewait
