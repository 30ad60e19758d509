#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "server/counting/totals.h"
#include "server/server.h"

namespace closewait {

inline ServerOptions options_for(std::string_view service, unsigned workers = 1) {
  ServerOptions options;
  options.listen = {ListenAddress{*SocketAddress::parse("127.0.0.1:0")}};
  options.service = find_service(service);
  options.workers = workers;
  return options;
}

// A server on its threads, in this process, with all that it borrows.
struct Running {
  explicit Running(const ServerOptions& options)
      : listeners(options.listen, options.workers),
        counters(options.workers),
        server(options, counters.workers(), shares_of(listeners, options.workers)) {
    server.start();
  }
  explicit Running(std::string_view service) : Running(options_for(service)) {}

  [[nodiscard]] const SocketAddress& address() const {
    return listeners.addresses().front().address;
  }
  [[nodiscard]] Totals totals() const {
    Totals totals;
    totals.add(std::as_const(counters).workers());
    return totals;
  }
  [[nodiscard]] std::uint64_t closed(CloseReason reason) const {
    return totals().closed[static_cast<std::size_t>(reason)];
  }

  void drain() {
    listeners.close();
    server.drain();
  }

  Listeners listeners;
  CounterMemory counters;
  Server server;

 private:
  static std::vector<std::vector<Listener>> shares_of(const Listeners& listeners,
                                                      unsigned workers) {
    std::vector<std::vector<Listener>> shares;
    for (unsigned i = 0; i < workers; ++i) shares.push_back(listeners.share(i));
    return shares;
  }
};

}  // namespace closewait
