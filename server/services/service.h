#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "server/services/http_body.h"
#include "server/services/output.h"

namespace closewait {

// Where a loop reads to: what the service leaves of it is kept, so a head has to fit.
inline constexpr std::size_t kInputBuffer = 64 * 1024;

// What a service takes and gives at most. A plain value; the defaults are the program's.
struct ServiceLimits {
  std::uint64_t max_head = 16 * 1024;                    // of a request, at most kInputBuffer
  std::uint64_t max_body = 64 * 1024 * 1024;             // of a request
  std::uint64_t chargen_bytes = std::uint64_t{1} << 62;  // then the server ends first
};

// What the services of one loop's connections share.
struct ServiceContext {
  const ServiceLimits& limits;
  std::string_view date;  // of now, as HTTP writes it
};

// How far a service is with one connection. The connection owns it, the service keeps it.
struct ServiceState {
  const ServiceContext* context = nullptr;  // borrowed from the connection's
  HttpBody body;                            // of a request whose head was taken
  enum class BodyGoes : std::uint8_t { kNowhere, kBack, kBackInChunks, kIntoACount };
  BodyGoes body_goes = BodyGoes::kNowhere;
  bool last = false;         // set by the service: no request after this one
  bool peer_leaves = false;  // set by the service: the peer has said that nothing more comes
  bool stays = false;        // set by the service: its peer has to be told when there may be one
  bool draining = false;     // set by the connection: make the next answer the last
  bool input_ended = false;  // set by the connection: the peer shut down its sending
  std::uint64_t steps = 0;   // raised by the service when something was achieved: deadlines restart
  std::uint64_t produced = 0;
};

// What a server does with the bytes it gets: a row of the table, and functions without memory of
// their own. What a service has no use for is nullptr.
struct Service {
  std::string_view name;
  // Takes what it can of `input` and appends what it owes for it; says how many bytes it took.
  // What it leaves it is given again, with more behind it: when the output is no longer full, or
  // else when there is more input.
  std::size_t (*serve)(ServiceState& state, std::string_view input, Output& output);
  // Appends more without being asked; called whenever the output is not full, until it sets `last`.
  void (*produce)(ServiceState& state, Output& output) = nullptr;
  // Tells the peer, with an HTTP status, why nothing more is served, if that can be said now.
  void (*refuse)(ServiceState& state, int status, Output& output) = nullptr;
  bool only_listens = false;  // never owes anything: says so by shutting down sending at once
};

[[nodiscard]] std::span<const Service> services();
// nullptr when there is none of that name.
[[nodiscard]] const Service* find_service(std::string_view name);

std::size_t serve_echo(ServiceState& state, std::string_view input, Output& output);
std::size_t serve_discard(ServiceState& state, std::string_view input, Output& output);
void produce_chargen(ServiceState& state, Output& output);
std::size_t serve_http(ServiceState& state, std::string_view input, Output& output);
void refuse_http(ServiceState& state, int status, Output& output);

}  // namespace closewait
