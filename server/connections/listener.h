#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/address.h"
#include "base/unique_fd.h"

namespace closewait {

// How bytes go through a connection.
enum class Layer : std::uint8_t { kPlain, kTls };

// Where to listen, and what is spoken there.
struct ListenAddress {
  SocketAddress address;
  Layer layer = Layer::kPlain;
};

// A listening socket and where it listens (the port it got, when 0 was asked for).
struct Listener {
  UniqueFd fd;
  SocketAddress address;
  Layer layer = Layer::kPlain;
};

// One address for `count` loops, a listener each: sockets that share the port (SO_REUSEPORT), or
// duplicates for a Unix path. Throws SetupError, "cannot listen on ...", also when the port is
// another program's that would share it.
[[nodiscard]] std::vector<Listener> open_listeners(const ListenAddress& where, unsigned count);
// Another descriptor of the same socket. Throws SetupError.
[[nodiscard]] Listener duplicate(const Listener& listener);

// The sockets of a whole server: for each of its loops one at each address. A socket listens until
// its last descriptor is closed, in whichever process, so whoever keeps these can give the loops
// others. Owns them, and removes the files of Unix sockets at its end. One thread.
class Listeners {
 public:
  // Opens them. Throws SetupError.
  Listeners(std::span<const ListenAddress> where, unsigned loops);
  ~Listeners() { close(); }
  Listeners(const Listeners&) = delete;
  Listeners& operator=(const Listeners&) = delete;

  // Of the first loop, so each address once, in their order.
  [[nodiscard]] const std::vector<ListenAddress>& addresses() const { return addresses_; }
  [[nodiscard]] const std::vector<Listener>& of(unsigned loop) const { return by_loop_[loop]; }
  // Duplicates of what one loop has. Throws SetupError.
  [[nodiscard]] std::vector<Listener> share(unsigned loop) const;
  // Removes the files and closes the sockets: who has no share has nothing any more.
  void close() noexcept;

 private:
  explicit Listeners(unsigned loops) : by_loop_(loops) {}

  std::vector<ListenAddress> addresses_;
  std::vector<std::vector<Listener>> by_loop_;
};

}  // namespace closewait
