#include <fmt/format.h>
#include <sys/socket.h>

#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/open_files.h"
#include "metrics/endpoint.h"
#include "server/counting/metrics.h"
#include "server/options.h"
#include "server/processes/supervisor.h"
#include "server/say.h"
#include "server/server.h"
#include "server/signals.h"

namespace closewait {
namespace {

std::string_view layer_name(Layer layer) { return layer == Layer::kTls ? ", TLS" : ""; }

HealthState health_of(const Supervisor& supervisor) {
  switch (supervisor.state()) {
    case Supervisor::State::kStarting:
      return {.ready = false, .text = "starting"};
    case Supervisor::State::kServing:
      return {.ready = true, .text = "ok"};
    case Supervisor::State::kDraining:
      break;
  }
  return {.ready = false, .text = "draining"};
}

// Returns the exit status.
int supervise(const ServerOptions& options, std::vector<std::string> arguments) {
  LoopCounters control_counters;
  EventLoop control(control_counters);
  Supervisor supervisor(control, options, std::move(arguments));
  const Signals signals(control, {.drain = [&] { supervisor.drain(); },
                                  .stop = [&] { supervisor.stop(); },
                                  .reload = [&] { supervisor.reload(); }});
  std::optional<MetricsEndpoint> metrics;
  if (options.metrics) {
    metrics.emplace(
        *options.metrics,
        [&] {
          return server_families(supervisor.totals(), *options.service, supervisor.children());
        },
        [&] { return health_of(supervisor); });
  }
  for (const ListenAddress& where : supervisor.addresses()) {
    fmt::print("listening on {} ({}{})\n", where.address.to_string(), options.service->name,
               layer_name(where.layer));
  }
  if (metrics) fmt::print("metrics at {}\n", metrics->url());
  std::fflush(stdout);
  supervisor.start();
  control.run([&] { supervisor.on_wake(); });
  say(supervisor.totals().line());
  return supervisor.failed() ? 1 : 0;
}

// Does what a process' supervisor says, and drains when the supervisor is no more: then nobody else
// will tell it to end.
class SupervisorsWord final : private ReadyHandler {
 public:
  SupervisorsWord(EventLoop& loop, int channel, Server& server)
      : server_(server), channel_(channel) {
    auto watch = loop.watch(channel, EPOLLIN, *this);
    if (!watch) throw SetupError("epoll_ctl: " + describe(watch.error()));
    watch_ = std::move(*watch);
  }

 private:
  void on_ready(std::uint32_t, std::uint32_t) override {
    char word = kDrainWord;
    if (::recv(channel_, &word, sizeof word, MSG_DONTWAIT) <= 0) watch_.reset();
    if (word == kStopWord) return server_.stop();
    server_.drain();
  }

  Server& server_;
  int channel_;  // borrowed
  Watch watch_;
};

// What a supervisor has started. Says on the channel when it serves. Signals stay blocked here: one
// to all processes reaches the supervisor too, which knows whose turn it is.
void serve_as_child(const ServerOptions& options) {
  Inheritance inherited(options.inherited, options.listen, options.workers);
  LoopCounters control_counters;
  EventLoop control(control_counters);
  Server server(options, inherited.counters.workers(), std::move(inherited.listeners));
  const SupervisorsWord word(control, inherited.channel.get(), server);
  server.start([&control] { control.stop(); });
  // When it fails there is nobody to hear it, which the channel tells next.
  static_cast<void>(::send(inherited.channel.get(), "r", 1, MSG_NOSIGNAL));
  control.run();
  server.wait();
}

int run(int argc, const char* const* argv) {
  try {
    const auto options = parse_options(argc, argv);
    if (!options) return 0;
    block_signals();
    raise_open_files();
    if (options->inherited.empty()) return supervise(*options, {argv + 1, argv + argc});
    serve_as_child(*options);
    return 0;
  } catch (const UsageError& error) {
    say(error.what());
    return 2;
  } catch (const std::exception& error) {  // SetupError, or standard output that cannot be written
    say(error.what());
    return 1;
  }
}

}  // namespace
}  // namespace closewait

int main(int argc, char** argv) { return closewait::run(argc, argv); }
