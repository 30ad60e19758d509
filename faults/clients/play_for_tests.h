#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "base/address.h"
#include "base/clock.h"
#include "faults/behaviour.h"
#include "faults/call_log.h"
#include "faults/exchange.h"
#include "faults/tls_client_context.h"
#include "record/outcome.h"
#include "record/tally.h"

namespace closewait {

// One client of a behaviour, to be run by itself on the test's thread. Borrows the exchange.
struct Play {
  const Behaviour* behaviour = nullptr;
  Params params;
  SocketAddress target;
  Exchange* exchange = nullptr;           // null: HttpExchange for params.size
  const TlsClientContext* tls = nullptr;  // null: plain
  CallLog* log = nullptr;                 // null: none is kept
  std::uint64_t choices = 1;              // what it draws from
  std::function<bool()> cut_when = {};    // cuts it as soon as this holds
};

struct Played {
  bool ended = false;  // within 20 s
  Outcome outcome{};
  ClientTally tally;
  Nanoseconds took{0};
  bool abandoned = false;
  error_code rig_error;
};

// A row of the catalogue with its defaults, a short deadline and this target.
[[nodiscard]] Play play_of(std::string_view behaviour, const SocketAddress& target);
[[nodiscard]] Played run(const Play& play);
// It happened to its end, which was proven, and whatever was owed came.
void expect_delivered(const Played& played);

}  // namespace closewait
