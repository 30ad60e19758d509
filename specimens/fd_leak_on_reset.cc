// The clean-up of the error path was written apart from that of the normal one: it takes the
// connection out of epoll and frees the object, and forgets the descriptor. After an RST its
// socket is in no table of the kernel any more, so counting CLOSE_WAIT never shows it.
// Of this kind: https://github.com/apache/trafficserver/issues/2453, ossrs/srs issue 2925.
#include "specimens/catalogue.h"

namespace closewait {
namespace {

class FdLeakOnReset : public Skeleton {
  void on_failure(Connection* connection, int) override {
    unregister(connection);
    delete connection;
  }
};

}  // namespace

std::unique_ptr<Skeleton> fd_leak_on_reset() { return std::make_unique<FdLeakOnReset>(); }

}  // namespace closewait
