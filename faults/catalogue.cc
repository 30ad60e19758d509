#include <array>

#include "faults/behaviour.h"
#include "faults/clients/clients.h"

namespace closewait {
namespace {

using Kind = Parameter::Kind;

constexpr Parameter size_of(std::string_view fallback) {
  return {"size", Kind::kBytes, &Params::size, fallback, "bytes of response to ask for"};
}
constexpr Parameter timeout_of(std::string_view fallback) {
  return {"timeout", Kind::kDuration, &Params::timeout, fallback,
          "from its start to its own deadline"};
}

constexpr std::array kPolite{size_of("1KiB"), timeout_of("10s")};
constexpr std::array kPoliteKeepalive{size_of("1KiB"),
                                      Parameter{"requests", Kind::kCount, &Params::requests, "10",
                                                "one after another on its connection"},
                                      timeout_of("30s")};
constexpr std::array kPoliteHeld{
    size_of("1KiB"),
    Parameter{"hold", Kind::kDuration, &Params::hold, "5s",
              "stays for a time of its own between 1 s and this"},
    Parameter{"every", Kind::kDuration, &Params::every, "500ms", "between two requests"},
    timeout_of("30s")};
constexpr std::array kRstAfterConnect{
    Parameter{"wait", Kind::kDuration, &Params::wait, "1ms", "between connect and reset"},
    timeout_of("10s")};
constexpr std::array kRstMidResponse{size_of("8MiB"),
                                     Parameter{"bytes", Kind::kBytes, &Params::bytes, "64KiB",
                                               "bytes of the response to receive before the reset"},
                                     timeout_of("10s")};
constexpr std::array kHalfClose{size_of("64KiB"), timeout_of("10s")};
constexpr std::array kSlowRead{
    size_of("8MiB"),
    Parameter{"rate", Kind::kByteRate, &Params::rate, "4MiB/s", "how fast it reads"},
    Parameter{"every", Kind::kDuration, &Params::every, "10ms", "between two reads"},
    timeout_of("30s")};

constexpr std::uint64_t kBulk = 8 * 1024 * 1024;

constexpr std::array kCatalogue{
    Behaviour{.name = "polite",
              .story = "Sends a request, receives the whole response, shuts down sending, reads "
                       "to the end and closes. The control.",
              .parameters = kPolite,
              .needs = {},
              .owed = Owed::kResponse,
              .end = End::kFin,
              .polite = true,
              .run = polite},
    Behaviour{.name = "polite-keepalive",
              .story = "Asks several times on one connection, as soon as it has been answered, "
                       "and ends as polite does: a browser, a proxy's pool.",
              .parameters = kPoliteKeepalive,
              .needs = {.keep_alive = true},
              .owed = Owed::kEveryResponse,
              .end = End::kFin,
              .polite = true,
              .run = polite_keepalive},
    Behaviour{.name = "polite-held",
              .story = "Stays connected and asks again every now and then. Must never be closed "
                       "nor get another's bytes: the victim of a double close is one of these.",
              .parameters = kPoliteHeld,
              .needs = {.keep_alive = true},
              .owed = Owed::kEveryResponse,
              .end = End::kFin,
              .polite = true,
              .run = polite_held},
    Behaviour{.name = "rst-after-connect",
              .story = "Connects, waits a moment and resets: a port scanner, a health check, a "
                       "browser's spare connection.",
              .parameters = kRstAfterConnect,
              .needs = {.tcp = true},
              .owed = Owed::kNothing,
              .end = End::kRst,
              .polite = false,
              .run = rst_after_connect},
    Behaviour{.name = "rst-mid-response",
              .story = "Asks for much, receives a part of it and resets: a closed browser tab. "
                       "The server's next write meets ECONNRESET or EPIPE.",
              .parameters = kRstMidResponse,
              .needs = {.response_bytes = kBulk, .tcp = true},
              .owed = Owed::kNothing,
              .end = End::kRst,
              .polite = false,
              .run = rst_mid_response},
    Behaviour{.name = "half-close",
              .story = "Sends a whole request, shuts down sending and receives to the end. End "
                       "of input is not end of output: the whole response is owed.",
              .parameters = kHalfClose,
              .needs = {},
              .owed = Owed::kResponse,
              .end = End::kFin,
              .polite = false,
              .run = half_close},
    Behaviour{.name = "slow-read",
              .story = "Asks for much with a small receive window and reads a little at a time: a "
                       "phone on a train. All of it is owed, and the server must not buffer it.",
              .parameters = kSlowRead,
              .needs = {.response_bytes = kBulk},
              .owed = Owed::kResponse,
              .end = End::kFin,
              .polite = false,
              .run = slow_read},
};

constexpr auto names_of_catalogue() {
  std::array<std::string_view, kCatalogue.size()> names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = kCatalogue[i].name;
  return names;
}

constexpr auto kNames = names_of_catalogue();

}  // namespace

std::span<const Behaviour> catalogue() { return kCatalogue; }

std::span<const std::string_view> behaviour_names() { return kNames; }

const Behaviour* find_behaviour(std::string_view name) {
  for (const Behaviour& behaviour : kCatalogue) {
    if (behaviour.name == name) return &behaviour;
  }
  return nullptr;
}

}  // namespace closewait
