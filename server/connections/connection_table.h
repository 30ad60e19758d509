#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "server/connections/capacity.h"
#include "server/connections/connection.h"
#include "server/connections/listener.h"
#include "server/tls/tls_context.h"

namespace closewait {

// Owns the connections of one loop, each in the slot of its watch's handle, and alone destroys
// them, in one place, with a counted reason. The loop drops events whose generation is not the
// slot's any more, so an event never reaches another connection than it was for. Borrows the loop,
// the options, the counters, the capacity and what TLS needs. Belongs to the loop's thread.
class ConnectionTable final : private ReadyHandler, private TimerHandler {
 public:
  // `tls` may be nullptr when nothing is added with TLS.
  ConnectionTable(EventLoop& loop, const ServerOptions& options, Counters& counters,
                  Capacity& capacity, const TlsContext* tls = nullptr)
      : context_(loop, options, counters), counters_(counters), capacity_(capacity), tls_(tls) {}

  // Takes what was accepted, or refuses it when there are enough.
  void add(UniqueFd fd, Layer layer = Layer::kPlain);
  // Ends every connection as soon as it is owed nothing, and calls `on_empty` when none is left.
  void drain(std::function<void()> on_empty);
  void destroy_all(CloseReason reason);

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  void on_ready(std::uint32_t slot, std::uint32_t events) override;
  void on_expiry(std::uint32_t slot) override;
  [[nodiscard]] std::optional<Seat> take_seat();
  void place(Stream stream, Seat seat, bool refused);
  // Calls one member of a connection, and ends it when that says so.
  template <class... Arguments>
  void call(std::uint32_t slot, Connection::Ending (Connection::*member)(Arguments...),
            Arguments... arguments);
  void end(std::uint32_t slot, CloseReason reason);

  ConnectionContext context_;
  Counters& counters_;
  Capacity& capacity_;
  const TlsContext* tls_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::size_t size_ = 0;
  std::function<void()> on_empty_;  // set while draining
};

}  // namespace closewait
