#include "observe/process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <map>

#include "observe/observe_error.h"
#include "observe/test_support.h"

namespace closewait {
namespace {

using testing::ChildProcess;

std::uint64_t inode_of(int fd) {
  struct stat information {};
  return ::fstat(fd, &information) == 0 ? information.st_ino : 0;
}

FdKind kind_of(int fd) { return look_at_fd(::getpid(), fd).value().kind; }

TEST(Process, TellsOfItsNameParentAndThreads) {
  const ChildProcess child([] { ::prctl(PR_SET_NAME, "a) (b c"); });
  ASSERT_TRUE(child.ready());
  const auto stat = read_stat(child.pid());
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->name, "a) (b c");
  EXPECT_EQ(stat->parent, ::getpid());
  // A sanitizer may run a thread of its own.
  const auto tasks = list_numbers("/proc/" + std::to_string(child.pid()) + "/task");
  EXPECT_EQ(stat->threads, tasks.value().size());
}

TEST(Process, CpuTimeGrowsWithWork) {
  const auto before = read_stat(::getpid()).value();
  volatile unsigned sink = 0;
  EXPECT_TRUE(testing::eventually([&] {
    for (unsigned i = 0; i < 1000000; ++i) sink = sink + i;
    const auto now = read_stat(::getpid()).value();
    return now.user_ticks + now.system_ticks >= before.user_ticks + before.system_ticks + 5;
  }));
}

TEST(Process, AnonymousMemoryGrowsWithWhatIsTouched) {
  constexpr std::size_t kBytes = 64U << 20;
  const auto before = read_status(::getpid()).value();
  void* memory = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  const auto after = read_status(::getpid()).value();
  ::munmap(memory, kBytes);
  EXPECT_NEAR(static_cast<double>(after.anon_bytes - before.anon_bytes), kBytes, kBytes / 20.0);
  EXPECT_GE(after.rss_bytes, after.anon_bytes);
  EXPECT_EQ(after.uid, ::geteuid());
}

TEST(Process, CountsDescriptorsExactly) {
  const auto before = count_fds(::getpid()).value();
  std::vector<UniqueFd> more;
  for (int i = 0; i < 100; ++i) more.emplace_back(::eventfd(0, EFD_CLOEXEC));
  EXPECT_EQ(count_fds(::getpid()).value(), before + 100);
  more.resize(30);
  EXPECT_EQ(count_fds(::getpid()).value(), before + 30);
}

TEST(Process, TheCountAgreesWithTheList) {
  const ChildProcess child([] {});
  EXPECT_EQ(list_fds(child.pid()).value().size(), count_fds(child.pid()).value());
}

TEST(Process, TellsDescriptorsApart) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const UniqueFd pipe_in(ends[0]), pipe_out(ends[1]);
  const UniqueFd socket(::socket(AF_INET, SOCK_STREAM, 0));
  const UniqueFd epoll(::epoll_create1(0)), event(::eventfd(0, 0));
  const UniqueFd timer(::timerfd_create(CLOCK_MONOTONIC, 0)), memory(::memfd_create("x", 0));
  sigset_t none;
  sigemptyset(&none);
  const UniqueFd signals(::signalfd(-1, &none, 0)), file(::open("/dev/null", O_RDONLY));
  EXPECT_EQ(kind_of(pipe_in.get()), FdKind::kPipe);
  EXPECT_EQ(kind_of(epoll.get()), FdKind::kEpoll);
  EXPECT_EQ(kind_of(event.get()), FdKind::kEventfd);
  EXPECT_EQ(kind_of(timer.get()), FdKind::kTimerfd);
  EXPECT_EQ(kind_of(signals.get()), FdKind::kSignalfd);
  EXPECT_EQ(kind_of(memory.get()), FdKind::kMemfd);
  EXPECT_EQ(kind_of(file.get()), FdKind::kFile);

  const auto fds = list_fds(::getpid()).value();
  const auto listed = std::find_if(fds.begin(), fds.end(),
                                   [&](const OpenFd& each) { return each.fd == socket.get(); });
  ASSERT_NE(listed, fds.end());
  EXPECT_EQ(listed->link.kind, FdKind::kSocket);
  EXPECT_EQ(listed->link.inode, inode_of(socket.get()));
}

