#include "rig/dialect_probe.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/pattern.h"
#include "base/unique_fd.h"

namespace closewait {
namespace {

constexpr std::size_t kBody = 16;
constexpr std::size_t kMostAnswer = 4096;
constexpr std::string_view kTlsAlert = "\x15\x03";
constexpr timeval kPatience{.tv_sec = 2, .tv_usec = 0};
constexpr int kGreetingPatience = 200;  // milliseconds

std::string request_for(std::string_view path) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path);
}

[[noreturn]] void fail(const SocketAddress& target, const char* call) {
  throw SetupError(fmt::format("{}: {}: {}", target.to_string(), call, describe(last_error())));
}

// What it says in that time without being asked, or when asked in one line: "" for nothing.
std::string first_words(const SocketAddress& target, const std::string& line) {
  const UniqueFd socket(::socket(target.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) fail(target, "socket");
  if (::connect(socket.get(), target.data(), target.size()) != 0) fail(target, "connect");
  if (!line.empty() && ::send(socket.get(), line.data(), line.size(), MSG_NOSIGNAL) < 0) return "";
  pollfd wait{socket.get(), POLLIN, 0};
  if (::poll(&wait, 1, kGreetingPatience) <= 0) return "";
  std::array<char, kMostAnswer> buffer;
  const auto got = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
  return got > 0 ? std::string(buffer.data(), static_cast<std::size_t>(got)) : "";
}

std::vector<Setting> raw_protocol(const char* protocol) {
  return {{"target.dialect", "raw"}, {"target.protocol", protocol}};
}

// Protocols of lines that are known by their first words. Nothing when it is none of them.
std::vector<Setting> probe_lines(const SocketAddress& target) {
  const std::string greeting = first_words(target, "");
  if (greeting.starts_with("220")) {
    return raw_protocol(R"({hello: {until: "\r\n", starts: "220"}, request: "NOOP\r\n", )"
                        R"(response: {until: "\r\n", starts: "2"}})");
  }
  const std::string pong = first_words(target, "PING\r\n");
  if (pong.starts_with("+PONG")) {
    return raw_protocol(R"({request: "PING\r\n", response: {until: "\r\n", starts: "+PONG"}})");
  }
  if (pong.starts_with("-NOAUTH") || pong.starts_with("-DENIED")) {
    return raw_protocol(R"({request: "PING\r\n", response: {until: "\r\n", starts: "-"}})");
  }
  if (pong == "ERROR\r\n" && first_words(target, "version\r\n").starts_with("VERSION ")) {
    return raw_protocol(
        R"({request: "version\r\n", response: {until: "\r\n", starts: "VERSION "}})");
  }
  return {};
}

// What the server answers before it ends, pauses or has said enough.
std::string ask(const SocketAddress& target, const std::string& request) {
  const UniqueFd socket(::socket(target.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) fail(target, "socket");
  for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO}) {
    ::setsockopt(socket.get(), SOL_SOCKET, option, &kPatience, sizeof(kPatience));
  }
  if (::connect(socket.get(), target.data(), target.size()) != 0) fail(target, "connect");
  if (::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) {
    fail(target, "send");
  }
  std::string answer;
  std::array<char, kMostAnswer> buffer;
  while (answer.size() < kMostAnswer && answer != request) {
    const auto got = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
    if (got <= 0) break;
    answer.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return answer;
}

bool ends_in_pattern(std::string_view answer) {
  if (answer.size() < kBody) return false;
  const auto body = std::as_bytes(std::span(answer.substr(answer.size() - kBody)));
  return !first_difference(0, body);
}

// Without a file nobody has said what the target speaks.
bool dialect_is_open(const RunOptions& options) {
  const bool said = std::ranges::any_of(options.settings, [](const Setting& setting) {
    return setting.first == "target.dialect" || setting.first == "target.path";
  });
  return options.scenario.empty() && !said;
}

}  // namespace

std::vector<Setting> probe_dialect(const SocketAddress& target, bool any_status) {
  if (auto lines = probe_lines(target); !lines.empty()) return lines;
  const std::string request = request_for("/bytes/16");
  const std::string answer = ask(target, request);
  if (answer == request) return {{"target.dialect", "echo"}};
  if (answer.starts_with(kTlsAlert)) {
    throw SetupError(fmt::format(
        "{} answers an HTTP request by an alert of TLS; say --set target.tls=true and what it "
        "speaks, --set target.dialect=http or --set target.dialect=echo",
        target.to_string()));
  }
  if (!answer.starts_with("HTTP/1.")) {
    throw SetupError(fmt::format(
        "{} {} an HTTP request, so its dialect is not known; say it by --set target.dialect=http "
        "or --set target.dialect=echo, or describe what it speaks in a scenario "
        "(docs/protocols.md)",
        target.to_string(),
        answer.empty() ? "does not answer" : "answers as neither echo nor HTTP to"));
  }
  if (ends_in_pattern(answer)) return {{"target.dialect", "http"}};
  const std::string front = ask(target, request_for("/"));
  constexpr std::size_t kStatus = std::string_view("HTTP/1.1 ").size();
  const std::string status = front.size() < kStatus + 3 ? "" : front.substr(kStatus, 3);
  if (any_status && (status.starts_with('3') || status.starts_with('4'))) {
    return {
        {"target.dialect", "http"}, {"target.path", "/"}, {"target.status", "[" + status + "]"}};
  }
  if (status != "200") {
    throw SetupError(
        fmt::format("{} speaks HTTP and answers / by '{}'; say a path that it answers with 200 by "
                    "--set target.path=/PATH",
                    target.to_string(), front.substr(0, front.find('\r'))));
  }
  return {{"target.dialect", "http"}, {"target.path", "/"}};
}

void find_dialect(RunOptions& options, ChosenScenario& chosen) {
  if (!dialect_is_open(options)) return;
  if (chosen.scenario.target.tls) {
    throw UsageError(
        "what a target speaks over TLS is not found out; say it by --set target.dialect=http or "
        "--set target.dialect=echo");
  }
  const std::vector<Setting> found = probe_dialect(*chosen.scenario.target.address());
  options.settings.insert(options.settings.begin(), found.begin(), found.end());
  options.seed = chosen.scenario.seed;
  chosen = choose_scenario(options);
}

}  // namespace closewait
