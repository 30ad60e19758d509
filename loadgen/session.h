#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/intrusive/list.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "faults/client.h"
#include "faults/tls_client_context.h"
#include "loadgen/port_table.h"
#include "loadgen/scenario.h"
#include "loadgen/target_exchange.h"
#include "record/tally.h"

namespace closewait {

// Null when the target is plain.
[[nodiscard]] std::unique_ptr<TlsClientContext> tls_of(const TargetSpec& spec);

// What the sessions of one worker share: borrowed by each of them, owned by the worker.
struct SessionContext {
  boost::asio::io_context* io;
  std::span<const SocketAddress> targets;  // connection n goes to the n-th, counted round
  const TargetSpec* target_spec;
  std::vector<HttpTexts> http;                // for each of them
  std::unique_ptr<TlsClientContext> tls;      // null: plain
  const std::vector<SocketAddress>* sources;  // empty: the kernel's choice
  PortTable* ports;                           // null: the kernel chooses the ports
  std::size_t worker;
  std::span<std::byte> scratch;
};

// One connection of the plan.
struct Assignment {
  const ClientMix* mix;
  std::uint32_t behaviour;  // index of the run's behaviours
  std::uint64_t number;     // of the plan, over all workers and phases
  std::uint64_t choices;    // hash(seed, number)
  Instant planned;
};

// Runs one assignment to its end and records it: the exchange in the target's dialect, a port, the
// client, its outcome. Owns all of that for as long as run() takes, borrows the worker's context
// and tally. Linked in the worker's list, by which it is cut. One thread.
class Session : public boost::intrusive::list_base_hook<
                    boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  Session(const SessionContext& context, const Assignment& assignment, ClientTally& tally);

  Client::Awaitable<void> run();
  void cut();

 private:
  [[nodiscard]] std::size_t target() const;
  [[nodiscard]] bool take_slot();
  [[nodiscard]] std::optional<SocketAddress> local() const;
  [[nodiscard]] Client::Setup client_setup() const;
  [[nodiscard]] bool conclude(const Client& client, Outcome outcome, const Exchange& exchange);
  [[nodiscard]] bool is_innocent(const Client& client, const Exchange& exchange) const;
  void count_response(const Client& client, Outcome outcome, const Exchange& exchange);

  const SessionContext& context_;
  Assignment assignment_;
  ClientTally& tally_;
  std::optional<PortTable::Slot> slot_;
  Client* client_ = nullptr;
  bool cut_ = false;
};

using SessionList = boost::intrusive::list<Session, boost::intrusive::constant_time_size<false>>;

}  // namespace closewait
