#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "base/address.h"
#include "base/clock.h"
#include "base/endpoint.h"
#include "base/shared_memory.h"

namespace closewait {

// Which connection of ours is at the other end of a target's socket, by local address and port:
// fixed memory whatever the length of the run. The rig chooses its ports itself and takes none
// again before both ends of its last connection are gone, so (address, port) names a connection
// exactly, and one whose server side is never destroyed stays here by name.
//
// A slot belongs to one worker from take() to client_ended(); the thread that reads destroy
// events calls destroyed() at any time; the slot's atomic state orders the two. outstanding() and
// forget() are for a rest, when no client runs. Processes may share a table: each makes its own
// over the same memory, with the same sources and ports, and for workers that are its own.
class PortTable {
 public:
  using Slot = std::uint32_t;

  struct Connection {
    std::uint64_t number = 0;     // of the plan
    std::uint32_t behaviour = 0;  // index of the run's behaviours
    Instant ended{};              // when the client closed its socket
    bool abandoned = false;       // not by its behaviour: its time or the phase was over
  };
  struct Reaped {
    std::uint32_t behaviour = 0;
    Nanoseconds after{0};  // from the client's end to the destruction; 0 when that came first
  };

  // Ports `low` to `high` of each source but those that are reserved for others; worker w of
  // `workers` uses every workers-th of them.
  struct Range {
    std::uint16_t low = 0;
    std::uint16_t high = 0;
    std::vector<std::uint16_t> reserved{};  // within it, each once

    [[nodiscard]] std::size_t usable() const {
      return static_cast<std::size_t>(high - low) + 1 - reserved.size();
    }
  };
  PortTable(std::vector<SocketAddress> sources, Range ports, std::size_t workers);
  // In memory that other processes have too, made by memory_for() as many sources.
  PortTable(std::vector<SocketAddress> sources, Range ports, std::size_t workers,
            SharedMemory memory);
  [[nodiscard]] static SharedMemory memory_for(std::size_t sources, const Range& ports);

  // A port that no connection uses at either end, round robin; nothing when the worker has none.
  [[nodiscard]] std::optional<Slot> take(std::size_t worker);
  [[nodiscard]] SocketAddress address_of(Slot slot) const;

  // Around a client's life, on its worker: before connect, and after the socket was closed.
  void opening(Slot slot, std::uint64_t number, std::uint32_t behaviour);
  void never_opened(Slot slot);
  // What was reaped, when the server side went first.
  struct ClientEnd {
    Instant at;
    bool abandoned = false;
  };
  [[nodiscard]] std::optional<Reaped> client_ended(Slot slot, ClientEnd end);

  // A destroy event of the target's socket whose peer was this address. Nothing when the client
  // still lives (client_ended() tells then) or when the connection was not one of ours.
  [[nodiscard]] std::optional<Reaped> destroyed(const Endpoint& client, Instant at);

  // Connections whose client is gone and whose server side is not: how many, and each of them.
  [[nodiscard]] std::uint64_t outstanding_count() const;
  void outstanding(const std::function<void(Slot, const Connection&)>& each) const;
  // Gives the slot up: it is judged, or its events were lost.
  void forget(Slot slot);

  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  struct Entry {
    std::atomic<std::uint8_t> state{0};  // who still has a socket
    bool abandoned = false;
    std::uint32_t behaviour = 0;
    std::uint64_t number = 0;
    Instant ended{};
    Instant destroyed{};
  };

  [[nodiscard]] std::optional<Slot> slot_of(Endpoint client) const;
  void keep_out_of_reserved();

  std::vector<SocketAddress> sources_;
  std::map<Endpoint, std::uint32_t> source_index_;  // by the address with port 0
  Range ports_;
  std::size_t size_;
  SharedMemory memory_;
  // In memory_. Raised by workers, lowered by the thread that reads events; exact when neither is
  // at work.
  std::atomic<std::uint64_t>& outstanding_;
  Entry* entries_;                   // in memory_
  std::vector<std::size_t> cursor_;  // of each worker
};

}  // namespace closewait
