#include "loadgen/port_table.h"

#include <algorithm>
#include <cstddef>

#include "base/error.h"

namespace closewait {
namespace {

constexpr std::uint8_t kClient = 1;
constexpr std::uint8_t kServer = 2;
constexpr std::uint8_t kReserved = 4;  // neither ever has

constexpr std::size_t kHeaderBytes = 64;  // the count of the outstanding, on a line of its own

std::size_t slots_of(std::size_t sources, const PortTable::Range& ports) {
  return sources * (static_cast<std::size_t>(ports.high - ports.low) + 1);
}

static_assert(std::atomic<std::uint8_t>::is_always_lock_free &&
                  std::atomic<std::uint64_t>::is_always_lock_free,
              "else it works in one process only");

}  // namespace

SharedMemory PortTable::memory_for(std::size_t sources, const Range& ports) {
  return SharedMemory(kHeaderBytes + slots_of(sources, ports) * sizeof(Entry));
}

PortTable::PortTable(std::vector<SocketAddress> sources, Range ports, std::size_t workers)
    : PortTable(sources, ports, workers, memory_for(sources.size(), ports)) {}

// Fresh memory is zero, and so are fresh entries: nothing is constructed in it, so that what
// another process wrote already stays.
PortTable::PortTable(std::vector<SocketAddress> sources, Range ports, std::size_t workers,
                     SharedMemory memory)
    : sources_(std::move(sources)),
      ports_(std::move(ports)),
      size_(slots_of(sources_.size(), ports_)),
      memory_(std::move(memory)),
      outstanding_(*static_cast<std::atomic<std::uint64_t>*>(memory_.data())),
      entries_(reinterpret_cast<Entry*>(static_cast<std::byte*>(memory_.data()) + kHeaderBytes)),
      cursor_(workers) {
  if (memory_.size() < kHeaderBytes + size_ * sizeof(Entry)) {
    throw SetupError(
        "the ports' shared memory was made for fewer addresses than clients come from");
  }
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    source_index_[Endpoint::of(sources_[i].with_port(0))] = static_cast<std::uint32_t>(i);
  }
  for (std::size_t worker = 0; worker < workers; ++worker) cursor_[worker] = worker;
  keep_out_of_reserved();
}

// Processes that share the table all do the same, before any of them takes a slot.
void PortTable::keep_out_of_reserved() {
  for (const std::uint16_t port : ports_.reserved) {
    const std::size_t first = (port - ports_.low) * sources_.size();
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      entries_[first + i].state.store(kReserved, std::memory_order_relaxed);
    }
  }
}

std::optional<PortTable::Slot> PortTable::take(std::size_t worker) {
  const std::size_t step = cursor_.size();
  std::size_t& cursor = cursor_[worker];
  for (std::size_t first = worker; first < size_; first += step) {  // once for each of its own
    const std::size_t slot = cursor;
    cursor = slot + step < size_ ? slot + step : worker;
    // Acquire: what the event thread wrote before it freed the slot is over.
    if (entries_[slot].state.load(std::memory_order_acquire) == 0) return static_cast<Slot>(slot);
  }
  return std::nullopt;
}

// Neighbouring slots are of different sources, so that each source's ports go round as slowly as
// they can.
SocketAddress PortTable::address_of(Slot slot) const {
  const std::size_t port = ports_.low + slot / sources_.size();
  return sources_[slot % sources_.size()].with_port(static_cast<std::uint16_t>(port));
}

std::optional<PortTable::Slot> PortTable::slot_of(Endpoint client) const {
  const std::uint16_t port = std::exchange(client.port, std::uint16_t{0});
  const auto source = source_index_.find(client);
  if (source == source_index_.end() || port < ports_.low || port > ports_.high) return {};
  return static_cast<Slot>((port - ports_.low) * sources_.size() + source->second);
}

void PortTable::opening(Slot slot, std::uint64_t number, std::uint32_t behaviour) {
  Entry& entry = entries_[slot];
  entry.number = number;
  entry.behaviour = behaviour;
  entry.state.store(kClient | kServer, std::memory_order_release);
}

void PortTable::never_opened(Slot slot) { forget(slot); }

std::optional<PortTable::Reaped> PortTable::client_ended(Slot slot, ClientEnd end) {
  Entry& entry = entries_[slot];
  entry.ended = end.at;
  entry.abandoned = end.abandoned;
  std::uint8_t both = kClient | kServer;
  outstanding_.fetch_add(1, std::memory_order_relaxed);  // before its event can lower it
  if (entry.state.compare_exchange_strong(both, kServer, std::memory_order_acq_rel)) return {};
  outstanding_.fetch_sub(1, std::memory_order_relaxed);
  const Reaped reaped{entry.behaviour, std::max(Nanoseconds(0), entry.destroyed - end.at)};
  entry.state.store(0, std::memory_order_release);
  return reaped;
}

std::optional<PortTable::Reaped> PortTable::destroyed(const Endpoint& client, Instant at) {
  const auto slot = slot_of(client);
  if (!slot) return {};
  Entry& entry = entries_[*slot];
  if (entry.state.load(std::memory_order_acquire) == (kClient | kServer)) {
    entry.destroyed = at;
    std::uint8_t both = kClient | kServer;
    if (entry.state.compare_exchange_strong(both, kClient, std::memory_order_acq_rel)) return {};
  }
  if (entry.state.load(std::memory_order_acquire) != kServer) return {};
  // Read first: once free, the worker may take the slot and write it.
  const Reaped reaped{entry.behaviour, std::max(Nanoseconds(0), at - entry.ended)};
  entry.state.store(0, std::memory_order_release);
  outstanding_.fetch_sub(1, std::memory_order_relaxed);
  return reaped;
}

std::uint64_t PortTable::outstanding_count() const {
  return outstanding_.load(std::memory_order_relaxed);
}

void PortTable::outstanding(const std::function<void(Slot, const Connection&)>& each) const {
  for (std::size_t slot = 0; slot < size_; ++slot) {
    const Entry& entry = entries_[slot];
    if (entry.state.load(std::memory_order_acquire) != kServer) continue;
    each(static_cast<Slot>(slot), {entry.number, entry.behaviour, entry.ended, entry.abandoned});
  }
}

void PortTable::forget(Slot slot) {
  if (entries_[slot].state.exchange(0, std::memory_order_acq_rel) == kServer) {
    outstanding_.fetch_sub(1, std::memory_order_relaxed);
  }
}

}  // namespace closewait
