#include "observe/process_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <memory>
#include <thread>

#include "observe/test_support.h"

namespace closewait {
namespace {

using ::testing::AllOf;
using testing::ChildProcess;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

std::uint64_t inode_of(const UniqueFd& fd) {
  struct stat information {};
  return ::fstat(fd.get(), &information) == 0 ? information.st_ino : 0;
}

TEST(ProcessTree, FindsChildrenOfChildrenEachOnce) {
  // The grandchild ends with its parent.
  const ChildProcess child([] {
    static std::unique_ptr<ChildProcess> grandchild;
    grandchild = std::make_unique<ChildProcess>([] { ::prctl(PR_SET_PDEATHSIG, SIGKILL); });
  });
  const auto below = children_of(child.pid());
  ASSERT_EQ(below.size(), 1U);
  EXPECT_THAT(children_of(::getpid()), AllOf(Contains(child.pid()), Not(Contains(below[0]))));
  EXPECT_THAT(with_descendants({child.pid()}), ElementsAre(child.pid(), below[0]));
  EXPECT_THAT(with_descendants({child.pid(), below[0]}), ElementsAre(child.pid(), below[0]));
}

TEST(ProcessTree, FindsTheChildOfAnyThread) {
  std::thread([] {
    const ChildProcess child([] {});
    EXPECT_THAT(children_of(::getpid()), Contains(child.pid()));
  }).join();
}

TEST(ProcessTree, AZombieIsNobody) {
  ChildProcess child([] {});
  child.kill_now();
  EXPECT_TRUE(testing::eventually([&] { return with_descendants({child.pid()}).empty(); }));
  EXPECT_THAT(children_of(::getpid()), Not(Contains(child.pid())));
  EXPECT_THAT(children_of(child.pid()), IsEmpty());
}

TEST(ProcessTree, FindsWhoHoldsASocket) {
  auto socket = testing::listen_on("127.0.0.1");
  const auto inode = inode_of(socket);
  const ChildProcess heir([] {});
  EXPECT_THAT(holders_of({inode}).pids, ::testing::UnorderedElementsAre(::getpid(), heir.pid()));
  socket.reset();
  EXPECT_THAT(holders_of({inode}).pids, ElementsAre(heir.pid()));
  EXPECT_TRUE(socket_inodes_of({heir.pid()}).value().contains(inode));
  EXPECT_FALSE(socket_inodes_of({::getpid()}).value().contains(inode));
}

TEST(ProcessTree, ZombiesAreCountedAndAreNoChildren) {
  ChildProcess child([] {});
  ASSERT_TRUE(child.ready());
  const std::uint64_t before = count_zombies({::getpid()});
  child.kill_now();
  EXPECT_TRUE(testing::eventually([&] { return count_zombies({::getpid()}) == before + 1; }));
  EXPECT_THAT(children_of(::getpid()), Not(Contains(child.pid())));
  child.reap();
  EXPECT_EQ(count_zombies({::getpid()}), before);
}

}  // namespace
}  // namespace closewait
