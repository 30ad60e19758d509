#include "loadgen/replay.h"

#include <boost/asio/co_spawn.hpp>
#include <vector>

#include "loadgen/session.h"

namespace closewait {
namespace {

constexpr std::size_t kScratchBytes = 256 * 1024;

}  // namespace

Replayed replay(const ReplaySetup& setup) {
  boost::asio::io_context io(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO);
  std::vector<std::byte> scratch(kScratchBytes);
  const SessionContext context{.io = &io,
                               .targets = setup.targets,
                               .target_spec = &setup.scenario->target,
                               .http = http_texts(setup.scenario->target, setup.targets),
                               .tls = tls_of(setup.scenario->target),
                               .sources = &setup.scenario->load.sources,
                               .ports = nullptr,
                               .worker = 0,
                               .scratch = scratch};
  Replayed replayed;
  const Instant start = Clock::now();
  const Assignment assignment{.mix = setup.mix,
                              .behaviour = 0,
                              .number = setup.number,
                              .choices = setup.choices,
                              .planned = start};
  Session session(context, assignment, replayed.tally);
  boost::asio::co_spawn(io, session.run(), [&](std::exception_ptr error) {
    replayed.took = Clock::now() - start;
    if (error) std::rethrow_exception(error);
  });
  io.run();
  return replayed;
}

}  // namespace closewait
