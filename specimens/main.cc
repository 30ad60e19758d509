#include <fmt/format.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <vector>

#include "base/suggest.h"
#include "specimens/catalogue.h"

namespace closewait {
namespace {

int list() {
  for (const Specimen& specimen : specimens()) {
    fmt::print("{:<24} {}\n", specimen.name, specimen.flaw);
  }
  return 0;
}

const Specimen& chosen(const std::string& name) {
  if (const Specimen* specimen = find_specimen(name)) return *specimen;
  std::vector<std::string_view> names;
  for (const Specimen& specimen : specimens()) names.push_back(specimen.name);
  throw UsageError(fmt::format("no specimen is called '{}'{}; --list shows them", name,
                               did_you_mean(name, names)));
}

void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

int serve(const std::string& name, const std::string& listen) {
  const Specimen& specimen = chosen(name);
  const auto address = SocketAddress::parse(listen);
  if (!address) {
    throw UsageError(fmt::format("--listen {}: expected {}", listen, kAddressExample));
  }
  raise_file_limit();
  const auto server = specimen.make();
  fmt::print("listening on {} ({})\n", server->listen(*address).to_string(), name);
  std::fflush(stdout);
  server->run();
}

int run(int argc, const char* const* argv) {
  CLI::App app("Flawed servers, each wrong in exactly one way.", "closewait-specimen");
  std::string name;
  std::string listen;
  bool listing = false;
  app.add_flag("--list", listing, "what there is");
  app.add_option("NAME", name, "which one");
  app.add_option("--listen", listen, "where to listen")->type_name("ADDR");
  try {
    app.parse(argc, argv);
    if (listing) return list();
    if (name.empty() || listen.empty()) throw UsageError("expected --list, or NAME --listen ADDR");
    return serve(name, listen);
  } catch (const CLI::Success& success) {
    return app.exit(success, std::cout, std::cerr);
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "closewait-specimen: {}\n", error.what());
    return 2;
  } catch (const UsageError& error) {
    fmt::print(stderr, "closewait-specimen: {}\n", error.what());
    return 2;
  } catch (const SetupError& error) {
    fmt::print(stderr, "closewait-specimen: {}\n", error.what());
    return 1;
  }
}

}  // namespace
}  // namespace closewait

int main(int argc, char** argv) { return closewait::run(argc, argv); }
