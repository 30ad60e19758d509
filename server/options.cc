#include "server/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "base/suggest.h"
#include "base/units.h"
#include "metrics/endpoint.h"

namespace closewait {
namespace {

// A repeatable flag that says where to listen.
void add_listen(CLI::App& app, const char* flag, const char* help, Layer layer,
                ServerOptions& options) {
  const auto read = [flag, layer, &options](const std::string& text) {
    const auto address = SocketAddress::parse(text);
    if (!address) throw UsageError(fmt::format("{} {}: expected {}", flag, text, kAddressExample));
    options.listen.push_back({*address, layer});
  };
  app.add_option_function<std::vector<std::string>>(
         flag, [read](const std::vector<std::string>& all) { std::ranges::for_each(all, read); },
         help)
      ->type_name("ADDR")
      ->allow_extra_args(false);
}

const Service& parse_service(const std::string& name) {
  if (const Service* service = find_service(name)) return *service;
  std::vector<std::string_view> names;
  for (const Service& service : services()) names.push_back(service.name);
  throw UsageError(fmt::format("--service {}: there is {}{}", name, fmt::join(names, ", "),
                               did_you_mean(name, names)));
}

Nanoseconds parse_timeout(const char* flag, const std::string& text) {
  const auto duration = parse_duration(text);
  if (!duration || *duration <= Nanoseconds(0)) {
    throw UsageError(fmt::format("{} {}: expected {}", flag, text, kDurationExample));
  }
  return *duration;
}

void add_timeout(CLI::App& app, const char* flag, Nanoseconds& value, const char* help) {
  app.add_option_function<std::string>(
         flag, [flag, &value](const std::string& text) { value = parse_timeout(flag, text); }, help)
      ->type_name("DURATION")
      ->default_str(format_duration(value));
}

// A size from `least` to `most`.
struct Size {
  const char* flag;
  const char* help;
  std::uint64_t least;
  std::uint64_t most;
};

CLI::Option* add_size(CLI::App& app, const Size& size, std::uint64_t& value) {
  const auto read = [size, &value](const std::string& text) {
    const auto bytes = parse_bytes(text);
    if (!bytes) throw UsageError(fmt::format("{} {}: expected {}", size.flag, text, kBytesExample));
    if (*bytes < size.least || *bytes > size.most) {
      throw UsageError(fmt::format("{} {}: expected {} to {}", size.flag, text,
                                   format_bytes(size.least), format_bytes(size.most)));
    }
    value = *bytes;
  };
  return app.add_option_function<std::string>(size.flag, read, size.help)
      ->type_name("SIZE")
      ->default_str(format_bytes(value));
}

void add_limits(CLI::App& app, ServerOptions& options) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 62;
  app.add_option("--max-connections", options.max_connections,
                 "refuses more [the limit of descriptors less 64]")
      ->check(CLI::Range(std::uint64_t{1}, kMost))
      ->type_name("N");
  app.add_flag("--evict-idle", options.evicts_idle,
               "beyond that, who has been idle longest gives its place instead");
  add_size(app, {"--max-head", "largest head of a request", 256, kInputBuffer},
           options.limits.max_head);
  add_size(app, {"--max-body", "largest body of a request", 0, kMost}, options.limits.max_body);
  add_size(app, {"--chargen-bytes", "what chargen sends before it ends first", 1, kMost},
           options.limits.chargen_bytes)
      ->default_str("endless");
}

void add_timeouts(CLI::App& app, ServerOptions& options) {
  Timeouts& timeouts = options.timeouts;
  add_timeout(app, "--idle-timeout", timeouts.idle, "closes who asks for nothing");
  add_timeout(app, "--head-timeout", timeouts.head, "closes who does not finish a head");
  add_timeout(app, "--body-timeout", timeouts.body,
              "closes who does not finish a body; 1s more for each KiB of it");
  add_timeout(app, "--write-timeout", timeouts.write, "closes who takes nothing");
  add_timeout(app, "--handshake-timeout", timeouts.handshake,
              "closes who does not finish it (TLS)");
  add_timeout(app, "--linger-timeout", timeouts.linger, "closes who keeps open at the end");
  add_timeout(app, "--drain-timeout", options.drain_timeout,
              "from SIGTERM or SIGHUP to the end at most");
}

void add_tls(CLI::App& app, ServerOptions& options) {
  add_listen(app, "--listen-tls", "the same, through TLS", Layer::kTls, options);
  const auto named = [](const std::string& file) {
    return file.empty() ? std::string("expected a file") : std::string();
  };
  CLI::Option* certificate =
      app.add_option("--certificate", options.tls.certificate,
                     "for TLS, with its chain; else one is made that nobody trusts")
          ->check(named)
          ->type_name("PEM");
  CLI::Option* key = app.add_option("--key", options.tls.key, "the certificate's private key")
                         ->check(named)
                         ->type_name("PEM");
  certificate->needs(key);
  key->needs(certificate);
}

void check_listen(const ServerOptions& options) {
  if (options.listen.empty()) throw UsageError("--listen or --listen-tls is required");
  if (!options.tls.certificate.empty() && !listens_with_tls(options)) {
    throw UsageError("--certificate is of no use without --listen-tls");
  }
}

}  // namespace

bool listens_with_tls(const ServerOptions& options) {
  return std::ranges::find(options.listen, Layer::kTls, &ListenAddress::layer) !=
         options.listen.end();
}

std::optional<ServerOptions> parse_options(int argc, const char* const* argv) {
  ServerOptions options;
  std::string service;
  std::string metrics;
  CLI::App app("The epoll server under test.", "closewait-server");
  app.set_version_flag("--version", CLOSEWAIT_VERSION);
  add_listen(app, "--listen", "where to listen, repeatable; port 0 takes a free one", Layer::kPlain,
             options);
  add_tls(app, options);
  app.add_option("--service", service, "echo, http, discard or chargen")
      ->required()
      ->type_name("NAME");
  app.add_option("--workers", options.workers, "threads, each with its own loop and listeners")
      ->check(CLI::Range(1U, 256U))
      ->capture_default_str();
  app.add_option("--processes", options.processes,
                 "child processes, each with its workers and its own limit of descriptors")
      ->check(CLI::Range(1U, 64U))
      ->capture_default_str();
  add_limits(app, options);
  add_timeouts(app, options);
  app.add_option("--metrics", metrics, "serves docs/METRICS.md at http://ADDR/metrics, and /health")
      ->type_name("ADDR");
  // What a supervisor tells the processes that it starts.
  app.add_option("--inherit", options.inherited)->delimiter(',')->group("");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    app.exit(success, std::cout, std::cerr);
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    throw UsageError(error.what());
  }
  check_listen(options);
  options.service = &parse_service(service);
  if (app.count("--metrics") > 0) options.metrics = parse_metrics_address(metrics);
  return options;
}

}  // namespace closewait
