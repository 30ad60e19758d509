#include "rig/target_process.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/units.h"
#include "observe/observe_error.h"
#include "observe/process_tree.h"
#include "rig/build_id.h"
#include "verdict/crash.h"

namespace closewait {
namespace {

constexpr Nanoseconds kListenPatience = std::chrono::seconds(10);
constexpr int kListenPollMilliseconds = 10;

SockDiag open_diag() {
  auto diag = SockDiag::open();
  if (!diag) throw SetupError("netlink sock_diag: " + describe(diag.error()));
  return std::move(*diag);
}

// Where a client connects to reach a listener on all addresses.
SocketAddress reachable(const SocketAddress& listener) {
  if (!listener.is_any()) return listener;
  return *SocketAddress::parse_ip(listener.family() == AF_INET6 ? "::1" : "127.0.0.1",
                                  listener.port());
}

// The listeners that the scenario means: those at its addresses, or the only one. Empty when one of
// them is not there.
std::vector<SocketAddress> choose(const std::vector<SocketAddress>& listeners,
                                  const std::vector<SocketAddress>& wanted) {
  if (listeners.empty()) return {};
  if (wanted.empty()) {
    if (listeners.size() > 1) {
      throw SetupError("the target listens on " + list_of(listeners) +
                       "; say which are meant by target.address");
    }
    return {reachable(listeners.front())};
  }
  const auto is_there = [&](const SocketAddress& address) {
    return std::ranges::any_of(listeners, [&](const SocketAddress& each) {
      return each == address || (each.is_any() && each.port() == address.port());
    });
  };
  return std::ranges::all_of(wanted, is_there) ? wanted : std::vector<SocketAddress>{};
}

std::string last_words(Child& child) {
  constexpr std::size_t kLines = 3;
  std::string words;
  for (const std::string& line : child.log_tail(kLines)) words += "\n  its log: " + line;
  return words;
}

// The process that listens at a Unix socket, as a client of it is told; 0 when it is in another pid
// namespace, nothing when nobody listens.
std::optional<pid_t> listener_of(const SocketAddress& address) {
  const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (::connect(socket.get(), address.data(), address.size()) != 0) return std::nullopt;
  ucred peer{};
  socklen_t size = sizeof(peer);
  ::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size);  // fails for no Unix socket
  return peer.pid;
}

// Another process than `child` and those it started, as far as can be told: whoever began to listen
// may have ended since, or be in another pid namespace.
bool is_somebody_else(pid_t listener, pid_t child) {
  if (listener == 0 || ::kill(listener, 0) != 0) return false;
  return std::ranges::count(with_descendants({child}), listener) == 0;
}

}  // namespace

std::string list_of(const std::vector<SocketAddress>& addresses) {
  std::vector<std::string> texts;
  for (const SocketAddress& each : addresses) texts.push_back(each.to_string());
  return fmt::format("{}", fmt::join(texts, ", "));
}

TargetProcess::TargetProcess(const Setup& setup) {
  if (!setup.spec->start.empty()) {
    start(setup);
  } else {
    find(setup);
  }
}

void TargetProcess::start(const Setup& setup) {
  child_ = std::make_unique<Child>(
      Child::Setup{.command = setup.spec->start, .log = setup.log, .keep = setup.keep});
  if (setup.spec->is_unix()) {
    addresses_ = setup.spec->addresses;
    wait_until_it_accepts(setup, addresses_.front());
  } else {
    addresses_ = wait_until_it_listens(setup);
  }
  look_at({child_->pid()});
}

std::vector<SocketAddress> TargetProcess::wait_until_it_listens(const Setup& setup) {
  SockDiag diag = open_diag();
  const Instant deadline = Clock::now() + kListenPatience;
  std::vector<SocketAddress> seen;
  while (Clock::now() < deadline) {
    if (const auto listeners = listening_addresses(diag, child_->pid())) {
      seen = *listeners;
      auto addresses = choose(seen, setup.spec->addresses);
      if (!addresses.empty()) return addresses;
    }
    wait_for_child(setup);
  }
  throw SetupError(fmt::format(
      "the target '{}' (pid {}) does not listen {} after {} s{}", setup.spec->start.front(),
      child_->pid(),
      seen.empty()
          ? "anywhere over TCP"
          : fmt::format("at {}, only at {}", list_of(setup.spec->addresses), list_of(seen)),
      kListenPatience / std::chrono::seconds(1), last_words(*child_)));
}

