#include "server/connections/connection_table.h"

#include <utility>

namespace closewait {

void ConnectionTable::add(UniqueFd fd, Layer layer) {
  if (auto seat = take_seat()) {
    const int borrowed = fd.get();
    auto tls = layer == Layer::kTls ? tls_->session(borrowed) : nullptr;
    if (layer == Layer::kTls && tls == nullptr)
      return counters_.closed_by(CloseReason::kError).add();
    return place(Stream(std::move(fd), std::move(tls)), std::move(*seat), false);
  }
  // Through TLS it would take a handshake to say so.
  if (context_.options.service->refuse != nullptr && layer == Layer::kPlain) {
    if (auto seat = capacity_.refusals.take()) {
      return place(Stream(std::move(fd)), std::move(*seat), true);
    }
  }
  counters_.closed_by(CloseReason::kRefused).add();  // the descriptor closes here
}

// When there is none, the connection of this loop that has been idle longest may have to give its
// own. Its event may be in the batch that the newcomer's was in: that one is stale then.
std::optional<Seat> ConnectionTable::take_seat() {
  auto seat = capacity_.connections.take();
  if (seat || context_.idle.empty()) return seat;
  call(context_.idle.front().slot, &Connection::give_way);
  return capacity_.connections.take();
}

void ConnectionTable::place(Stream stream, Seat seat, bool refused) {
  auto watch = context_.loop.watch(stream.fd(), Connection::kInterest, *this);
  if (!watch) {  // out of memory or of max_user_watches; the descriptor closes here
    counters_.closed_by(CloseReason::kError).add();
    return;
  }
  const std::uint32_t slot = watch->handle().slot;
  if (slot >= connections_.size()) connections_.resize(slot + 1);
  TimerHandler& timers = *this;
  connections_[slot] = std::make_unique<Connection>(std::move(stream), std::move(*watch),
                                                    std::move(seat), context_, timers);
  ++size_;
  call(slot, refused ? &Connection::refuse : &Connection::start);
}

void ConnectionTable::drain(std::function<void()> on_empty) {
  on_empty_ = std::move(on_empty);
  if (size_ == 0) on_empty_();
  for (std::uint32_t slot = 0; slot < connections_.size(); ++slot) {
    if (connections_[slot]) call(slot, &Connection::drain);
  }
}

void ConnectionTable::destroy_all(CloseReason reason) {
  for (std::uint32_t slot = 0; slot < connections_.size(); ++slot) {
    if (connections_[slot]) end(slot, reason);
  }
}

void ConnectionTable::on_ready(std::uint32_t slot, std::uint32_t events) {
  call(slot, &Connection::on_ready, events);
}

void ConnectionTable::on_expiry(std::uint32_t slot) { call(slot, &Connection::on_expiry); }

template <class... Arguments>
void ConnectionTable::call(std::uint32_t slot,
                           Connection::Ending (Connection::*member)(Arguments...),
                           Arguments... arguments) {
  Connection& connection = *connections_[slot];
  const std::size_t before = connection.buffered();
  const Connection::Ending ending = (connection.*member)(arguments...);
  counters_.buffered_bytes.move(before, connection.buffered());
  if (ending) end(slot, *ending);
}

// The only place where connections are destroyed.
void ConnectionTable::end(std::uint32_t slot, CloseReason reason) {
  Connection& connection = *connections_[slot];
  counters_.buffered_bytes.move(connection.buffered(), 0);
  counters_.closed_by(connection.reason(reason)).add();
  connection.abandon();
  connections_[slot].reset();
  if (--size_ == 0 && on_empty_) on_empty_();
}

}  // namespace closewait
