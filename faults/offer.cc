#include "faults/offer.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/unique_fd.h"
#include "base/units.h"

namespace closewait {

bool may_vanish() {
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  return fd && ::setsockopt(fd.get(), IPPROTO_TCP, TCP_REPAIR, &on, sizeof(on)) == 0;
}

std::string obstacle(const Behaviour& behaviour, const Offer& offer) {
  const Needs& needs = behaviour.needs;
  if (needs.tcp && !offer.tcp) {
    if (is_reset(behaviour.end)) {
      return "resets, which a Unix socket has not; expected behaviours that end by closing";
    }
    return "is of TCP, and the target is a Unix socket";
  }
  if (needs.tls && !offer.tls) return "is of TLS, which the target is not spoken to by";
  if (needs.grammar && !offer.grammar) {
    return "sends what is no request, and to an echo everything is one";
  }
  if (needs.body && !offer.body)
    return "sends the body of a request of HTTP, the target's dialect is another";
  if (needs.greeting && !offer.greeting) {
    return "waits for a target that speaks first, and this one does not ('protocol' with a 'hello' "
           "that has no request says so)";
  }
  if (needs.parts && offer.request_bytes < 2)
    return "cuts a request in two, and this one is one byte";
  if (needs.response_bytes > 0 && !offer.large) {
    return "needs a large response, and 'protocol' has no 'large'; expected large: {request: ..., "
           "response: ...} there";
  }
  if (needs.response_bytes > offer.response_bytes) {
    return fmt::format("needs a response of {}, and the target gave {}",
                       format_bytes(needs.response_bytes), format_bytes(offer.response_bytes));
  }
  if (needs.keep_alive && !offer.keep_alive) {
    return "asks again on its connection, and the target ends it after one answer";
  }
  if (needs.net_admin && !offer.net_admin) {
    return "needs CAP_NET_ADMIN (TCP_REPAIR): run closewait as root, or grant it by "
           "'setcap cap_net_admin+ep' on its file; or mark it 'optional: true'";
  }
  return {};
}

}  // namespace closewait
