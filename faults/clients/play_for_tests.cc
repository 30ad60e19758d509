#include "faults/clients/play_for_tests.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <memory>
#include <vector>

#include "faults/client.h"
#include "faults/http_exchange.h"
#include "faults/raw_exchange.h"

namespace closewait {
namespace {

namespace asio = boost::asio;

constexpr Nanoseconds kPatience = std::chrono::seconds(20);
constexpr Nanoseconds kShortTimeout = std::chrono::milliseconds(200);

}  // namespace

Play play_of(std::string_view behaviour, const SocketAddress& target) {
  const Behaviour* row = find_behaviour(behaviour);
  Play play{.behaviour = row, .params = default_params(*row), .target = target};
  play.params.timeout = kShortTimeout;
  return play;
}

void expect_delivered(const Played& played) {
  EXPECT_EQ(name_of(played.outcome), name_of(Outcome::kDelivered));
  EXPECT_EQ(played.tally.counts.opened, 1U);
  EXPECT_EQ(played.tally.counts.intended, 1U);
  EXPECT_EQ(played.tally.counts.confirmed, 1U);
  EXPECT_EQ(played.tally.counts.wrong, 0U);
  EXPECT_FALSE(played.abandoned);
}

Played run(const Play& play) {
  Played played;
  std::vector<std::byte> scratch(64 * 1024);
  const HttpRequest request;
  HttpExchange http({.request = &request,
                     .host = "localhost",
                     .text = {},
                     .size = play.params.size,
                     .with_body = play.behaviour->needs.body});
  RawProtocol greeting;
  greeting.usual.response = {.kind = RawFraming::Kind::kUntil, .until = "\r\n"};
  RawExchange raw(greeting, greeting.usual);
  Exchange& usual = play.behaviour->needs.greeting ? static_cast<Exchange&>(raw) : http;
  Exchange& exchange = play.exchange != nullptr ? *play.exchange : usual;
  asio::io_context io;
  const Instant start = Clock::now();
  // On the heap, so that a sanitizer sees who still uses it when it is gone.
  auto client = std::make_unique<Client>(io, Client::Setup{.target = &play.target,
                                                           .local = {},
                                                           .scratch = scratch,
                                                           .tally = &played.tally,
                                                           .planned = start,
                                                           .timeout = play.params.timeout,
                                                           .choices = play.choices,
                                                           .end = play.behaviour->end,
                                                           .tls = play.tls,
                                                           .log = play.log});
  const auto finished = [&](std::exception_ptr, Outcome outcome) {
    played.ended = true;
    played.outcome = outcome;
    played.took = Clock::now() - start;
    played.abandoned = client->abandoned();
    played.rig_error = client->rig_error();
    client.reset();  // at once, as a session does
  };
  asio::co_spawn(io, play.behaviour->run(*client, exchange, play.params), finished);
  while (!played.ended && Clock::now() < start + kPatience) {
    io.run_one_for(std::chrono::milliseconds(1));
    if (!played.ended && play.cut_when && play.cut_when()) client->cut();
  }
  // What is left are handlers of a client that is gone.
  io.run_for(std::chrono::milliseconds(10));
  return played;
}

}  // namespace closewait
