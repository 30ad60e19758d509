#include "metrics/endpoint.h"

#include <CivetServer.h>
#include <prometheus/collectable.h>
#include <prometheus/exposer.h>

#include <atomic>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <stop_token>
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
constexpr unsigned kFeatureIpv6 = 8;  // of mg_check_feature()

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

// What the web server's threads call. Owns the function.
class Scrapes final : public prometheus::Collectable {
 public:
  explicit Scrapes(MetricsEndpoint::Collect collect) : collect_(std::move(collect)) {}

  MetricFamilies Collect() const override;
  void written() const noexcept { ++answered_; }
  [[nodiscard]] std::uint64_t answered() const noexcept { return answered_; }

 private:
  MetricsEndpoint::Collect collect_;
  mutable std::atomic<std::uint64_t> answered_{0};  // raised by the web server's threads
};

// The scrape that this thread of a web server has under way: a request is read, collected for and
// written by one thread, and the callback for its end is told nothing of ours.
thread_local const Scrapes* scrape_of_this_thread = nullptr;

MetricFamilies Scrapes::Collect() const {
  // The exposer holds its own lock meanwhile, so that there is one scrape at a time.
  scrape_of_this_thread = this;
  return collect_();
}

void on_request_end(const mg_connection*, int) {
  if (const Scrapes* scrape = std::exchange(scrape_of_this_thread, nullptr)) scrape->written();
}

CivetCallbacks callbacks() {
  CivetCallbacks callbacks;
  callbacks.end_request = on_request_end;
  return callbacks;
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

std::unique_ptr<prometheus::Exposer> listening(const SocketAddress& address) {
  const CivetCallbacks told = callbacks();
  if (address.family() == AF_INET6 && mg_check_feature(kFeatureIpv6) == 0) {
    fail(address, "the web server here (civetweb) was built without IPv6; give an IPv4 address");
  }
  try_to_listen(address);
  try {
    return std::make_unique<prometheus::Exposer>(
        std::vector<std::string>{"listening_ports", address.to_string(), "num_threads", kThreads,
                                 "request_timeout_ms", kPatienceMilliseconds},
        &told);
  } catch (const std::exception& error) {  // somebody was faster, or there are no more threads
    fail(address, error.what());
  }
}

}  // namespace

struct MetricsEndpoint::Serving {
  Serving(const SocketAddress& asked, Collect collect)
      : scrapes(std::make_shared<Scrapes>(std::move(collect))), exposer(listening(asked)) {
    address = asked.with_port(static_cast<std::uint16_t>(exposer->GetListeningPorts().front()));
    exposer->RegisterCollectable(scrapes);
  }
  ~Serving() {
    const std::jthread nudging(nudge, address);
    exposer.reset();  // waits for the scrape that is under way before it stops the web server
  }

  std::shared_ptr<Scrapes> scrapes;
  std::unique_ptr<prometheus::Exposer> exposer;
  SocketAddress address;
};

SocketAddress parse_metrics_address(const std::string& text) {
  const auto address = SocketAddress::parse(text);
  if (!address || address->is_unix()) {
    throw UsageError("--metrics " + text +
                     ": expected a numeric host and a port, such as 127.0.0.1:9464");
  }
  return *address;
}

MetricsEndpoint::MetricsEndpoint(const SocketAddress& address, Collect collect)
    : serving_(std::make_unique<Serving>(address, std::move(collect))) {}

MetricsEndpoint::~MetricsEndpoint() = default;

const SocketAddress& MetricsEndpoint::address() const { return serving_->address; }

std::string MetricsEndpoint::url() const {
  return "http://" + serving_->address.to_string() + "/metrics";
}

std::uint64_t MetricsEndpoint::scrapes() const noexcept { return serving_->scrapes->answered(); }

}  // namespace closewait
