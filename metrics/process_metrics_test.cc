#include "metrics/process_metrics.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <prometheus/text_serializer.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <future>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/unique_fd.h"
#include "metrics/documented_for_tests.h"
#include "metrics/scrape_for_tests.h"

namespace closewait {
namespace {

using Pids = std::vector<pid_t>;

std::string text_of(const MetricFamilies& families) {
  return prometheus::TextSerializer().Serialize(families);
}
std::string text_now(const MetricLabels& labels = {}) { return text_of(process_families(labels)); }
std::string text_with(const Pids& children) { return text_of(process_families_with(children)); }

double now(const std::string& name) { return value_of(text_now(), name); }
double now(const std::string& name, const Pids& children) {
  return value_of(text_with(children), name);
}

int open_descriptors() {
  int open = 0;
  for (int fd = 0; fd < 1000; ++fd) open += ::fcntl(fd, F_GETFD) != -1 ? 1 : 0;
  return open;
}

double cpu_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// "Threads:\t1", "VmRSS:\t  4096 kB"; without the unit.
double in_status(pid_t pid, const std::string& name) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name + ":")) return std::stod(line.substr(name.size() + 1));
  }
  ADD_FAILURE() << "no " << name << " of " << pid;
  return 0;
}

// A child process that has used some of everything and waits to be ended. It has what this process
// has open, and ten descriptors more.
class Child {
 public:
  static constexpr int kLimit = 777;
  static constexpr double kCpuSeconds = 0.1;
  static constexpr std::size_t kBytes = 64 << 20;

  Child() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    const UniqueFd told(ends[0]);
    UniqueFd tell(ends[1]);
    pid_ = ::fork();
    if (pid_ < 0) throw std::system_error(last_error(), "fork");  // never kill(-1, ...)
    if (pid_ == 0) use_and_wait(tell.get());
    tell.reset();
    EXPECT_EQ(::read(told.get(), &descriptors_, sizeof descriptors_),
              static_cast<ssize_t>(sizeof descriptors_));
  }
  ~Child() { reap(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] int descriptors() const { return descriptors_; }  // that it has open
  // Leaves a zombie.
  void end() {
    ::kill(pid_, SIGKILL);
    siginfo_t info{};
    EXPECT_EQ(::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT), 0);
  }
  void reap() {
    if (reaped_) return;
    end();
    reaped_ = ::waitpid(pid_, nullptr, 0) == pid_;
  }

 private:
  [[noreturn]] static void use_and_wait(int tell) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // when the test fails badly
    std::vector<UniqueFd> more;
    for (int i = 0; i < 10; ++i) more.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = kLimit;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    const int how = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE;
    const bool has = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, how, -1, 0) != MAP_FAILED;
    while (cpu_seconds() < kCpuSeconds) continue;
    const int open = open_descriptors();
    if (!has || ::write(tell, &open, sizeof open) != sizeof open) ::_exit(1);
    while (true) ::pause();
  }

  pid_t pid_ = -1;
  int descriptors_ = 0;
  bool reaped_ = false;
};

TEST(ProcessMetrics, AreThoseDocumented) {
  EXPECT_EQ(exported(text_now()), documented("Both programs"));
  MetricShapes with_run = documented("Both programs");
  for (auto& [name, shape] : with_run) shape.labels.insert("run");
  EXPECT_EQ(exported(text_now({{"run", "nightly"}})), with_run);
}

TEST(ProcessMetrics, CountDescriptorsAndTheirLimit) {
  const double before = now("process_open_fds");
  EXPECT_EQ(before, open_descriptors());
  std::vector<UniqueFd> more;
  for (int i = 0; i < 10; ++i) more.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(now("process_open_fds"), before + 10);
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  EXPECT_EQ(now("process_max_fds"), static_cast<double>(limit.rlim_cur));
}

TEST(ProcessMetrics, CountThreads) {
  const double before = now("process_threads");
  std::promise<void> enough;
  std::jthread thread([waits = enough.get_future()] { waits.wait(); });
  EXPECT_EQ(now("process_threads"), before + 1);
  enough.set_value();
}

