#include "bench/wrk.h"

#include <fmt/format.h>
#include <stdio.h>
#include <sys/resource.h>

#include <array>
#include <memory>
#include <regex>

#include "base/error.h"

namespace closewait {
namespace {

struct PipeClose {
  void operator()(FILE* pipe) const { ::pclose(pipe); }
};

Nanoseconds cpu_time_of_children() {
  rusage usage{};
  ::getrusage(RUSAGE_CHILDREN, &usage);
  const auto of = [](const timeval& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

std::string output_of(const std::string& command) {
  const std::unique_ptr<FILE, PipeClose> pipe(::popen(command.c_str(), "re"));
  if (!pipe) throw SetupError("popen: " + describe(last_error()));
  std::string text;
  std::array<char, 4096> buffer;
  while (const std::size_t size = ::fread(buffer.data(), 1, buffer.size(), pipe.get())) {
    text.append(buffer.data(), size);
  }
  return text;
}

}  // namespace

WrkRun run_wrk(const SocketAddress& address, const WrkLoad& load) {
  std::string command = fmt::format("wrk --threads 1 --connections {} --duration {}s",
                                    load.connections, load.seconds);
  for (const std::string& header : load.headers) command += fmt::format(" --header '{}'", header);
  command += fmt::format(" http://{}/ 2>&1", address.to_string());
  const Nanoseconds before = cpu_time_of_children();
  const std::string text = output_of(command);
  // "  421337 requests in 2.00s, 61.07MB read"
  static const std::regex kCounted(R"((\d+) requests in ([0-9.]+)s,)");
  std::smatch match;
  if (!std::regex_search(text, match, kCounted) || text.find("Non-2xx") != std::string::npos ||
      text.find("Socket errors") != std::string::npos) {
    throw SetupError(command + "\n" + text);
  }
  return {.requests = std::stoull(match[1]),
          .duration = from_seconds(std::stod(match[2])),
          .cpu = cpu_time_of_children() - before};
}

}  // namespace closewait
