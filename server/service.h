#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "server/output.h"

namespace closewait {

// How far a service is with one connection. The connection owns it, the service keeps it.
struct ServiceState {
  std::uint64_t max_body = 0;   // a larger request body is refused
  std::uint64_t body_left = 0;  // of a request whose head was taken
  bool body_echoed = false;     // that body is the response's; else it is dropped
  bool last = false;            // set by the service: no request after this one
  bool draining = false;        // set by the connection: make the next answer the last
};

// What a server does with the bytes it gets: a row of the table, and a function without memory of
// its own.
struct Service {
  std::string_view name;
  // Takes what it can of `input` and appends what it owes for it; says how many bytes it took.
  // What it leaves it is given again, with more behind it: when the output is no longer full, or
  // else when there is more input.
  std::size_t (*serve)(ServiceState& state, std::string_view input, Output& output);
};

[[nodiscard]] std::span<const Service> services();
// nullptr when there is none of that name.
[[nodiscard]] const Service* find_service(std::string_view name);

std::size_t serve_echo(ServiceState& state, std::string_view input, Output& output);
std::size_t serve_http(ServiceState& state, std::string_view input, Output& output);

}  // namespace closewait
