#include "server/services/http_date.h"

#include <gtest/gtest.h>

#include <string>

namespace closewait {
namespace {

TEST(HttpDate, IsWrittenAsTheStandardWritesIt) {
  HttpDate date;
  EXPECT_EQ(date.at(784'111'777), "Sun, 06 Nov 1994 08:49:37 GMT");  // RFC 9110, 5.6.7
  EXPECT_EQ(date.at(784'111'777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(date.at(784'111'778), "Sun, 06 Nov 1994 08:49:38 GMT");
  EXPECT_EQ(date.at(0), "Thu, 01 Jan 1970 00:00:00 GMT");
}

}  // namespace
}  // namespace closewait
