// What is no request is answered by 400 and taken out of the epoll set, and that was all of the
// error path: the descriptor stays. Of this kind: https://github.com/OpenAS2/OpenAs2App/pull/83,
// eatonphil/ponyo issue 12.
#include <sys/socket.h>
#include <algorithm>
#include <string_view>

#include "specimens/catalogue.h"

namespace closewait {
namespace {

class KeepsBadRequests : public Skeleton {
  void on_input(Connection* connection) override {
    constexpr std::string_view kGet = "GET ";
    const std::string_view begun(connection->input.data(),
                                 std::min(kGet.size(), connection->input.size()));
    if (kGet.starts_with(begun)) return Skeleton::on_input(connection);
    constexpr std::string_view kRefusal = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    ::send(connection->fd, kRefusal.data(), kRefusal.size(), MSG_NOSIGNAL);
    unregister(connection);
  }
};

}  // namespace

std::unique_ptr<Skeleton> keeps_bad_requests() { return std::make_unique<KeepsBadRequests>(); }

}  // namespace closewait
