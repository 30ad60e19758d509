#include "base/error.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <boost/asio/error.hpp>
#include <cerrno>

namespace closewait {
namespace {

TEST(Error, IsWhatTheKernelSaid) {
  ASSERT_EQ(::open("/nowhere/at/all", O_RDONLY | O_CLOEXEC), -1);
  const error_code error = last_error();
  EXPECT_EQ(error, boost::system::errc::no_such_file_or_directory);
  EXPECT_EQ(describe(error), "No such file or directory (ENOENT)");
}

TEST(Error, IsNoErrorWhenNothingFailed) { EXPECT_FALSE(errno_error(0)); }

TEST(Error, HasASymbolicNameOrItsNumber) {
  EXPECT_EQ(errno_name(ECONNREFUSED), "ECONNREFUSED");
  EXPECT_EQ(errno_name(4711), "errno 4711");
}

TEST(Error, NamesGenericErrorsToo) {
  const auto error = boost::system::errc::make_error_code(boost::system::errc::invalid_argument);
  EXPECT_EQ(describe(error), "Invalid argument (EINVAL)");
}

TEST(Error, LeavesOtherCategoriesTheirOwnWords) {
  // End of file is 2 in Asio's own category, and no ENOENT.
  const error_code end = boost::asio::error::eof;
  EXPECT_EQ(describe(end), end.message());
}

}  // namespace
}  // namespace closewait
