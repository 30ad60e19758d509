#include "server/http_date.h"

#include <gtest/gtest.h>

#include <ctime>
#include <string>

namespace closewait {
namespace {

using std::chrono::milliseconds;

TEST(HttpDate, IsTheTimeInTheOnlyFormThatIsStillWritten) {
  HttpDate date;
  const std::time_t before = std::time(nullptr);
  const std::string text(date.at(Clock::now()));
  std::tm read{};
  const char* end = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &read);
  ASSERT_NE(end, nullptr) << text;
  EXPECT_EQ(*end, '\0') << text;
  const std::time_t told = ::timegm(&read);
  EXPECT_GE(told, before);
  EXPECT_LE(told, std::time(nullptr));
}

TEST(HttpDate, IsWrittenAnewInTheNextSecondOnly) {
  HttpDate date;
  const Instant second{std::chrono::seconds(1000)};
  const std::string_view text = date.at(second);
  const std::string first(text);
  EXPECT_EQ(date.at(second + milliseconds(999)), first);
  EXPECT_EQ(date.at(second + milliseconds(1000)).size(), first.size());
}

}  // namespace
}  // namespace closewait
