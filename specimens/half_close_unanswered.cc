// Reads until there is no more before it answers, and takes end of input for a peer that is gone.
// Who shuts down its sending behind its request and waits gets nothing; who still may send gets
// all. Of this kind: https://github.com/envoyproxy/envoy/issues/2067, moby/moby#27539.
#include <sys/socket.h>

#include "specimens/catalogue.h"

namespace closewait {
namespace {

class HalfCloseUnanswered : public Skeleton {
  void on_input(Connection* connection) override {
    char next = 0;
    const bool ended = ::recv(connection->fd, &next, 1, MSG_PEEK) == 0;
    if (ended) return destroy(connection);
    write_some(connection);
  }
};

}  // namespace

std::unique_ptr<Skeleton> half_close_unanswered() {
  return std::make_unique<HalfCloseUnanswered>();
}

}  // namespace closewait
