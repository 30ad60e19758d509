#pragma once

#include <cstdint>
#include <string>

#include "base/address.h"

namespace closewait {

// A small level-triggered epoll server that is right: HTTP with keep-alive and pipelining, GET
// /bytes/N and GET /, half-close answered in full, resets torn down, bounded memory. A specimen
// derives from it and gets exactly one thing wrong by overriding one of the steps below. It is
// naive on purpose (bare descriptors, pointers in events): that is the code in which these bugs
// live. Owns its descriptors and connections until the process ends. One thread.
class Skeleton {
 public:
  virtual ~Skeleton() = default;

  // Throws SetupError. Says where it listens.
  [[nodiscard]] SocketAddress listen(const SocketAddress& address);
  // Never returns.
  [[noreturn]] void run();

 protected:
  struct Connection {
    int fd = -1;
    std::string input;
    std::string head;          // owed, before the pattern
    std::uint64_t offset = 0;  // of the pattern
    std::uint64_t left = 0;    // bytes of it that are owed
    std::uint32_t interest = 0;
    bool ended = false;        // the peer shut down its sending
    bool last = false;         // the peer asked for no more after this answer
    bool shut = false;         // everything was written, sending is shut down
    std::uint64_t served = 0;  // requests that were answered
    bool failed = false;       // a flawed server's to use
  };

  // How the listener is watched, and how many are accepted each time it is ready.
  [[nodiscard]] virtual std::uint32_t listener_interest() const;
  [[nodiscard]] virtual int accepts_at_once() const { return 64; }

  // A new connection is watched.
  virtual void on_accepted(Connection*) {}

  // The steps. Each may destroy the connection, so each is the last thing done with it.
  virtual void on_ready(Connection* connection, std::uint32_t events);
  // More of the peer's bytes are in `input`.
  virtual void on_input(Connection* connection);
  // read() or write() failed with `error`, which is not EAGAIN.
  virtual void on_failure(Connection* connection, int error);
  // Nothing is owed any more and the peer sends no more.
  virtual void on_end(Connection* connection);
  // epoll_wait() failed with `error`.
  virtual void on_failed_wait(int) {}
  // accept() failed for want of a descriptor; true: nothing more is to be done about it.
  [[nodiscard]] virtual bool accepts_without_descriptors() { return false; }
  // The kernel takes no more for now; how far it came is noted. Destroys nothing.
  virtual void on_full_buffer(Connection*) {}

  void destroy(Connection* connection);
  void unregister(Connection* connection);
  void watch(Connection* connection, std::uint32_t events);
  // Nothing more than once is told of it, and it stays in the epoll set.
  void watch_no_more(Connection* connection);
  void stop_listening();
  // Answers what was asked for and writes what is owed.
  void write_some(Connection* connection);

 private:
  void accept_all();
  void answer(Connection* connection);
  void ask_for(Connection* connection, std::uint32_t interest);

  int epoll_ = -1;
  int listener_ = -1;
  int spare_ = -1;  // given up to turn a connection away when there are no more descriptors
};

}  // namespace closewait
