#include "observe/observer.h"

#include <unistd.h>

#include <algorithm>
#include <set>

#include "observe/epoll_sets.h"
#include "observe/observe_error.h"
#include "observe/process_sample.h"
#include "observe/process_tree.h"
#include "observe/target.h"

namespace closewait {
namespace {

bool is_tcp(pid_t pid, int fd) {
  const auto protocol = socket_protocol(pid, fd);
  return protocol && (*protocol == "TCP" || *protocol == "TCPv6" || *protocol == "MPTCP");
}

void add_reason(std::string& why, const std::string& reason) {
  if (why.find(reason) != std::string::npos) return;
  why += (why.empty() ? "" : "; ") + reason;
}

}  // namespace

Result<Observer> Observer::open(const std::vector<SocketAddress>& addresses,
                                const std::vector<pid_t>& roots) {
  auto diag = SockDiag::open();
  if (!diag) return diag.error();
  Observer observer(addresses, std::move(*diag));
  for (const pid_t pid : roots) {
    const auto stat = read_stat(pid);
    if (!stat) return stat.error();
    if (stat->has_ended()) return error_code(ObserveError::kProcessEnded);
    observer.roots_.push_back({pid, stat->start_ticks});
  }
  if (observer.roots_.empty()) return error_code(ObserveError::kProcessEnded);
  observer.find_out_availability();
  return observer;
}

Observer::Observer(const std::vector<SocketAddress>& addresses, SockDiag diag)
    : addresses_(addresses), diag_(std::move(diag)) {
  std::set<std::uint16_t> ports;
  for (const SocketAddress& each : addresses_) ports.insert(each.port());
  ports_.assign(ports.begin(), ports.end());
}

Result<std::vector<TcpSocket>> Observer::dump_ports(std::uint32_t states) {
  std::vector<TcpSocket> all;
  for (const std::uint16_t port : ports_) {
    auto rows = diag_.dump_all({.states = states, .local_port = port});
    if (!rows) return rows.error();
    all.insert(all.end(), rows->begin(), rows->end());
  }
  return all;
}

bool Observer::alive() const {
  return std::all_of(roots_.begin(), roots_.end(), [](const Root& root) {
    const auto stat = read_stat(root.pid);
    return stat && !stat->has_ended() && stat->start_ticks == root.start_ticks;
  });
}

std::vector<pid_t> Observer::pids() const {
  std::vector<pid_t> roots;
  for (const Root& root : roots_) {
    const auto stat = read_stat(root.pid);
    if (stat && stat->start_ticks == root.start_ticks) roots.push_back(root.pid);
  }
  return with_descendants(roots);
}

void Observer::find_out_availability() {
  Availability found{true, true, true, ""};
  for (const pid_t pid : pids()) {
    const auto fds = list_fds(pid);
    if (!fds && fds.error() != ObserveError::kProcessEnded) {
      found.fds = found.epoll = false;
      add_reason(found.why, "descriptors and epoll sets: " + describe(fds.error()));
    }
    const auto theirs = network_namespace(pid);
    const auto ours = network_namespace(::getpid());
    // Without the right to ask, the listener that is looked up below has to do.
    if (theirs && ours && *theirs != *ours) {
      found.sockets = false;
      add_reason(found.why, "sockets: the target is in another network namespace; join it");
    }
  }
  if (addresses_.empty()) {
    found.sockets = false;
    add_reason(found.why, "sockets: the target listens nowhere over TCP");
  } else if (addresses_.front().is_unix()) {
    found.sockets = false;
    add_reason(found.why, "sockets: the socket tables are of TCP, the target is a Unix socket");
  } else if (const auto listeners = diag_.listeners(ports_.front()); !listeners) {
    found.sockets = false;
    add_reason(found.why, "sockets: " + describe(listeners.error()));
  }
  availability_ = found;
}

Result<Sample> Observer::sample() {
  const std::vector<pid_t> all = pids();
  auto sample = sample_of(all);
  if (sample) sample->processes += count_zombies(all);
  if (sample && availability_.sockets) add_listen_queue(*sample);
  return sample;
}

// With SO_REUSEPORT every listener has a queue of its own, so all of them are added up. For that a
// dump of the listeners, 0.03 ms beside 15,000 connections, is worth it: looking one up is 0.002
// ms.
void Observer::add_listen_queue(Sample& sample) {
  for (const std::uint16_t port : ports_) {
    const auto listeners = diag_.listeners(port);
    if (!listeners) return;  // nothing known is 0, as when nobody listens any more
    for (const TcpSocket& each : *listeners) {
      if (!has_the_address(each)) continue;
      sample.listen_queue += each.receive_queue;
      sample.listen_limit += each.send_queue;
    }
  }
}

Result<std::map<std::string, std::uint64_t>> Observer::sockets_by_state() {
  const auto rows = dump_ports();
  if (!rows) return rows.error();
  std::map<std::string, std::uint64_t> counts{{"LISTEN", 0}, {"ESTABLISHED", 0}, {"CLOSE_WAIT", 0}};
  for (const TcpSocket& row : *rows) {
    if (has_the_address(row)) ++counts[std::string(name_of(row.state))];
  }
  return counts;
}

Result<std::vector<TcpSocket>> Observer::established() {
  auto rows = dump_ports(mask_of(TcpState::kEstablished));
  if (!rows) return rows.error();
  std::erase_if(*rows,
                [&](const TcpSocket& row) { return row.inode == 0 || !has_the_address(row); });
  return rows;
}

// Another program may use the same port on another address.
bool Observer::has_the_address(const TcpSocket& row) const {
  return std::ranges::any_of(addresses_, [&](const SocketAddress& address) {
    if (row.state == TcpState::kListen) return listens_for(row, address);
    const Endpoint here = Endpoint::of(address);
    return row.local.port == here.port && (address.is_any() || row.local.ip == here.ip);
  });
}

Result<FullLook> Observer::census() {
  FullLook look;
  const auto cheap = sample();
  if (!cheap) return cheap.error();
  look.census.sample = *cheap;
  look.census.quarantine = quarantine_of(pids());
  const HeldSockets held = look_at_fds(look.census);
  if (availability_.sockets) {
    if (const auto error = look_at_sockets(held, look)) return error;
  }
  return look;
}

Observer::HeldSockets Observer::look_at_fds(Census& census) const {
  HeldSockets held;
  std::vector<ProcessFds> processes;
  for (const pid_t pid : pids()) {
    auto fds = list_fds(pid);
    if (!fds) continue;  // ended meanwhile, or not permitted: availability() says so
    for (const OpenFd& each : *fds) {
      ++census.fds_by_kind[std::string(name_of(each.link.kind))];
      if (each.link.kind == FdKind::kSocket) held.try_emplace(each.link.inode, pid, each.fd);
    }
    processes.push_back({pid, std::move(*fds)});
  }
  const EpollSets sets = look_at_epoll_sets(processes);
  census.epoll_registrations = sets.registrations;
  census.epoll_ghosts = sets.ghosts;
  return held;
}

error_code Observer::look_at_sockets(const HeldSockets& held, FullLook& look) {
  const auto rows = dump_ports();
  if (!rows) return rows.error();
  HeldSockets unexplained = held;
  for (const TcpSocket& row : *rows) {
    const bool is_held = row.inode != 0 && held.contains(row.inode);
    if (!is_held && !has_the_address(row)) continue;
    unexplained.erase(row.inode);
    ++look.census.sockets_by_state[std::string(name_of(row.state))];
    if (row.state == TcpState::kListen) continue;
    look.sockets.push_back({row.remote, row.state, row.inode, row.cookie, is_held});
  }
  std::erase_if(unexplained,
                [](const auto& each) { return !is_tcp(each.second.first, each.second.second); });
  if (unexplained.empty()) return {};
  const auto dead = count_dead(std::move(unexplained));
  if (!dead) return dead.error();
  look.census.dead_sockets = *dead;
  return {};
}

// Of the suspects those that are in no table (connections to other servers are), and that their
// descriptor still stands for. A TCP socket that was never connected looks the same.
Result<std::uint64_t> Observer::count_dead(HeldSockets suspects) {
  const auto rows = diag_.dump_all({});
  if (!rows) return rows.error();
  for (const TcpSocket& row : *rows) suspects.erase(row.inode);
  std::erase_if(suspects, [](const auto& each) {
    const auto link = look_at_fd(each.second.first, each.second.second);
    return !link || link->inode != each.first;
  });
  return suspects.size();
}

}  // namespace closewait
