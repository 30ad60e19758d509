// A reset is reported to the loop by an eventfd, so that it is logged outside of the handler. The
// number in it is never read: from the first reset on epoll_wait returns at once, for ever, with no
// connection left.
// Of this kind: https://github.com/xapi-project/xenopsd/pull/391, where it was a pipe.
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "specimens/catalogue.h"

namespace closewait {
namespace {

class WakeupNeverRead : public Skeleton {
  void on_failure(Connection* connection, int) override {
    destroy(connection);
    if (wakeup_ == nullptr) {
      wakeup_ = new Connection;
      wakeup_->fd = ::eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
      watch(wakeup_, EPOLLIN);
    }
  }
  void on_ready(Connection* connection, std::uint32_t events) override {
    if (connection != wakeup_) Skeleton::on_ready(connection, events);
  }

  Connection* wakeup_ = nullptr;
};

}  // namespace

std::unique_ptr<Skeleton> wakeup_never_read() { return std::make_unique<WakeupNeverRead>(); }

}  // namespace closewait
