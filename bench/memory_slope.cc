#include "bench/memory_slope.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"
#include "bench/echo_load.h"

namespace closewait {
namespace {

constexpr int kConnections = 15'000;
constexpr int kStep = 1'000;
constexpr Nanoseconds kPatience = std::chrono::seconds(10);

void ask_once(int fd) {
  constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nHost: bench\r\n\r\n";
  std::array<char, 4096> answer;
  if (::send(fd, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) < 0 ||
      ::recv(fd, answer.data(), answer.size(), 0) <= 0) {
    throw SetupError("memory: no answer");
  }
}

// connect() returns before the server accepts.
void wait_until_accepted(const ServerProcess& server, std::size_t descriptors) {
  const Instant end = Clock::now() + kPatience;
  while (server.descriptors() < descriptors) {
    if (Clock::now() > end) throw SetupError("memory: not all connections are accepted after 10s");
    static_cast<void>(::poll(nullptr, 0, 10));
  }
}

// With the least that is seen for a while: the connection by which its start was noticed may not be
// closed yet.
std::size_t descriptors_at_rest(const ServerProcess& server) {
  std::size_t least = server.descriptors();
  for (int i = 0; i < 20; ++i) {
    static_cast<void>(::poll(nullptr, 0, 10));
    least = std::min(least, server.descriptors());
  }
  return least;
}

}  // namespace

double slope_of(const std::vector<double>& xs, const std::vector<double>& ys) {
  const auto count = static_cast<double>(xs.size());
  double x_sum = 0;
  double y_sum = 0;
  double xx_sum = 0;
  double xy_sum = 0;
  for (std::size_t i = 0; i < xs.size(); ++i) {
    x_sum += xs[i];
    y_sum += ys[i];
    xx_sum += xs[i] * xs[i];
    xy_sum += xs[i] * ys[i];
  }
  return (count * xy_sum - x_sum * y_sum) / (count * xx_sum - x_sum * x_sum);
}

MemorySlope memory_slope(const ServerProcess& server, bool ask) {
  const std::size_t before = descriptors_at_rest(server);
  std::vector<UniqueFd> open;
  std::vector<double> counts{0};
  std::vector<double> bytes{static_cast<double>(server.own_memory())};
  while (open.size() < kConnections) {
    std::vector<UniqueFd> more = connect_many(server.address(), kStep);
    for (const UniqueFd& fd : more) {
      if (ask) ask_once(fd.get());
    }
    std::ranges::move(more, std::back_inserter(open));
    wait_until_accepted(server, before + open.size());
    counts.push_back(static_cast<double>(open.size()));
    bytes.push_back(static_cast<double>(server.own_memory()));
  }
  return {.bytes_each = slope_of(counts, bytes),
          .connections = kConnections,
          .first = bytes.front(),
          .last = bytes.back()};
}

}  // namespace closewait
