#include "observe/target.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>

#include "observe/observe_error.h"
#include "observe/process_tree.h"

namespace closewait {
namespace {

// A supervisor that handed its socket on (systemd as pid 1) is not the target.
void drop_init(std::vector<pid_t>& pids) {
  if (pids.size() > 1) std::erase(pids, 1);
}

std::vector<pid_t> without_descendants(const std::vector<pid_t>& pids) {
  std::set<pid_t> below;
  for (const pid_t pid : pids) {
    const auto tree = with_descendants({pid});
    for (const pid_t each : tree) {
      if (each != pid) below.insert(each);
    }
  }
  std::vector<pid_t> roots;
  std::copy_if(pids.begin(), pids.end(), std::back_inserter(roots),
               [&below](pid_t pid) { return !below.contains(pid); });
  return roots;
}

// The inodes of the sockets.
Result<std::set<std::uint64_t>> listeners_at(SockDiag& diag, const SocketAddress& address) {
  if (address.family() != AF_INET && address.family() != AF_INET6) {
    return boost::system::errc::make_error_code(boost::system::errc::not_supported);
  }
  const auto listeners = diag.listeners(address.port());
  if (!listeners) return listeners.error();
  std::set<std::uint64_t> inodes;
  for (const TcpSocket& each : *listeners) {
    if (listens_for(each, address)) inodes.insert(each.inode);
  }
  if (inodes.empty()) return error_code(ObserveError::kNoListener);
  return inodes;
}

}  // namespace

bool listens_for(const TcpSocket& listener, const SocketAddress& address) {
  const Endpoint wanted = Endpoint::of(address);
  if (listener.state != TcpState::kListen || listener.local.port != wanted.port) return false;
  if (listener.local.ip == wanted.ip) return true;
  if (wanted.is_any()) return listener.family == address.family();
  const bool reachable = listener.family == AF_INET6 || address.family() == AF_INET;
  return listener.local.is_any() && reachable;
}

Result<Target> find_target(SockDiag& diag, const std::vector<SocketAddress>& addresses) {
  std::set<std::uint64_t> inodes;
  for (const SocketAddress& address : addresses) {
    const auto here = listeners_at(diag, address);
    if (!here) return here.error();
    inodes.insert(here->begin(), here->end());
  }
  Holders holders = holders_of(inodes);
  if (holders.pids.empty()) return error_code(ObserveError::kHolderHidden);
  drop_init(holders.pids);
  Target target;
  target.roots = without_descendants(holders.pids);
  target.pids = with_descendants(target.roots);
  return target;
}

Result<std::vector<SocketAddress>> listening_addresses(SockDiag& diag, pid_t pid) {
  const auto pids = with_descendants({pid});
  if (pids.empty()) return error_code(ObserveError::kProcessEnded);
  const auto inodes = socket_inodes_of(pids);
  if (!inodes) return inodes.error();
  const auto listeners = diag.listeners(0);
  if (!listeners) return listeners.error();
  std::set<Endpoint> found;  // SO_REUSEPORT has one address many times
  for (const TcpSocket& each : *listeners) {
    if (inodes->contains(each.inode)) found.insert(each.local);
  }
  std::vector<SocketAddress> addresses;
  for (const Endpoint& each : found) addresses.push_back(each.address());
  return addresses;
}

}  // namespace closewait
