// Answers every failure with a 500, also that the peer is gone, without MSG_NOSIGNAL and with
// SIGPIPE as it was: the first client that resets ends the server.
// Of this kind: https://github.com/esnet/iperf/issues/550, mangband/mangband issue 552.
#include <unistd.h>

#include <string_view>

#include "specimens/catalogue.h"

namespace closewait {
namespace {

class DiesOfSigpipe : public Skeleton {
  void on_failure(Connection* connection, int) override {
    constexpr std::string_view kSorry = "HTTP/1.1 500 Internal Server Error\r\n\r\n";
    (void)!::write(connection->fd, kSorry.data(), kSorry.size());
    destroy(connection);
  }
};

}  // namespace

std::unique_ptr<Skeleton> dies_of_sigpipe() { return std::make_unique<DiesOfSigpipe>(); }

}  // namespace closewait
