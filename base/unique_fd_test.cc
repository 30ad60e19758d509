#include "base/unique_fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <type_traits>
#include <utility>

namespace closewait {
namespace {

static_assert(!std::is_copy_constructible_v<UniqueFd> && !std::is_copy_assignable_v<UniqueFd>);
static_assert(std::is_nothrow_move_constructible_v<UniqueFd>);

UniqueFd open_null() { return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) != -1; }

TEST(UniqueFd, ClosesInItsDestructor) {
  int number = -1;
  {
    const UniqueFd fd = open_null();
    number = fd.get();
    ASSERT_TRUE(is_open(number));
  }
  EXPECT_FALSE(is_open(number));
}

TEST(UniqueFd, IsEmptyAfterAMoveAndClosesNothing) {
  UniqueFd from = open_null();
  const int number = from.get();
  {
    const UniqueFd to(std::move(from));
    EXPECT_FALSE(from);  // NOLINT: what a moved-from one is belongs to its contract
    EXPECT_EQ(to.get(), number);
    EXPECT_TRUE(is_open(number));
  }
  EXPECT_FALSE(is_open(number));
  EXPECT_EQ(from.get(), -1);
}

TEST(UniqueFd, ClosesWhatItHadWhenAnotherIsMovedIn) {
  UniqueFd fd = open_null();
  const int old = fd.get();
  UniqueFd other = open_null();
  const int kept = other.get();
  fd = std::move(other);
  EXPECT_FALSE(is_open(old));
  EXPECT_TRUE(is_open(kept));
  UniqueFd& same = fd;
  fd = std::move(same);
  EXPECT_TRUE(is_open(kept));
}

TEST(UniqueFd, HandsOverOnRelease) {
  UniqueFd fd = open_null();
  const UniqueFd owner(fd.release());
  fd.reset();
  EXPECT_FALSE(fd);
  EXPECT_TRUE(is_open(owner.get()));
}

TEST(UniqueFd, PreservesErrno) {
  UniqueFd bad(open_null().get());  // closed already: close() fails with EBADF
  errno = ECONNRESET;
  bad.reset();
  EXPECT_EQ(errno, ECONNRESET);
  EXPECT_FALSE(bad);
}

}  // namespace
}  // namespace closewait
