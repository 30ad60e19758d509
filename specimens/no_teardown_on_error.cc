// Tears down only when read() gives 0, never when it gives -1, as the sample of "Listener lifetime
// management with epoll" does. A reset connection keeps its descriptor, its object and its
// registration, and as level-triggered epoll tells of it for ever, the loop spins.
// Of this kind: https://github.com/xrootd/xrootd/issues/303, apple/cups issue 4605.
//
// The sample itself is saved by chance: ECONNRESET is reported once, and the next read() gives 0.
// So this one does what servers with a state for "failed" do: it reads no more from such a peer.
#include "specimens/catalogue.h"

namespace closewait {
namespace {

class NoTeardownOnError : public Skeleton {
  void on_ready(Connection* connection, std::uint32_t events) override {
    if (!connection->failed) Skeleton::on_ready(connection, events);
  }
  void on_failure(Connection* connection, int) override { connection->failed = true; }
};

}  // namespace

std::unique_ptr<Skeleton> no_teardown_on_error() { return std::make_unique<NoTeardownOnError>(); }

}  // namespace closewait
