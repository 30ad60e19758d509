#include "metrics/endpoint.h"

#include <civetweb.h>
#include <fmt/format.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string_view>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/unique_fd.h"

namespace closewait {
namespace {

constexpr const char* kThreads = "4";
// Who connects and asks for nothing keeps a thread only so long; Prometheus' own patience is
// longer.
constexpr const char* kPatienceMilliseconds = "1000";
constexpr Nanoseconds kNudge = std::chrono::milliseconds(5);
constexpr unsigned kFeatureIpv6 = 8;            // of mg_check_feature()
constexpr const char* kEveryPath = "**";        // of mg_set_request_handler()
constexpr std::size_t kLongestComplaint = 256;  // of the web server

constexpr std::string_view kPlainText = "text/plain; charset=utf-8";
constexpr std::string_view kExposition = "text/plain; version=0.0.4; charset=utf-8";

[[noreturn]] void fail(const SocketAddress& address, const std::string& why) {
  throw SetupError("cannot serve metrics at " + address.to_string() + ": " + why);
}

// The web server does not say why it cannot listen, so it is tried without it first.
void try_to_listen(const SocketAddress& address) {
  const UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd) fail(address, describe(last_error()));
  const int on = 1;
  // As the web server does, or the port of one that has just ended would be refused.
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(fd.get(), address.data(), address.size()) != 0 || ::listen(fd.get(), 1) != 0) {
    fail(address, describe(last_error()));
  }
}

using WebServer = std::unique_ptr<mg_context, decltype(&mg_stop)>;

WebServer listening(const SocketAddress& address) {
  if (address.family() == AF_INET6 && mg_check_feature(kFeatureIpv6) == 0) {
    fail(address, "the web server here (civetweb) was built without IPv6; give an IPv4 address");
  }
  try_to_listen(address);
  const std::string where = address.to_string();
  std::array<const char*, 7> options{
      "listening_ports",    where.c_str(),         "num_threads", kThreads,
      "request_timeout_ms", kPatienceMilliseconds, nullptr};
  std::array<char, kLongestComplaint> complaint{};
  mg_init_data how{.configuration_options = options.data()};
  mg_error_data error{.text = complaint.data(), .text_buffer_size = complaint.size()};
  WebServer server(mg_start2(&how, &error), mg_stop);
  // Somebody was faster, or there are no more threads.
  if (!server) fail(address, complaint.data());
  return server;
}

std::uint16_t port_of(const WebServer& server) {
  mg_server_port port{};
  mg_get_server_ports(server.get(), 1, &port);
  return static_cast<std::uint16_t>(port.port);
}

// The web server looks whether it was told to stop only when somebody connects, or every two
// seconds (civetweb issue 1163): so somebody connects until it is `gone`.
void nudge(std::stop_token gone, const SocketAddress& address) {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::unique_lock lock(mutex);
  do {
    const UniqueFd fd(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    // Refused when it listens no more, and then there is nobody to wake.
    (void)::connect(fd.get(), address.data(), address.size());
  } while (!changed.wait_for(lock, gone, kNudge, [&gone] { return gone.stop_requested(); }));
}

// What one request gets. To a HEAD its body is not written, and need not have been made.
struct Answer {
  std::string_view status = "200 OK";
  std::optional<std::string> body;
  std::string_view type = kPlainText;
  std::string_view more;  // lines of the head
  bool is_scrape = false;
};

// Head and body in one piece, so that no part of it waits for an acknowledgement of another. The
// web server closes each connection after one request: its keep-alive is off.
std::string text_of(const Answer& answer, bool with_body) {
  std::string text = fmt::format("HTTP/1.1 {}\r\nContent-Type: {}\r\n{}Connection: close\r\n",
                                 answer.status, answer.type, answer.more);
  if (answer.body) text += fmt::format("Content-Length: {}\r\n", answer.body->size());
  text += "\r\n";
  if (with_body && answer.body) text += *answer.body;
  return text;
}

}  // namespace