TEST(ProcessMetrics, SeeMemoryAndCpuBeingUsed) {
  constexpr std::size_t kBytes = 64 << 20;
  const double resident = now("process_resident_memory_bytes");
  const double cpu = now("process_cpu_seconds_total");
  const std::vector<char> memory(kBytes, 'x');
  EXPECT_GT(now("process_resident_memory_bytes"), resident + kBytes / 2.0) << memory.back();
  EXPECT_GT(now("process_virtual_memory_bytes"), now("process_resident_memory_bytes"));
  EXPECT_GT(now("process_cpu_seconds_total"), cpu);
}

TEST(ProcessMetrics, KnowWhenTheProcessStarted) {
  timespec time{};
  ::clock_gettime(CLOCK_REALTIME, &time);
  const double start = now("process_start_time_seconds");
  EXPECT_LE(start, static_cast<double>(time.tv_sec) + 1);
  EXPECT_GT(start, static_cast<double>(time.tv_sec) - 120) << "a test does not run for so long";
  EXPECT_EQ(now("process_start_time_seconds"), start);
}

TEST(ProcessMetrics, AddUpOverChildren) {
  const Child one;
  const Child other;
  const Pids both{one.pid(), other.pid()};
  EXPECT_EQ(now("process_open_fds", both),
            open_descriptors() + one.descriptors() + other.descriptors());
  EXPECT_EQ(now("process_max_fds", both), now("process_max_fds") + 2 * Child::kLimit);
  EXPECT_EQ(now("process_threads", both), now("process_threads") + in_status(one.pid(), "Threads") +
                                              in_status(other.pid(), "Threads"));
  EXPECT_EQ(now("process_start_time_seconds", both), now("process_start_time_seconds"));
  constexpr double kSlack = 16 << 20;  // this process goes on using memory
  for (const auto& [name, field] : {std::pair("process_resident_memory_bytes", "VmRSS"),
                                    std::pair("process_virtual_memory_bytes", "VmSize")}) {
    const double theirs = 1024 * (in_status(one.pid(), field) + in_status(other.pid(), field));
    EXPECT_GT(theirs, 2.0 * Child::kBytes);
    EXPECT_NEAR(now(name, both), now(name) + theirs, kSlack);
  }
  const double alone = now("process_cpu_seconds_total");
  EXPECT_GE(now("process_cpu_seconds_total", both), alone + 2 * Child::kCpuSeconds);
}

TEST(ProcessMetrics, LeaveOutOfTheSumWhoHasEnded) {
  Child ending;
  const Child lasting;
  const auto expect_without_it = [&] {
    const std::string text = text_with({ending.pid(), lasting.pid()});
    EXPECT_EQ(exported(text), documented("Both programs"));
    EXPECT_EQ(value_of(text, "process_open_fds"), open_descriptors() + lasting.descriptors());
    EXPECT_NEAR(value_of(text, "process_resident_memory_bytes"),
                now("process_resident_memory_bytes", {lasting.pid()}), Child::kBytes / 4.0);
  };
  ending.end();
  expect_without_it();
  ending.reap();
  expect_without_it();
  EXPECT_EQ(now("process_max_fds", {ending.pid()}), now("process_max_fds"));
}

TEST(ProcessMetrics, TheCpuTimeOfAChildDoesNotEndWithIt) {
  constexpr const char* kCpu = "process_cpu_seconds_total";
  Child child;
  const double before = now(kCpu, {child.pid()});
  child.end();
  child.reap();
  EXPECT_GE(now(kCpu, Pids{}), before);
  EXPECT_LT(now(kCpu), before - Child::kCpuSeconds / 2) << "of this process alone";
}

TEST(ProcessMetrics, LeaveOutWhatCannotBeReadWithoutADescriptor) {
  const Child other;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlimit none{.rlim_cur = 0, .rlim_max = limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const std::string text = text_with({other.pid()});
  ::setrlimit(RLIMIT_NOFILE, &limit);
  const MetricShapes left = exported(text);
  EXPECT_TRUE(left.contains("process_cpu_seconds_total"));
  EXPECT_TRUE(left.contains("process_max_fds"));
  EXPECT_EQ(left.size(), 2U) << text;
}

}  // namespace
}  // namespace closewait
