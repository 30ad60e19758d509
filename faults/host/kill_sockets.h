#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "faults/host/guardian.h"
#include "faults/host/host_fault.h"

namespace closewait {

// Has the kernel end a connection by its side here: SOCK_DESTROY (sock_diag(7), CONFIG_INET_DIAG_
// DESTROY). Owns a netlink socket. One thread.
class SocketKiller {
 public:
  SocketKiller();

  // ENOENT: it was gone. EPERM: CAP_NET_ADMIN in this network namespace is missing. EOPNOTSUPP: the
  // kernel was built without it.
  [[nodiscard]] error_code kill(const HostSocket& socket) const;

 private:
  UniqueFd netlink_;
};

// Kills established connections of the target on its side, until there were as many as asked for.
// There is nothing to undo of it.
class KillSockets : public OngoingFault {
 public:
  KillSockets(const HostFaultPlan& plan, const HostTarget& target, Guardian& guardian);

  [[nodiscard]] State step() override;
  [[nodiscard]] HostFault undo() override;

 private:
  const HostTarget& target_;
  std::optional<std::uint64_t> wanted_;
  SocketKiller killer_;
  std::uint64_t killed_ = 0;
  std::string error_;
};

// Tried out on a listener of its own.
[[nodiscard]] std::string why_not_kill_sockets(const std::vector<pid_t>& pids);

}  // namespace closewait
