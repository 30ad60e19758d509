#include "metrics/process_metrics.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <prometheus/text_serializer.h>
#include <sys/resource.h>
#include <time.h>

#include <future>
#include <thread>
#include <vector>

#include "base/unique_fd.h"
#include "metrics/documented_for_tests.h"
#include "metrics/scrape_for_tests.h"

namespace closewait {
namespace {

std::string text_now(const MetricLabels& labels = {}) {
  return prometheus::TextSerializer().Serialize(process_families(labels));
}

double now(const std::string& name) { return value_of(text_now(), name); }

TEST(ProcessMetrics, AreThoseDocumented) {
  EXPECT_EQ(exported(text_now()), documented("Both programs"));
  MetricShapes with_run = documented("Both programs");
  for (auto& [name, shape] : with_run) shape.labels.insert("run");
  EXPECT_EQ(exported(text_now({{"run", "nightly"}})), with_run);
}

TEST(ProcessMetrics, CountDescriptorsAndTheirLimit) {
  const double before = now("process_open_fds");
  int open = 0;
  for (int fd = 0; fd < 1000; ++fd) open += ::fcntl(fd, F_GETFD) != -1 ? 1 : 0;
  EXPECT_EQ(before, open);
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

TEST(ProcessMetrics, LeaveOutWhatCannotBeReadWithoutADescriptor) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlimit none{.rlim_cur = 0, .rlim_max = limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const std::string text = text_now();
  ::setrlimit(RLIMIT_NOFILE, &limit);
  const MetricShapes left = exported(text);
  EXPECT_TRUE(left.contains("process_cpu_seconds_total"));
  EXPECT_TRUE(left.contains("process_max_fds"));
  EXPECT_EQ(left.size(), 2U) << text;
}

}  // namespace
}  // namespace closewait
