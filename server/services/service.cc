#include "server/services/service.h"

#include <algorithm>
#include <array>

namespace closewait {
namespace {

constexpr std::uint64_t kProducedAtOnce = 1024 * 1024;

constexpr std::array kServices = {
    Service{.name = "echo", .serve = serve_echo},
    Service{.name = "http", .serve = serve_http, .refuse = refuse_http},
    Service{.name = "discard", .serve = serve_discard, .only_listens = true},
    Service{.name = "chargen", .serve = serve_discard, .produce = produce_chargen},
};

}  // namespace

std::span<const Service> services() { return kServices; }

const Service* find_service(std::string_view name) {
  const auto found = std::ranges::find(kServices, name, &Service::name);
  return found == kServices.end() ? nullptr : &*found;
}

// The small ones are here because this is all there is to them.

std::size_t serve_echo(ServiceState& state, std::string_view input, Output& output) {
  if (output.full()) return 0;
  ++state.steps;
  output.append(input);
  return input.size();
}

// RFC 863. The bytes are counted by the connection.
std::size_t serve_discard(ServiceState& state, std::string_view input, Output&) {
  ++state.steps;
  return input.size();
}

// RFC 864, with the pattern of base/ in place of its lines. A peer that ends its sending has had
// enough; what was produced by then is still written.
void produce_chargen(ServiceState& state, Output& output) {
  const std::uint64_t left = state.context->limits.chargen_bytes - state.produced;
  const std::uint64_t size =
      state.draining || state.input_ended ? 0 : std::min(left, kProducedAtOnce);
  output.append_pattern(state.produced, size);
  state.produced += size;
  state.last = size == left || size == 0;
}

}  // namespace closewait
