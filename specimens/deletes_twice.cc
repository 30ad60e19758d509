// A reset is found by the read that fails and by the loop that looks at the event: both tear the
// connection down, and the allocator ends the process.
// Of this kind: https://github.com/apache/incubator-heron/issues/2897, qoretechnologies/qore issue
// 3446.
#include "specimens/catalogue.h"

namespace closewait {
namespace {

class DeletesTwice : public Skeleton {
  void on_failure(Connection* connection, int) override {
    destroy(connection);
    delete connection;
  }
};

}  // namespace

std::unique_ptr<Skeleton> deletes_twice() { return std::make_unique<DeletesTwice>(); }

}  // namespace closewait
