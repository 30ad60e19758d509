#include "server/http_date.h"

#include <fmt/chrono.h>

#include <ctime>

namespace closewait {

std::string_view HttpDate::at(Instant now) {
  const auto second = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch());
  constexpr std::size_t kSize = 29;
  if (second != second_) {
    second_ = second;
    // The names of days and months are the C locale's: fmt asks for no other.
    fmt::format_to_n(text_.data(), kSize, "{:%a, %d %b %Y %H:%M:%S} GMT",
                     fmt::gmtime(std::time(nullptr)));
  }
  return {text_.data(), kSize};
}

}  // namespace closewait