TEST(Process, TellsTheProtocolOfASocketThatIsInNoTable) {
  const UniqueFd v4(::socket(AF_INET, SOCK_STREAM, 0)), v6(::socket(AF_INET6, SOCK_STREAM, 0));
  const UniqueFd local(::socket(AF_UNIX, SOCK_STREAM, 0)), udp(::socket(AF_INET, SOCK_DGRAM, 0));
  EXPECT_EQ(socket_protocol(::getpid(), v4.get()).value(), "TCP");
  EXPECT_EQ(socket_protocol(::getpid(), v6.get()).value(), "TCPv6");
  EXPECT_EQ(socket_protocol(::getpid(), udp.get()).value(), "UDP");
  EXPECT_TRUE(socket_protocol(::getpid(), local.get()).value().starts_with("UNIX"));
  const UniqueFd file(::open("/dev/null", O_RDONLY));
  EXPECT_FALSE(socket_protocol(::getpid(), file.get()));
}

TEST(Process, SeesRegistrationsThatOutliveTheirDescriptor) {
  const UniqueFd epoll(::epoll_create1(0)), event(::eventfd(0, 0)), other(::eventfd(0, 0));
  UniqueFd gone(::dup(event.get()));
  const int number = gone.get();
  epoll_event wanted{EPOLLIN, {.u64 = 0xfeed}};
  ASSERT_EQ(::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, number, &wanted), 0);
  ASSERT_EQ(::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, other.get(), &wanted), 0);
  gone.reset();
  const auto entries = read_epoll_entries(::getpid(), epoll.get());
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 2U);
  const auto ghost = std::find_if(entries->begin(), entries->end(),
                                  [&](const EpollEntry& each) { return each.tfd == number; });
  ASSERT_NE(ghost, entries->end());
  EXPECT_EQ(ghost->data, 0xfeedU);
  EXPECT_EQ(ghost->inode, inode_of(event.get()));
}

TEST(Process, ReadsLongFilesWhole) {
  const UniqueFd epoll(::epoll_create1(0));
  std::vector<UniqueFd> events;
  for (int i = 0; i < 800; ++i) {
    events.emplace_back(::eventfd(0, 0));
    epoll_event wanted{EPOLLIN, {}};
    ASSERT_EQ(::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, events.back().get(), &wanted), 0);
  }
  EXPECT_EQ(read_epoll_entries(::getpid(), epoll.get()).value().size(), 800U);
}

TEST(Process, AnEndIsAValueAtEveryLook) {
  ChildProcess child([] {});
  const pid_t pid = child.pid();
  child.kill_now();
  ASSERT_TRUE(testing::eventually([&] { return read_stat(pid).value().has_ended(); }));
  const auto of_zombie = count_fds(pid);
  EXPECT_TRUE(!of_zombie || *of_zombie == 0U);
  child.reap();
  const error_code ended = ObserveError::kProcessEnded;
  EXPECT_EQ(read_stat(pid).error(), ended);
  EXPECT_EQ(read_status(pid).error(), ended);
  EXPECT_EQ(count_fds(pid).error(), ended);
  EXPECT_EQ(list_fds(pid).error(), ended);
  EXPECT_EQ(look_at_fd(pid, 0).error(), ended);
  EXPECT_EQ(read_epoll_entries(pid, 0).error(), ended);
  EXPECT_EQ(socket_protocol(pid, 0).error(), ended);
  EXPECT_EQ(network_namespace(pid).error(), ended);
}

#ifdef __SANITIZE_ADDRESS__
constexpr bool kKeepsFreed = true;
#else
constexpr bool kKeepsFreed = false;
#endif

TEST(Process, TheLimitOfOpenFilesIsItsOwn) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const auto seen = open_files_limit(::getpid());
  ASSERT_TRUE(seen) << describe(seen.error());
  EXPECT_EQ(*seen, limit.rlim_cur);
}

TEST(Process, AddressSanitizerIsSeenFromOutside) {
  const auto kept = quarantine_bytes(::getpid());
  ASSERT_TRUE(kept) << describe(kept.error());
  EXPECT_EQ(*kept > 0, kKeepsFreed);
}

TEST(Process, AMissingRightSaysWhatToGrant) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to look as another user";
  const pid_t target = ::getpid();
  const pid_t other = ::fork();
  ASSERT_GE(other, 0);
  if (other == 0) {
    constexpr uid_t kNobody = 65534;
    if (::setresuid(kNobody, kNobody, kNobody) != 0) ::_exit(10);
    const auto fds = list_fds(target);
    if (fds || fds.error() != ObserveError::kNotPermitted) ::_exit(11);
    if (describe(fds.error()).find("CAP_SYS_PTRACE") == std::string::npos) ::_exit(12);
    if (!read_stat(target) || !read_status(target)) ::_exit(13);  // everybody may
    if (!count_fds(target)) ::_exit(14);
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(other, &status, 0), other);
  EXPECT_EQ(status, 0) << "exit status " << WEXITSTATUS(status);
}

}  // namespace
}  // namespace closewait
