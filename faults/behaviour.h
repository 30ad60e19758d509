#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.h"
#include "base/error.h"
#include "record/outcome.h"

namespace boost::asio {
class any_io_executor;
template <typename T, typename Executor>
class awaitable;
}  // namespace boost::asio

namespace closewait {

class Client;
class Exchange;

struct Step;

// What a behaviour may be told. Each behaviour's row lists those it knows; the others keep their
// zero and are never read.
struct Params {
  std::uint64_t size = 0;         // bytes of response to ask for
  std::uint64_t bytes = 0;        // bytes after which something happens
  std::uint64_t rate = 0;         // bytes per second
  std::uint64_t requests = 0;     // exchanges on one connection
  Nanoseconds wait{0};            // before the next step
  Nanoseconds hold{0};            // how long to stay
  Nanoseconds every{0};           // between two steps
  Nanoseconds timeout{0};         // from the start to the behaviour's own deadline
  std::span<const Step> steps{};  // of one that is composed: borrowed of it
};

// A parameter of a row: how a scenario writes it and where it goes.
struct Parameter {
  enum class Kind : std::uint8_t { kBytes, kDuration, kByteRate, kCount };
  using Field = std::variant<std::uint64_t Params::*, Nanoseconds Params::*>;

  std::string_view name;
  Kind kind;
  Field field;
  std::string_view fallback;  // the default, as a scenario would write it: "8MiB"
  std::string_view meaning;
};

// How a client ends. It decides what a leak of it looks like, so there is exactly one a row.
enum class End : std::uint8_t {
  kFin,
  kRst,     // by SO_LINGER, or connect(AF_UNSPEC)
  kUnread,  // a reset as well: what the kernel makes of close() with bytes unread
  kVanish,  // neither: the peer is told nothing
};
[[nodiscard]] constexpr bool is_reset(End end) { return end == End::kRst || end == End::kUnread; }
// "FIN", "RST" or "nothing": what the peer is sent.
[[nodiscard]] std::string_view name_of(End end);

// What the behaviour needs of the target, and of the rig, to be able to happen.
struct Needs {
  std::uint64_t response_bytes = 0;  // the target must be able to give this much in one response
  bool keep_alive = false;
  bool tcp = false;        // does not apply to Unix sockets
  bool tls = false;        // the target speaks it
  bool grammar = false;    // requests can be wrong: not so of an echo
  bool parts = false;      // a request has two bytes or more
  bool body = false;       // requests of HTTP, which have a body
  bool greeting = false;   // the target speaks first
  bool net_admin = false;  // the rig has CAP_NET_ADMIN
};

// What a correct server owes it.
enum class Owed : std::uint8_t {
  kNothing,
  kResponse,
  kEveryResponse,
  kResponseOrEnd,     // or it ends the connection in its own time
  kResponseAfterEnd,  // though the client has ended its side, where the target means to answer then
  kGreeting,
};
// "the whole response": as docs and programs say it.
[[nodiscard]] std::string_view name_of(Owed owed);

// The row of a behaviour: what preflight, docs and tests read.
struct Behaviour {
  using Coroutine = boost::asio::awaitable<Outcome, boost::asio::any_io_executor>;
  using Run = Coroutine (*)(Client&, Exchange&, const Params&);

  std::string_view name;
  std::string_view story;
  std::string_view sees;        // what the server gets of it, by epoll and its calls
  std::string_view brings_out;  // the class of bugs, with one that is public where there is
  std::span<const Parameter> parameters;
  Needs needs;
  Owed owed;
  End end;
  bool polite;  // a control: its failures are the target's
  Run run;
  std::span<const Step> steps{};  // of one that is composed of them; else none
  bool leaves_unread = false;     // stays beside a response that it does not take
  bool stays_silent = false;      // for `hold`, as long as the target bears it
};

// Behaviours that are told of together.
struct BehaviourGroup {
  std::string_view title;
  std::span<const Behaviour* const> rows;
};

// Every behaviour there is, the polite ones first; by their groups.
[[nodiscard]] std::span<const Behaviour* const> catalogue();
[[nodiscard]] std::span<const BehaviourGroup> behaviour_groups();
[[nodiscard]] const Behaviour* find_behaviour(std::string_view name);
[[nodiscard]] std::span<const std::string_view> behaviour_names();

[[nodiscard]] Params default_params(const Behaviour& behaviour);
// Sets one parameter from its text; the error is errc::invalid_argument.
[[nodiscard]] error_code set_param(Params& params, const Parameter& parameter,
                                   std::string_view text);
// Its value as set_param() reads it back.
[[nodiscard]] std::string param_text(const Params& params, const Parameter& parameter);
// "a size such as 64KiB" for what `kind` is written like.
[[nodiscard]] std::string_view example_of(Parameter::Kind kind);

}  // namespace closewait
