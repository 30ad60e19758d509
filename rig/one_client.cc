#include "rig/one_client.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <vector>

#include "faults/client.h"
#include "loadgen/session.h"
#include "loadgen/target_exchange.h"

namespace closewait {
namespace {

constexpr std::size_t kScratchBytes = 256 * 1024;

}  // namespace

PlayedClient play_one(const OneClient& one) {
  PlayedClient played;
  std::vector<std::byte> scratch(kScratchBytes);
  const HttpTexts texts(*one.target, one.address);
  const auto tls = tls_of(*one.target);
  TargetExchange place;
  Exchange& exchange = place.make(*one.target, texts, *one.behaviour, one.params);
  boost::asio::io_context io;
  Client client(io, {.target = &one.address,
                     .local = one.local,
                     .scratch = scratch,
                     .tally = &played.tally,
                     .planned = Clock::now(),
                     .timeout = one.params.timeout,
                     .choices = one.choices,
                     .end = one.behaviour->end,
                     .tls = tls.get(),
                     .log = one.log});
  const auto ended = [&](std::exception_ptr error, Outcome outcome) {
    if (error) std::rethrow_exception(error);
    played.outcome = outcome;
  };
  boost::asio::co_spawn(io, one.behaviour->run(client, exchange, one.params), ended);
  io.run();
  played.received = exchange.received();
  played.whole = exchange.complete();
  played.wrong_at = exchange.wrong_at();
  played.rig_error = client.rig_error();
  return played;
}

}  // namespace closewait