void TargetProcess::wait_until_it_accepts(const Setup& setup, const SocketAddress& address) {
  const Instant deadline = Clock::now() + kListenPatience;
  while (true) {
    // An older server may still be there: its socket is not the target's.
    const auto listener = listener_of(address);
    const bool other = listener && is_somebody_else(*listener, child_->pid());
    if (listener && !other) return;
    if (Clock::now() >= deadline) {
      throw SetupError(fmt::format("the target '{}' (pid {}) does not accept at {} after {} s{}{}",
                                   setup.spec->start.front(), child_->pid(), address.to_string(),
                                   kListenPatience / std::chrono::seconds(1),
                                   other ? fmt::format("; pid {} does: end it", *listener) : "",
                                   last_words(*child_)));
    }
    wait_for_child(setup);
  }
}

// A moment, unless it ends or somebody interrupts.
void TargetProcess::wait_for_child(const Setup& setup) {
  std::array<pollfd, 2> wait{pollfd{child_->pidfd(), POLLIN, 0},
                             pollfd{setup.interrupt_fd, POLLIN, 0}};
  static_cast<void>(::poll(wait.data(), wait.size(), kListenPollMilliseconds));
  if (wait[1].revents != 0) throw SetupError("interrupted before the target listened");
  if (const auto status = child_->status()) {
    throw SetupError(fmt::format("the target '{}' ended by {} before it listened{}",
                                 setup.spec->start.front(), describe_wait_status(*status),
                                 last_words(*child_)));
  }
}

void TargetProcess::find(const Setup& setup) {
  const TargetSpec& spec = *setup.spec;
  if (spec.pid) {
    SockDiag diag = open_diag();
    const auto pid = static_cast<pid_t>(*spec.pid);
    const auto listeners = listening_addresses(diag, pid);
    if (!listeners) throw SetupError(fmt::format("pid {}: {}", pid, describe(listeners.error())));
    if (listeners->empty()) throw SetupError(fmt::format("pid {} listens nowhere over TCP", pid));
    addresses_ = choose(*listeners, spec.addresses);
    if (addresses_.empty()) {
      throw SetupError(fmt::format("pid {} does not listen at {}, only at {}", pid,
                                   list_of(spec.addresses), list_of(*listeners)));
    }
    look_at({pid});
    return;
  }
  for (const SocketAddress& each : spec.addresses) addresses_.push_back(reachable(each));
  if (spec.is_unix()) return find_behind_unix();
  if (!std::ranges::all_of(addresses_, &SocketAddress::is_local)) {
    why_unseen_ = "the target is on another machine";
    return;
  }
  if (const auto target = find_listener(setup)) look_at(target->roots);
}

void TargetProcess::find_behind_unix() {
  const auto pid = listener_of(addresses_.front());
  if (!pid) throw SetupError(fmt::format("nothing listens at {}", list_of(addresses_)));
  if (*pid > 0) return look_at({*pid});
  why_unseen_ = "who listens at the Unix socket is in another pid namespace";
}

// Nothing when who listens there cannot be seen.
std::optional<Target> TargetProcess::find_listener(const Setup& setup) {
  SockDiag diag = open_diag();
  const Instant deadline = Clock::now() + setup.patience;
  while (true) {
    auto target = find_target(diag, addresses_);
    if (target) return std::move(*target);
    if (target.error() != make_error_code(ObserveError::kNoListener)) {
      why_unseen_ = target.error().message();
      return {};
    }
    if (Clock::now() >= deadline) break;
    pollfd wait{setup.interrupt_fd, POLLIN, 0};
    static_cast<void>(::poll(&wait, 1, kListenPollMilliseconds));
    if (wait.revents != 0) throw SetupError("interrupted before the target listened");
  }
  throw SetupError(setup.patience > Nanoseconds(0)
                       ? fmt::format("nothing listens at {} after {}", list_of(addresses_),
                                     format_duration(setup.patience))
                       : fmt::format("nothing listens at {}", list_of(addresses_)));
}

void TargetProcess::look_at(const std::vector<pid_t>& roots) {
  roots_ = roots;
  auto observer = Observer::open(addresses_, roots_);
  if (!observer) {
    why_unseen_ = describe(observer.error());
    return;
  }
  observer_ = std::move(*observer);
  why_unseen_ = observer_->availability().why;
  pidfd_ = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, roots_.front(), 0)));
}

std::string TargetProcess::command_line() const {
  if (roots_.empty()) return "";
  const auto text = read_proc_file(fmt::format("/proc/{}/cmdline", roots_.front()));
  if (!text) return "";
  std::string line = *text;
  while (!line.empty() && line.back() == '\0') line.pop_back();
  std::ranges::replace(line, '\0', ' ');
  return line;
}

std::string TargetProcess::build_id() const {
  if (roots_.empty()) return "";
  return build_id_of(fmt::format("/proc/{}/exe", roots_.front()));
}

}  // namespace closewait
