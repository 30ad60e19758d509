// The error path closes the descriptor at once, and a clean-up that runs later closes it again, by
// a number that is somebody else's by then: of the next connection, which did nothing wrong. Of
// this kind: https://github.com/quickfix/quickfix/issues/747, EIPStackGroup/OpENer issue 118.
#include <unistd.h>
#include <vector>

#include "specimens/catalogue.h"

namespace closewait {
namespace {

class ClosesTwice : public Skeleton {
  void on_failure(Connection* connection, int) override {
    again_.push_back(connection->fd);
    destroy(connection);
  }
  // The clean-up: after the number was used again.
  void on_accepted(Connection*) override {
    if (++accepted_ % 4 != 0) return;
    for (const int fd : again_) ::close(fd);
    again_.clear();
  }

  std::vector<int> again_;
  unsigned accepted_ = 0;
};

}  // namespace

std::unique_ptr<Skeleton> closes_twice() { return std::make_unique<ClosesTwice>(); }

}  // namespace closewait
