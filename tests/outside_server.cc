#include "tests/outside_server.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "base/unique_fd.h"

namespace closewait::testing {
namespace {

UniqueFd new_socket() { return UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)); }

}  // namespace

SocketAddress free_address() {
  const UniqueFd socket = new_socket();
  const auto any = SocketAddress::parse("127.0.0.1:0").value();
  if (::bind(socket.get(), any.data(), any.size()) != 0) ADD_FAILURE() << "no free port";
  return SocketAddress::local_of(socket.get()).value();
}

bool accepts(const SocketAddress& address) {
  const UniqueFd socket = new_socket();
  return ::connect(socket.get(), address.data(), address.size()) == 0;
}

}  // namespace closewait::testing
