#include "rig/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <iterator>

#include "base/error.h"

namespace closewait {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using ::testing::ThrowsMessage;

constexpr Nanoseconds kDeadline = std::chrono::seconds(20);

template <class Condition>
bool eventually(Condition condition) {
  const Instant deadline = Clock::now() + kDeadline;
  while (!condition() && Clock::now() < deadline) ::poll(nullptr, 0, 5);
  return condition();
}

// Gone, or dead and waiting for whoever inherited it to look.
bool is_gone(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  const std::string stat{std::istreambuf_iterator<char>(file), {}};
  const auto name_end = stat.rfind(") ");
  return name_end == std::string::npos || stat[name_end + 2] == 'Z' || stat[name_end + 2] == 'X';
}

class ChildTest : public ::testing::Test {
 protected:
  ChildTest() {
    std::string name = ::testing::TempDir() + "closewait-child-XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  ~ChildTest() override { std::filesystem::remove_all(folder_); }

  // A shell that does this.
  [[nodiscard]] Child::Setup shell(const std::string& script) const {
    return {.command = {"sh", "-c", script}, .log = log()};
  }
  [[nodiscard]] std::filesystem::path log() const { return folder_ / "target.log"; }
  [[nodiscard]] static std::string text_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // A process id that the child writes into a file.
  [[nodiscard]] pid_t pid_in(const char* name) const {
    (void)eventually([&] { return text_of(folder_ / name).ends_with('\n'); });
    return std::stoi("0" + text_of(folder_ / name));
  }

  std::filesystem::path folder_;
};

TEST_F(ChildTest, TellsItsExitStatus) {
  Child child(shell("exit 7"));
  pollfd wait{child.pidfd(), POLLIN, 0};
  EXPECT_EQ(::poll(&wait, 1, 20'000), 1);
  ASSERT_TRUE(child.status());
  EXPECT_EQ(WEXITSTATUS(*child.status()), 7);
  EXPECT_TRUE(WIFEXITED(*child.status()));
}

TEST_F(ChildTest, TellsTheSignalThatEndedIt) {
  Child child(shell("kill -SEGV $$"));
  ASSERT_TRUE(eventually([&] { return child.status().has_value(); }));
  EXPECT_EQ(WTERMSIG(*child.status()), SIGSEGV);
}

TEST_F(ChildTest, HasNoStatusWhileItLives) {
  Child child(shell("exec sleep 1000"));
  EXPECT_FALSE(child.status());
  pollfd wait{child.pidfd(), POLLIN, 0};
  EXPECT_EQ(::poll(&wait, 1, 0), 0);
}

TEST_F(ChildTest, ItsOutputIsInTheLog) {
  {
    Child child(shell("echo out; echo err >&2; cat"));  // its input is empty: cat ends
    ASSERT_TRUE(eventually([&] { return child.status().has_value(); }));
  }
  EXPECT_EQ(text_of(log()), "out\nerr\n");
}

TEST_F(ChildTest, TheLogTailHasTheLastWords) {
  // Often enough that a tail read too early would show.
  for (int i = 0; i < 20; ++i) {
    Child child(shell("for i in 1 2 3 4 5; do echo line $i; done; printf 'no newline'; exit 1"));
    ASSERT_TRUE(eventually([&] { return child.status().has_value(); }));
    ASSERT_THAT(child.log_tail(3), ElementsAre("line 4", "line 5", "no newline"));
  }
}

TEST_F(ChildTest, TheLogTailOfASilentChildIsEmpty) {
  Child child(shell("exec sleep 1000"));
  EXPECT_THAT(child.log_tail(5), IsEmpty());
}

TEST_F(ChildTest, TheLogIsCappedAndTheChildIsNotHeldUp) {
  constexpr std::uintmax_t kCap = 16 * 1024 * 1024;
  {
    Child child(shell("head -c 20000000 /dev/zero; exit 3"));
    ASSERT_TRUE(eventually([&] { return child.status().has_value(); }));
    EXPECT_EQ(WEXITSTATUS(*child.status()), 3);
  }
  EXPECT_GE(std::filesystem::file_size(log()), kCap);
  EXPECT_LT(std::filesystem::file_size(log()), kCap + 100);
  EXPECT_THAT(text_of(log()).substr(kCap), EndsWith("[the log is capped here]\n"));
}

TEST_F(ChildTest, TheWholeGroupEnds) {
  pid_t shell_pid = -1;
  pid_t grandchild = -1;
  {
    // The shell ends at SIGTERM, what it started does not.
    Child child(
        shell(fmt::format("sh -c 'trap \"\" TERM; echo $$ > {0}/pid; while :; do sleep 1; "
                          "done' & wait",
                          folder_.string())));
    shell_pid = child.pid();
    grandchild = pid_in("pid");
    ASSERT_GT(grandchild, 1);
    ASSERT_FALSE(is_gone(grandchild));
  }
  EXPECT_TRUE(is_gone(shell_pid));
  EXPECT_TRUE(eventually([&] { return is_gone(grandchild); }));
}

TEST_F(ChildTest, OneThatIgnoresSigtermIsKilled) {
  pid_t pid = -1;
  {
    Child child(shell(fmt::format("trap '' TERM; echo $$ > {}/pid; while :; do sleep 1; done",
                                  folder_.string())));
    pid = pid_in("pid");
    ASSERT_EQ(pid, child.pid());
  }
  EXPECT_TRUE(is_gone(pid));
}

TEST_F(ChildTest, OneThatIsKeptGoesOnAndMayWrite) {
  Child::Setup setup = shell(
      fmt::format("while [ ! -e {0}/go ]; do sleep 0.02; done; echo still here; echo $$ > {0}/pid; "
                  "exec sleep 1000",
                  folder_.string()));
  setup.keep = true;
  pid_t pid = -1;
  {
    const Child child(setup);
    pid = child.pid();
  }
  EXPECT_FALSE(is_gone(pid));
  std::ofstream(folder_ / "go") << "now";
  EXPECT_EQ(pid_in("pid"), pid);  // it wrote, and was not ended by that
  EXPECT_FALSE(is_gone(pid));
  EXPECT_EQ(text_of(log()), "still here\n");
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
}

TEST_F(ChildTest, AMissingProgramSaysSo) {
  const auto start = [&](const std::string& name) {
    return [this, name] { const Child child({.command = {name, "--x"}, .log = log()}); };
  };
  EXPECT_THAT(
      start("no-such-program"),
      ThrowsMessage<SetupError>(StartsWith("cannot start 'no-such-program': No such file")));
  EXPECT_THAT(start("/dev/null"),
              ThrowsMessage<SetupError>(AllOf(HasSubstr("/dev/null"), HasSubstr("EACCES"))));
}

TEST_F(ChildTest, AnUnwritableLogSaysSo) {
  const auto start = [&] {
    const Child child({.command = {"true"}, .log = folder_ / "missing" / "target.log"});
  };
  EXPECT_THAT(start, ThrowsMessage<SetupError>(HasSubstr("missing/target.log: No such file")));
}

TEST_F(ChildTest, NoDescriptorOfTheRigReachesIt) {
  ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);  // what this program itself was given
  Child child(shell("ls /proc/self/fd | wc -l"));
  ASSERT_TRUE(eventually([&] { return child.status().has_value(); }));
  EXPECT_THAT(child.log_tail(1), ElementsAre("4"));  // 0, 1, 2 and the directory that ls reads
}

TEST_F(ChildTest, DiesWhenItsOwnerIsKilled) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const UniqueFd read(ends[0]);
  UniqueFd write(ends[1]);
  const pid_t owner = ::fork();
  if (owner == 0) {
    const Child child(shell("exec sleep 1000"));
    const pid_t pid = child.pid();
    static_cast<void>(!::write(write.get(), &pid, sizeof(pid)));
    while (true) ::pause();
  }
  pid_t pid = -1;
  ASSERT_EQ(::read(read.get(), &pid, sizeof(pid)), static_cast<ssize_t>(sizeof(pid)));
  EXPECT_FALSE(is_gone(pid));
  ::kill(owner, SIGKILL);
  ::waitpid(owner, nullptr, 0);
  EXPECT_TRUE(eventually([&] { return is_gone(pid); }));
}

}  // namespace
}  // namespace closewait
