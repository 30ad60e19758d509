// A peer that ends its side before it asked for anything is kept: the code waits for the rest of a
// request, and stopped listening to be spared the end it has seen.
// Of this kind: https://github.com/haproxy/haproxy/issues/1362 and issue 136.
#include "specimens/catalogue.h"

namespace closewait {
namespace {

class ForgetsEarlyHalfClose : public Skeleton {
  void on_end(Connection* connection) override {
    if (connection->served > 0) return destroy(connection);
    unregister(connection);
  }
};

}  // namespace

std::unique_ptr<Skeleton> forgets_early_half_close() {
  return std::make_unique<ForgetsEarlyHalfClose>();
}

}  // namespace closewait
