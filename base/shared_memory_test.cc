#include "base/shared_memory.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

#include "base/error.h"

namespace closewait {
namespace {

TEST(SharedMemory, IsOneForAForkedProcessAndItsParent) {
  SharedMemory made(2 * sizeof(std::uint64_t));
  const SharedMemory memory = std::move(made);
  auto* numbers = static_cast<volatile std::uint64_t*>(memory.data());
  EXPECT_EQ(numbers[0], 0U);
  numbers[0] = 4711;
  const pid_t child = ::fork();
  if (child == 0) {
    numbers[1] = numbers[0] + 1;
    ::_exit(0);
  }
  ASSERT_GT(child, 0);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_EQ(numbers[1], 4712U);
}

TEST(SharedMemory, IsRefusedWithAReason) {
  EXPECT_THROW(SharedMemory(std::size_t{1} << 62), SetupError);
}

}  // namespace
}  // namespace closewait
