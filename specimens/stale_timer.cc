// Ends a connection that was idle for a second, by the number of its descriptor, and forgets to
// take the timer back when the connection was reset. It ends whoever has the number by then. Of
// this kind: https://github.com/Qihoo360/pink/pull/14, where it was a map that was not cleared.
#include <sys/socket.h>
#include <chrono>
#include <map>
#include <unordered_map>

#include "specimens/catalogue.h"

namespace closewait {
namespace {

class StaleTimer : public Skeleton {
  using Clock = std::chrono::steady_clock;
  struct Timer {
    int fd = -1;
    Connection* owner = nullptr;
  };
  using Timers = std::multimap<Clock::time_point, Timer>;

  void on_accepted(Connection* connection) override { start(connection); }
  void on_ready(Connection* connection, std::uint32_t events) override {
    stop(connection);
    start(connection);
    Skeleton::on_ready(connection, events);
    for (const auto now = Clock::now(); !due_.empty() && due_.begin()->first < now;) {
      const Timer timer = due_.begin()->second;
      due_.erase(due_.begin());
      timer_of_.erase(timer.owner);
      ::shutdown(timer.fd, SHUT_RDWR);
    }
  }
  void on_end(Connection* connection) override {
    stop(connection);
    destroy(connection);
  }
  void on_failure(Connection* connection, int) override {
    timer_of_.erase(connection);
    destroy(connection);
  }

  void start(Connection* connection) {
    const Timer timer{.fd = connection->fd, .owner = connection};
    timer_of_[connection] = due_.emplace(Clock::now() + std::chrono::seconds(1), timer);
  }
  void stop(Connection* connection) {
    const auto timer = timer_of_.find(connection);
    if (timer == timer_of_.end()) return;
    due_.erase(timer->second);
    timer_of_.erase(timer);
  }

  Timers due_;
  std::unordered_map<Connection*, Timers::iterator> timer_of_;
};

}  // namespace

std::unique_ptr<Skeleton> stale_timer() { return std::make_unique<StaleTimer>(); }

}  // namespace closewait
