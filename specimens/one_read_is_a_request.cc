// Parses what one read gave as if it were a request. On one machine it nearly always is; a client
// far away, or one that writes its head and then its last line, is told that its request is bad. Of
// this kind: https://github.com/MDA2AV/HttpArena/issues/1289.
#include "specimens/catalogue.h"

namespace closewait {
namespace {

class OneReadIsARequest : public Skeleton {
  void on_input(Connection* connection) override {
    if (connection->input.find("\r\n\r\n") == std::string::npos) {
      connection->head =
          "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
      connection->last = true;
    }
    write_some(connection);
  }
};

}  // namespace

std::unique_ptr<Skeleton> one_read_is_a_request() { return std::make_unique<OneReadIsARequest>(); }

}  // namespace closewait
