#include "server/connection_table.h"

#include <utility>

namespace closewait {

void ConnectionTable::add(UniqueFd fd) {
  auto watch = context_.loop.watch(fd.get(), EPOLLIN, *this);
  if (!watch) {  // out of memory or of max_user_watches; the descriptor closes here
    counters_.closed_by(CloseReason::kError).add();
    return;
  }
  const std::uint32_t slot = watch->handle().slot;
  if (slot >= connections_.size()) connections_.resize(slot + 1);
  TimerHandler& timers = *this;
  connections_[slot] =
      std::make_unique<Connection>(std::move(fd), std::move(*watch), context_, timers);
  ++size_;
}

void ConnectionTable::drain(std::function<void()> on_empty) {
  on_empty_ = std::move(on_empty);
  if (size_ == 0) on_empty_();
  for (std::uint32_t slot = 0; slot < connections_.size(); ++slot) {
    if (connections_[slot]) end(slot, connections_[slot]->drain());
  }
}

void ConnectionTable::destroy_all(CloseReason reason) {
  for (std::uint32_t slot = 0; slot < connections_.size(); ++slot) {
    if (connections_[slot]) end(slot, reason);
  }
}

std::size_t ConnectionTable::buffered() const {
  std::size_t bytes = 0;
  for (const auto& connection : connections_) {
    if (connection) bytes += connection->buffered();
  }
  return bytes;
}

void ConnectionTable::on_ready(std::uint32_t slot, std::uint32_t events) {
  end(slot, connections_[slot]->on_ready(events));
}

void ConnectionTable::on_expiry(std::uint32_t slot) { end(slot, connections_[slot]->on_expiry()); }

// The only place where connections are destroyed.
void ConnectionTable::end(std::uint32_t slot, Connection::Ending ending) {
  if (!ending) return;
  counters_.closed_by(*ending).add();
  if (*ending == CloseReason::kSlow || *ending == CloseReason::kShutdown) {
    connections_[slot]->abandon();
  }
  connections_[slot].reset();
  if (--size_ == 0 && on_empty_) on_empty_();
}

}  // namespace closewait
