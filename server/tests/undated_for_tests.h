#pragma once

#include <string>
#include <string_view>

namespace closewait {

// In place of a date, as long as one.
inline constexpr std::string_view kSomeDate = "Day, DD Mon YYYY hh:mm:ss GMT";

// The same answers with no date but this: the next second is another date.
inline std::string undated(std::string answers) {
  constexpr std::string_view kField = "\r\nDate: ";
  for (auto at = answers.find(kField); at != std::string::npos; at = answers.find(kField, at + 1)) {
    answers.replace(at + kField.size(), kSomeDate.size(), kSomeDate);
  }
  return answers;
}

}  // namespace closewait
