#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/address.h"
#include "base/endpoint.h"
#include "base/unique_fd.h"
#include "faults/clients/tls_for_tests.h"

namespace closewait {

// What a peer does with each connection that it takes.
struct Script {
  enum class Then : std::uint8_t { kStay, kClose, kReset };

  std::string greeting;                        // before anything comes
  std::string answer;                          // to each request that ends with an empty line
  bool tls = false;                            // speaks it; a close is preceded by close_notify
  bool echo = false;                           // gives back what comes, instead
  bool endless = false;                        // bytes without end follow the first answer
  std::uint64_t answers_at_most = UINT64_MAX;  // further requests get none
  bool answers_at_end = false;                 // and not before the end of input
  Then once_accepted = Then::kStay;
  Then once_answered = Then::kStay;     // the first request
  Then at_end_of_input = Then::kClose;  // when all that was owed is out
  struct OnceReceived {
    std::uint64_t bytes = UINT64_MAX;
    Then then = Then::kStay;
  };
  OnceReceived once_received = {};  // when so many bytes have come
};

// Worlds that any client may find itself in.
[[nodiscard]] Script answers(std::uint64_t size);
[[nodiscard]] Script never_answers();
[[nodiscard]] Script resets_when_asked();
[[nodiscard]] Script answers_garbage();
[[nodiscard]] Script closes_in_mid_answer(std::uint64_t size);

// "HTTP/1.1 200 OK" with `size` bytes of the pattern: what HttpExchange asks for.
[[nodiscard]] std::string http_answer(std::uint64_t size);

// The peer's account of one connection.
struct Seen {
  Endpoint client;
  std::string request;  // the first bytes that came
  std::uint64_t received = 0;
  std::uint64_t sent = 0;
  std::uint64_t requests = 0;  // whole ones
  std::uint64_t reads = 0;     // that gave something
  char urgent = 0;             // the byte that came out of band
  std::uint32_t window = 0;    // the client's, as the handshake told it
  bool end_of_input = false;   // a read gave 0
  short flags = 0;             // poll's, all asked for, at the first sign of an end
  bool close_notify = false;   // came before the end, with TLS
  std::string asked_name;      // the same's SNI
  std::string alpn;            // and the first protocol that was offered
  int error = 0;               // errno of a reset, as read, write or SO_ERROR gave it
  bool over = false;           // the peer has closed its end
};

// A scripted server on a thread of its own, on 127.0.0.1 and a free port or at another address. It
// owns its sockets and the thread and ends with its destructor; what it saw may be asked for by
// any thread.
class Peer {
 public:
  explicit Peer(Script script, const std::string& address = "127.0.0.1:0");
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer();

  [[nodiscard]] const SocketAddress& address() const { return address_; }
  [[nodiscard]] std::string certificate_file() const {
    return tls_ ? tls_->certificate_file() : "";
  }
  [[nodiscard]] std::size_t accepted() const;
  [[nodiscard]] std::vector<Seen> seen() const;
  // Ends every connection that it has.
  void close_all() { end_all(Script::Then::kClose); }
  void reset_all() { end_all(Script::Then::kReset); }
  // Waits until `reached` holds of what was seen; false after 10 s.
  [[nodiscard]] bool eventually(const std::function<bool(const std::vector<Seen>&)>& reached) const;
  // Of the first connection, when it is over or the peer will do nothing more to it. With neither
  // `over` nor `end_of_input` it never came to an end.
  [[nodiscard]] Seen end() const;

 private:
  struct Connection;

  void run();
  void end_all(Script::Then then);
  void follow_orders();
  void accept_all();
  void serve(Connection& connection, short events);
  void read(Connection& connection);
  void requests_came(Connection& connection, const std::string& bytes);
  static void release_answers(Connection& connection);
  void write(Connection& connection);
  void follow(Connection& connection, Script::Then then);

  Script script_;
  std::unique_ptr<TlsForTests> tls_;
  UniqueFd listener_;
  UniqueFd wake_;
  SocketAddress address_;
  mutable std::mutex mutex_;  // between the thread and who asks: all below
  mutable std::condition_variable changed_;
  std::deque<Connection> connections_;
  Script::Then end_all_ = Script::Then::kStay;  // what the thread is to do next
  bool stopping_ = false;
  std::thread thread_;
};

// The address of a port on which nobody listens.
[[nodiscard]] SocketAddress closed_port();
// How many descriptors this process has open.
[[nodiscard]] std::size_t open_descriptors();

}  // namespace closewait
