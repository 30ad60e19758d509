#pragma once

#include <sys/epoll.h>

#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.h"

namespace closewait {

// Which sockets of an io_context's clients are ready: an epoll set of its own, which Asio's reactor
// waits for as for one descriptor. A connection that waits twice costs it one call, EPOLL_CTL_ADD;
// Asio's own sockets make five (ADD, FIONBIO, a MOD each time, DEL). A service of the io_context:
// it comes with the first client and goes with the context. One thread.
//
// An event carries a slot and a generation, not a pointer: a socket that closes leaves the set by
// itself, save where a process that was just forked still has it, and its late events find another
// generation.
class Readiness : public boost::asio::execution_context::service {
 public:
  static boost::asio::execution_context::id id;

  enum class Direction : std::uint8_t { kRead, kWrite };

  // One socket's place in the set, a member of whoever owns the socket and waits for it by
  // `timer`: when it is ready the timer is cancelled. Registered at the first wait.
  class Watch {
   public:
    Watch(boost::asio::io_context& io, boost::asio::steady_timer& timer);
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    ~Watch();

    // From now on readiness cancels the timer, also when it came before. An error of epoll_ctl is
    // the rig's own (ENOSPC: fs.epoll.max_user_watches).
    [[nodiscard]] error_code begin_wait(int fd, Direction direction);
    void end_wait();

    [[nodiscard]] bool registered() const { return slot_.has_value(); }
    // False: nothing has come since the last read that took all there was, so the next would find
    // nothing either.
    [[nodiscard]] bool may_read() const { return readable_ || sticky_; }
    // Those that ended the last wait; 0 when time did, or when they were taken before.
    [[nodiscard]] std::uint32_t take_events() { return std::exchange(events_, 0); }
    // A read has found less than it asked for.
    void has_read_all() { readable_ = false; }

   private:
    friend class Readiness;
    void on_events(std::uint32_t events);

    Readiness& readiness_;
    boost::asio::steady_timer& timer_;
    std::optional<std::uint32_t> slot_;
    std::uint32_t events_ = 0;
    Direction direction_ = Direction::kRead;
    bool waiting_ = false;
    bool readable_ = true;
    bool sticky_ = false;  // an end, or urgent data: there may be more to read without an event
    bool watches_writes_ = false;
  };

  explicit Readiness(boost::asio::execution_context& context);

 private:
  struct Slot {
    Watch* watch = nullptr;  // null: free
    std::uint32_t generation = 0;
  };

  void shutdown() override;
  [[nodiscard]] error_code control(int operation, int fd, const Watch& watch);
  std::uint32_t take_slot(Watch& watch);
  void give_back(std::uint32_t slot);
  void arm();
  void dispatch();

  std::optional<boost::asio::posix::stream_descriptor> set_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::size_t waiting_ = 0;
  bool armed_ = false;  // set_ is waited for: only while somebody waits, else io.run() never ended
};

}  // namespace closewait
