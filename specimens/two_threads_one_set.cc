// Two threads wait on one epoll set, and connections are watched without EPOLLONESHOT: both are
// told of the same reset. One tears the connection down; the other has a pointer to it. A lock
// around each event does not help, as the pointer was taken before it. Of this kind:
// https://github.com/davidmoreno/onion/issues/116, karlseguin/http.zig pull request 216.
#include <mutex>
#include <thread>

#include "specimens/catalogue.h"

namespace closewait {
namespace {

class TwoThreadsOneSet : public Skeleton {
  void on_accepted(Connection*) override {
    if (second_.joinable()) return;
    second_ = std::thread([this] { run(); });
  }
  void on_ready(Connection* connection, std::uint32_t events) override {
    const std::lock_guard lock(mutex_);
    Skeleton::on_ready(connection, events);
  }

  std::mutex mutex_;
  std::thread second_;
};

}  // namespace

std::unique_ptr<Skeleton> two_threads_one_set() { return std::make_unique<TwoThreadsOneSet>(); }

}  // namespace closewait
