#include <fmt/format.h>
#include <sys/resource.h>

#include <cstdio>
#include <optional>

#include "metrics/endpoint.h"
#include "server/metrics.h"
#include "server/options.h"
#include "server/server.h"
#include "server/signals.h"

namespace closewait {
namespace {

// As many descriptors as this process may have without asking anybody.
void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);  // cannot fail: up to the hard limit everyone may
}

void serve(const ServerOptions& options) {
  raise_file_limit();
  EventLoop control;
  Server server(options);
  const Signals signals(control, server);
  std::optional<MetricsEndpoint> metrics;
  if (options.metrics) {
    metrics.emplace(*options.metrics,
                    [&] { return server_families(server.totals(), *options.service); });
  }
  for (const SocketAddress& address : server.addresses()) {
    fmt::print("listening on {} ({})\n", address.to_string(), options.service->name);
  }
  if (metrics) fmt::print("metrics at {}\n", metrics->url());
  std::fflush(stdout);
  server.start([&control] { control.stop(); });
  control.run();
  server.wait();
  fmt::print(stderr, "closewait-server: {}\n", server.totals().line());
}

int run(int argc, const char* const* argv) {
  try {
    if (const auto options = parse_options(argc, argv)) serve(*options);
    return 0;
  } catch (const UsageError& error) {
    fmt::print(stderr, "closewait-server: {}\n", error.what());
    return 2;
  } catch (const SetupError& error) {
    fmt::print(stderr, "closewait-server: {}\n", error.what());
    return 1;
  }
}

}  // namespace
}  // namespace closewait

int main(int argc, char** argv) { return closewait::run(argc, argv); }
