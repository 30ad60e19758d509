#include "server/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "base/suggest.h"
#include "base/units.h"
#include "metrics/endpoint.h"

namespace closewait {
namespace {

SocketAddress parse_listen(const std::string& text) {
  const auto address = SocketAddress::parse(text);
  if (!address) {
    throw UsageError(fmt::format("--listen {}: expected {}", text, kAddressExample));
  }
  return *address;
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

}  // namespace

std::optional<ServerOptions> parse_options(int argc, const char* const* argv) {
  ServerOptions options;
  std::vector<std::string> listen;
  std::string service;
  std::string metrics;
  std::string max_body = format_bytes(options.max_body);
  CLI::App app("The epoll server under test.", "closewait-server");
  app.set_version_flag("--version", CLOSEWAIT_VERSION);
  app.add_option("--listen", listen, "where to listen, repeatable; port 0 takes a free one")
      ->required()
      ->type_name("ADDR")
      ->allow_extra_args(false);
  app.add_option("--service", service, "echo or http")->required()->type_name("NAME");
  app.add_option("--workers", options.workers, "threads, each with its own loop and listeners")
      ->check(CLI::Range(1U, 256U))
      ->capture_default_str();
  add_timeout(app, "--idle-timeout", options.idle_timeout, "closes who asks for nothing");
  add_timeout(app, "--write-timeout", options.write_timeout, "closes who takes nothing");
  add_timeout(app, "--linger-timeout", options.linger_timeout, "closes who keeps open at the end");
  add_timeout(app, "--drain-timeout", options.drain_timeout, "from SIGTERM to the end at most");
  app.add_option("--max-body", max_body, "largest request body")
      ->type_name("SIZE")
      ->capture_default_str();
  app.add_option("--metrics", metrics, "serves docs/METRICS.md at http://ADDR/metrics")
      ->type_name("ADDR");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    app.exit(success, std::cout, std::cerr);
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    throw UsageError(error.what());
  }
  for (const std::string& text : listen) options.listen.push_back(parse_listen(text));
  options.service = &parse_service(service);
  if (app.count("--metrics") > 0) options.metrics = parse_metrics_address(metrics);
  const auto body = parse_bytes(max_body);
  if (!body) throw UsageError(fmt::format("--max-body {}: expected {}", max_body, kBytesExample));
  options.max_body = *body;
  return options;
}

}  // namespace closewait
