// A server that stands still: closed clients would stand still with it, ask nothing, and call it
// fast. Here it is frozen for one second in ten, and the latencies are held against arithmetic.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "record/journal.h"
#include "tests/rig_run.h"

namespace closewait {
namespace {

using testing::Ended;
using testing::eventually;
using testing::Program;

constexpr double kRate = 100;    // a second of it is far below the backlog of the server
constexpr double kSeconds = 10;  // of storm
constexpr double kTolerance = 0.02;
constexpr double kHistogramError = 0.01;

class Frozen : public testing::RigRun {
 protected:
  [[nodiscard]] std::string scenario() const {
    return write("frozen.yaml",
                 fmt::format("name: frozen\n"
                             "seed: 1\n"
                             "target: {{start: closewait-server --service http --listen "
                             "127.0.0.1:0}}\n"
                             "load: {{arrivals: even}}\n"
                             "cycle:\n"
                             "  - {{name: storm, for: {}s, rate: {}/s, clients: {{polite: 1}}}}\n"
                             "  - {{name: rest, settle: 1s, quiet: 200ms}}\n",
                             kSeconds, kRate));
  }
  [[nodiscard]] bool is_stopped() const {
    const std::string stat = testing::text_of(fmt::format("/proc/{}/stat", target_pid()));
    return stat.find(") T ") != std::string::npos;
  }
  // A client of the test's own, whose request waits in the backlog behind those of the rig.
  [[nodiscard]] UniqueFd ask() const {
    const auto read = read_run(record());
    const auto target = SocketAddress::parse(read->run.header.target_address);
    UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(client.get(), target->data(), target->size()), 0);
    constexpr std::string_view kRequest = "GET /bytes/1 HTTP/1.1\r\nHost: x\r\n\r\n";
    EXPECT_EQ(::send(client.get(), kRequest.data(), kRequest.size(), 0),
              static_cast<ssize_t>(kRequest.size()));
    return client;
  }
};

bool is_answered(const UniqueFd& client) {
  constexpr int kPatience = 30'000;
  pollfd wait{client.get(), POLLIN, 0};
  return ::poll(&wait, 1, kPatience) == 1;
}

// How long it stood still, as seen from here: at least from when it was seen stopped to the signal
// that woke it, at most from the signal that stopped it until the last who waited had an answer.
struct Freeze {
  double least = 0;
  double most = 0;
};

TEST_F(Frozen, TheLatenciesAreThoseOfArithmetic) {
  const auto rig = start_run({scenario()});
  ASSERT_TRUE(storm_began()) << rig->errors();
  const pid_t target = target_pid();
  ASSERT_GT(target, 1);

  const Instant stopping = Clock::now();
  ::kill(target, SIGSTOP);
  ASSERT_TRUE(eventually([&] { return is_stopped(); }));
  const Instant stopped = Clock::now();
  EXPECT_FALSE(rig->wait(std::chrono::seconds(1))) << "the rig does not outlive the freeze";
  const UniqueFd last = ask();
  const Instant waking = Clock::now();
  ::kill(target, SIGCONT);
  ASSERT_TRUE(is_answered(last));
  const Instant awake = Clock::now();
  const Freeze freeze{to_seconds(waking - stopped), to_seconds(awake - stopping)};

  const Ended ended = finish(*rig);
  ASSERT_EQ(ended.status, 0) << ended.output << ended.errors;
  const auto& clients = ended.result["clients"]["polite"];
  EXPECT_EQ(clients["planned"], kRate * kSeconds);
  EXPECT_EQ(clients["delivered"], kRate * kSeconds) << clients.dump(2);

  // Who came first waited for all of it; the others for what was left, each one a gap less than
  // the one before. So the p99 is that of the client with a hundredth of all before it.
  constexpr double kGap = 1 / kRate;
  constexpr double kBefore = 0.01 * kRate * kSeconds * kGap;
  const auto& response = ended.result["latency"]["polite"]["response"];
  const double max = response["max"];
  const double p99 = response["p99"];
  const std::string seen = fmt::format("frozen for {:.4f}s to {:.4f}s, max {:.4f}s, p99 {:.4f}s",
                                       freeze.least, freeze.most, max, p99);
  RecordProperty("seen", seen);
  EXPECT_GE(max, (freeze.least - kGap) * (1 - kTolerance)) << seen;
  EXPECT_LE(max, freeze.most * (1 + kTolerance)) << seen;
  constexpr double kOfP99 = kTolerance + kHistogramError;
  EXPECT_GE(p99, (freeze.least - kBefore - kGap) * (1 - kOfP99)) << seen;
  EXPECT_LE(p99, (freeze.most - kBefore + kGap) * (1 + kOfP99)) << seen;
}

}  // namespace
}  // namespace closewait
