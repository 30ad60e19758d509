#include "rig/identity.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <map>
#include <utility>

namespace closewait {
namespace {

constexpr std::size_t kNumbersShown = 8;
constexpr Nanoseconds kReadPatience = std::chrono::seconds(1);

using SocketsByPeer = std::map<Endpoint, const TargetSocket*>;

SocketsByPeer by_peer(const std::vector<TargetSocket>& sockets) {
  SocketsByPeer index;
  for (const TargetSocket& socket : sockets) index.emplace(socket.remote, &socket);
  return index;
}

// Where the target's descriptors cannot be read, an inode tells that some process holds it.
std::string state_of(const SocketsByPeer& sockets, const Endpoint& peer, bool fds_read) {
  const auto found = sockets.find(peer);
  if (found == sockets.end()) return kDeadState;
  const bool held = fds_read ? found->second->held : found->second->inode != 0;
  if (!held) return kUnheldState;
  return std::string(name_of(found->second->state));
}

}  // namespace

Identity::Identity(DestroyFeed feed, const Setup& setup)
    : feed_(std::move(feed)),
      ports_(*setup.ports),
      behaviours_(*setup.behaviours),
      promised_(setup.promised),
      vanishing_(setup.vanishing),
      stop_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      reaped_(setup.behaviours->size()),
      thread_([this] { read_events(); }) {}

Identity::~Identity() {
  const std::uint64_t one = 1;
  static_cast<void>(!::write(stop_.get(), &one, sizeof(one)));  // never full: written once
  thread_.join();
}

void Identity::read_events() {
  while (true) {
    const auto events = feed_.read(stop_.get(), kReadPatience);
    if (!events) {
      failed_ = true;
      return;
    }
    dropped_ = feed_.dropped();
    const Instant now = Clock::now();
    if (!events->empty()) {
      const std::lock_guard lock(mutex_);
      for (const DestroyEvent& event : *events) {
        if (const auto reaped = ports_.destroyed(event.remote, now)) {
          reaped_[reaped->behaviour].record(reaped->after);
        }
      }
      events_.fetch_add(events->size(), std::memory_order_relaxed);
    }
    std::uint64_t stopped = 0;
    if (events->empty() && ::eventfd_read(stop_.get(), &stopped) == 0) return;
  }
}

std::vector<Histogram> Identity::collect_reaped() {
  const std::lock_guard lock(mutex_);
  return std::exchange(reaped_, std::vector<Histogram>(behaviours_.size()));
}

std::uint64_t Identity::outstanding() const { return ports_.outstanding_count(); }

void Identity::take_census(FullLook& look) {
  Census& census = look.census;
  const std::uint64_t dropped = dropped_;
  census.events_lost = dropped - std::exchange(dropped_seen_, dropped);
  census.feed_available = census.events_lost == 0 && !failed_;
  if (!census.feed_available) {
    forget_all();
    return;
  }
  const SocketsByPeer sockets = by_peer(look.sockets);
  const bool fds_read = !census.fds_by_kind.empty();
  std::map<std::pair<std::uint32_t, bool>, Outstanding> groups;
  std::set<std::uint64_t> seen_now;
  const Instant now = Clock::now();
  ports_.outstanding([&](PortTable::Slot slot, const PortTable::Connection& connection) {
    Outstanding& group = groups[{connection.behaviour, connection.abandoned}];
    ++group.count;
    const bool overdue = now - connection.ended >= promised_.value_or(Nanoseconds(0));
    group.untold = is_untold(connection);
    if (overdue && !group.untold && seen_before_.contains(connection.number)) ++group.confirmed;
    if (group.numbers.size() < kNumbersShown) group.numbers.push_back(connection.number);
    ++group.states[state_of(sockets, Endpoint::of(ports_.address_of(slot)), fds_read)];
    seen_now.insert(connection.number);
  });
  for (auto& [key, group] : groups) {
    group.behaviour = behaviours_[key.first];
    group.abandoned = key.second;
    census.outstanding.push_back(std::move(group));
  }
  seen_before_ = std::move(seen_now);
}

bool Identity::is_untold(const PortTable::Connection& connection) const {
  const bool vanished = connection.behaviour < vanishing_.size() &&
                        vanishing_[connection.behaviour] && !connection.abandoned;
  return vanished && !promised_;
}

void Identity::forget_all() {
  ports_.outstanding(
      [&](PortTable::Slot slot, const PortTable::Connection&) { ports_.forget(slot); });
  seen_before_.clear();
}

}  // namespace closewait
