// When a connection is reset, the one that came after it goes with it, as the two are one session
// to this server. Of the same batch an event of that one may be pending still, with a pointer to
// what is gone. What is gone has no handler any more, and the stale event calls it. Of this kind:
// https://github.com/karlseguin/http.zig/pull/208, baresip/re pull request 1558.
#include <unistd.h>
#include <cstdlib>
#include <unordered_map>

#include "specimens/catalogue.h"

namespace closewait {
namespace {

class ServesAStaleEvent : public Skeleton {
  using Handler = void (ServesAStaleEvent::*)(Connection*, std::uint32_t);
  struct Slot {
    Connection* after = nullptr;
    Handler handler = nullptr;
  };

  void on_accepted(Connection* connection) override {
    slots_[connection].handler = &ServesAStaleEvent::serve;
    if (latest_ != nullptr) slots_[latest_].after = connection;
    latest_ = connection;
  }
  void on_ready(Connection* connection, std::uint32_t events) override {
    const Handler handler = slots_[connection].handler;
    if (handler == nullptr) std::abort();  // what calling through a null pointer comes to
    (this->*handler)(connection, events);
  }
  void serve(Connection* connection, std::uint32_t events) {
    Skeleton::on_ready(connection, events);
  }
  void on_end(Connection* connection) override { give_back(connection); }
  void on_failure(Connection* connection, int) override {
    Connection* after = slots_[connection].after;
    give_back(connection);
    if (after != nullptr && slots_[after].handler != nullptr) give_back(after);
  }
  // The object stays, as a slab's would: its pointer is not used again by another one.
  void give_back(Connection* connection) {
    unregister(connection);
    ::close(connection->fd);
    slots_[connection].handler = nullptr;
    if (latest_ == connection) latest_ = nullptr;
  }

  std::unordered_map<Connection*, Slot> slots_;
  Connection* latest_ = nullptr;
};

}  // namespace

std::unique_ptr<Skeleton> serves_a_stale_event() { return std::make_unique<ServesAStaleEvent>(); }

}  // namespace closewait
