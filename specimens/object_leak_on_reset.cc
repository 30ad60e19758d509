// The error path closes the descriptor and forgets the object, which waits for a callback that does
// not come any more. No descriptor stays, so only memory tells.
// Of this kind: https://github.com/loentar/ngrest/issues/24, TritonDataCenter/node-fast issue 15.
#include <unistd.h>

#include "specimens/catalogue.h"

namespace closewait {
namespace {

class ObjectLeakOnReset : public Skeleton {
  void on_failure(Connection* connection, int) override {
    unregister(connection);
    ::close(connection->fd);
  }
};

}  // namespace

std::unique_ptr<Skeleton> object_leak_on_reset() { return std::make_unique<ObjectLeakOnReset>(); }

}  // namespace closewait
