// Gives a duplicate of the descriptor of who has reset to an audit log that has never written
// anything, and closes its own without EPOLL_CTL_DEL, since close() does that. While the duplicate
// lives it does not: the epoll set holds a registration by a number that is closed.
// Of this kind: https://github.com/h2o/h2o/pull/1100, manticoresoftware/manticoresearch pull
// request 4057.
#include <unistd.h>

#include <vector>

#include "specimens/catalogue.h"

namespace closewait {
namespace {

class KeepsADuplicate : public Skeleton {
  void on_failure(Connection* connection, int) override {
    audited_.push_back(::dup(connection->fd));
    watch_no_more(connection);
    ::close(connection->fd);
    connection->failed = true;
  }
  // What still comes for it goes to an object that is over.
  void on_ready(Connection* connection, std::uint32_t events) override {
    if (!connection->failed) Skeleton::on_ready(connection, events);
  }

  std::vector<int> audited_;
};

}  // namespace

std::unique_ptr<Skeleton> keeps_a_duplicate() { return std::make_unique<KeepsADuplicate>(); }

}  // namespace closewait
