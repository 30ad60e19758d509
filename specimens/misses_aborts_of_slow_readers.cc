// Stops watching a connection whose peer does not read, and looks now and then whether the socket's
// buffer has become emptier. After a reset it never does: the kernel's count stays where it was,
// and the descriptor with it. Of this kind:
// https://github.com/skupperproject/skupper-router/issues/477.
#include <linux/sockios.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unordered_map>
#include <vector>

#include "specimens/catalogue.h"

namespace closewait {
namespace {

class MissesAborts : public Skeleton {
  void on_full_buffer(Connection* connection) override {
    watch_no_more(connection);
    connection->interest = EPOLLOUT;  // so the skeleton leaves it as it is
    paused_[connection] = unsent(connection);
  }
  void on_ready(Connection* connection, std::uint32_t events) override {
    // Of one that it does not watch, this is the reset: nobody asked for it.
    if (!paused_.contains(connection)) Skeleton::on_ready(connection, events);
    std::vector<Connection*> emptier;
    for (const auto& [paused, before] : paused_) {
      if (unsent(paused) < before) emptier.push_back(paused);
    }
    for (Connection* each : emptier) {
      paused_.erase(each);
      write_some(each);
    }
  }
  static int unsent(const Connection* connection) {
    int bytes = 0;
    ::ioctl(connection->fd, SIOCOUTQ, &bytes);
    return bytes;
  }

  std::unordered_map<Connection*, int> paused_;
};

}  // namespace

std::unique_ptr<Skeleton> misses_aborts_of_slow_readers() {
  return std::make_unique<MissesAborts>();
}

}  // namespace closewait
