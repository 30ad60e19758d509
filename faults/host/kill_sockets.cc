#include "faults/host/kill_sockets.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <limits>

#include "base/address.h"

namespace closewait {
namespace {

constexpr int kAnswerTimeoutMilliseconds = 1000;

struct Request {
  nlmsghdr header;
  inet_diag_req_v2 body;
};

// The IPv4 address is the last quarter of what an Endpoint has.
void put_address(const Endpoint& endpoint, bool ipv4, __be32 (&into)[4]) {
  constexpr std::size_t kIpv4At = 12;
  const std::size_t from = ipv4 ? kIpv4At : 0;
  std::memcpy(into, endpoint.ip.data() + from, endpoint.ip.size() - from);
}

Request request_for(const HostSocket& socket) {
  Request request{};
  request.header.nlmsg_len = sizeof(request);
  request.header.nlmsg_type = SOCK_DESTROY;
  request.header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
  const bool ipv4 = socket.family == AF_INET;
  inet_diag_req_v2& body = request.body;
  body.sdiag_family = socket.family;
  body.sdiag_protocol = IPPROTO_TCP;
  body.idiag_states = std::numeric_limits<std::uint32_t>::max();
  body.id.idiag_sport = htons(socket.local.port);
  body.id.idiag_dport = htons(socket.remote.port);
  put_address(socket.local, ipv4, body.id.idiag_src);
  put_address(socket.remote, ipv4, body.id.idiag_dst);
  body.id.idiag_cookie[0] = static_cast<std::uint32_t>(socket.cookie);
  body.id.idiag_cookie[1] = static_cast<std::uint32_t>(socket.cookie >> 32);
  return request;
}

// The kernel answers each request by its errno, 0 for none.
error_code answer_of(int netlink) {
  pollfd waiting{netlink, POLLIN, 0};
  if (::poll(&waiting, 1, kAnswerTimeoutMilliseconds) == 0) return errno_error(ETIMEDOUT);
  struct {
    nlmsghdr header;
    nlmsgerr error;
    std::array<std::byte, sizeof(Request)> rest;  // it gives back what was asked
  } answer{};
  const auto got = ::recv(netlink, &answer, sizeof(answer), 0);
  if (got < 0) return last_error();
  const bool read = static_cast<std::size_t>(got) >= sizeof(answer.header) + sizeof(int) &&
                    answer.header.nlmsg_type == NLMSG_ERROR;
  if (!read) return errno_error(EBADMSG);
  return answer.error.error != 0 ? errno_error(-answer.error.error) : error_code{};
}

std::string what_to_grant(error_code error) {
  if (error == errno_error(EPERM)) {
    return "the kernel does not let the rig kill sockets: grant CAP_NET_ADMIN in the network "
           "namespace of the target";
  }
  if (error == errno_error(EOPNOTSUPP)) {
    return "this kernel kills no sockets: it was built without CONFIG_INET_DIAG_DESTROY";
  }
  return "SOCK_DESTROY: " + describe(error);
}

}  // namespace

SocketKiller::SocketKiller()
    : netlink_(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG)) {}

error_code SocketKiller::kill(const HostSocket& socket) const {
  const Request request = request_for(socket);
  if (::send(netlink_.get(), &request, sizeof(request), 0) < 0) return last_error();
  return answer_of(netlink_.get());
}

KillSockets::KillSockets(const HostFaultPlan& plan, const HostTarget& target, Guardian&)
    : target_(target), wanted_(plan.sockets) {}

OngoingFault::State KillSockets::step() {
  const auto sockets = target_.sockets();
  if (!sockets) {
    error_ = "its sockets cannot be listed: " + describe(sockets.error());
    return State::kOver;
  }
  for (const HostSocket& each : *sockets) {
    if (wanted_ && killed_ >= *wanted_) break;
    const error_code error = killer_.kill(each);
    if (!error) ++killed_;
    if (!error || error == errno_error(ENOENT)) continue;  // that one had ended
    error_ = what_to_grant(error);
    return State::kOver;
  }
  return killed_ >= wanted_.value_or(1) ? State::kOver : State::kComing;
}

HostFault KillSockets::undo() {
  if (error_.empty() && killed_ < wanted_.value_or(1)) {
    error_ = wanted_ ? fmt::format(
                           "{} of {} connections were killed: no more were established in "
                           "this phase",
                           killed_, *wanted_)
                     : "no connection was established in the rest of this phase";
  }
  return {
      .fault = HostFaultKind::kKillSockets, .sockets = killed_, .undone = true, .error = error_};
}

std::string why_not_kill_sockets(const std::vector<pid_t>&) {
  const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto any = SocketAddress::parse("127.0.0.1:0").value();
  if (::bind(listener.get(), any.data(), any.size()) != 0 || ::listen(listener.get(), 1) != 0) {
    return "a listener of its own: " + describe(last_error());
  }
  const auto local = SocketAddress::local_of(listener.get());
  if (!local) return "a listener of its own: " + describe(local.error());
  constexpr std::uint64_t kAnyCookie = std::numeric_limits<std::uint64_t>::max();
  const HostSocket own{.family = AF_INET,
                       .local = Endpoint::of(*local),
                       .remote = Endpoint::of(SocketAddress::parse("0.0.0.0:0").value()),
                       .cookie = kAnyCookie};
  const error_code error = SocketKiller().kill(own);
  return error ? what_to_grant(error) : "";
}

}  // namespace closewait