// What the web server's threads use. They come here by the handler only, which is set when all of
// this is made, and taken back before any of it goes.
struct MetricsEndpoint::Serving {
  Serving(const SocketAddress& asked, Collect collect_function, Health health_function);
  ~Serving();

  static int on_request(mg_connection* connection, void* serving);
  [[nodiscard]] Answer answer_to(std::string_view path, std::string_view method);
  [[nodiscard]] Answer metrics(bool is_head);
  [[nodiscard]] Answer how_it_is();

  Collect collect;
  Health health;
  std::mutex collecting;                   // the web server's threads take turns to call `collect`
  std::mutex asking;                       // and `health`
  std::atomic<std::uint64_t> answered{0};  // raised by the web server's threads
  WebServer server;
  SocketAddress address;
};

MetricsEndpoint::Serving::Serving(const SocketAddress& asked, Collect collect_function,
                                  Health health_function)
    : collect(std::move(collect_function)),
      health(std::move(health_function)),
      server(listening(asked)),
      address(asked.with_port(port_of(server))) {
  mg_set_request_handler(server.get(), kEveryPath, on_request, this);
}

MetricsEndpoint::Serving::~Serving() {
  // Waits for the requests that are under way; once told to stop, the web server writes no more.
  mg_set_request_handler(server.get(), kEveryPath, nullptr, nullptr);
  const std::jthread nudging(nudge, address);
  server.reset();
}

int MetricsEndpoint::Serving::on_request(mg_connection* connection, void* serving) {
  Serving& self = *static_cast<Serving*>(serving);
  const mg_request_info& asked = *mg_get_request_info(connection);
  const Answer answer = self.answer_to(asked.local_uri, asked.request_method);
  const std::string text = text_of(answer, std::string_view(asked.request_method) != "HEAD");
  const int written = mg_write(connection, text.data(), text.size());
  if (answer.is_scrape && std::cmp_equal(written, text.size())) ++self.answered;
  return 1;  // the request has been dealt with
}

Answer MetricsEndpoint::Serving::answer_to(std::string_view path, std::string_view method) {
  const bool is_health = path == "/health" && health;
  if (path != "/metrics" && !is_health) return {.status = "404 Not Found", .body = "not found\n"};
  if (method != "GET" && method != "HEAD") {
    return {.status = "405 Method Not Allowed",
            .body = "only GET and HEAD\n",
            .more = "Allow: GET, HEAD\r\n"};
  }
  return is_health ? how_it_is() : metrics(method == "HEAD");
}

// A HEAD does not call the function, which may count those who have seen what it gives.
Answer MetricsEndpoint::Serving::metrics(bool is_head) {
  if (is_head) return {.type = kExposition};
  MetricFamilies families;
  {
    const std::lock_guard lock(collecting);
    families = collect();
  }
  return {.body = prometheus::TextSerializer().Serialize(families),
          .type = kExposition,
          .is_scrape = true};
}

Answer MetricsEndpoint::Serving::how_it_is() {
  const std::lock_guard lock(asking);
  HealthState state = health();
  return {.status = state.ready ? "200 OK" : "503 Service Unavailable",
          .body = std::move(state.text) + "\n"};
}

SocketAddress parse_metrics_address(const std::string& text) {
  const auto address = SocketAddress::parse(text);
  if (!address || address->is_unix()) {
    throw UsageError("--metrics " + text +
                     ": expected a numeric host and a port, such as 127.0.0.1:9464");
  }
  return *address;
}

MetricsEndpoint::MetricsEndpoint(const SocketAddress& address, Collect collect, Health health)
    : serving_(std::make_unique<Serving>(address, std::move(collect), std::move(health))) {}

MetricsEndpoint::~MetricsEndpoint() = default;

const SocketAddress& MetricsEndpoint::address() const { return serving_->address; }

std::string MetricsEndpoint::url() const {
  return "http://" + serving_->address.to_string() + "/metrics";
}

std::uint64_t MetricsEndpoint::scrapes() const noexcept { return serving_->answered; }

}  // namespace closewait
