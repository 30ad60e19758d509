#include "server/server.h"

#include <sys/resource.h>

#include <algorithm>
#include <utility>

namespace closewait {

namespace {

// Left for listeners, loops, metrics and the reserve, so that descriptors do not run out.
constexpr std::uint64_t kOtherDescriptors = 64;

std::uint64_t max_connections(const ServerOptions& options) {
  if (options.max_connections) return *options.max_connections;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);  // fails for no process of itself
  return std::max<std::uint64_t>(limit.rlim_cur, 2 * kOtherDescriptors) - kOtherDescriptors;
}

}  // namespace

Server::Server(ServerOptions options, std::span<WorkerCounters> counters,
               std::vector<std::vector<Listener>> listeners)
    : options_(std::move(options)), capacity_(max_connections(options_), options_.workers) {
  if (listens_with_tls(options_)) tls_.emplace(options_.tls);
  const TlsContext* tls = tls_ ? &*tls_ : nullptr;
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    workers_.push_back(
        std::make_unique<Worker>(options_, capacity_, tls, counters[i], std::move(listeners[i])));
  }
}

Server::~Server() {
  stop();
  wait();
}

void Server::start(std::function<void()> on_finished) {
  on_finished_ = std::move(on_finished);
  running_ = workers_.size();
  for (const auto& worker : workers_) {
    threads_.emplace_back([this, &worker = *worker] {
      worker.run();
      if (--running_ == 0 && on_finished_) on_finished_();
    });
  }
}

void Server::drain() noexcept {
  for (const auto& worker : workers_) worker->drain();
}

void Server::stop() noexcept {
  for (const auto& worker : workers_) worker->stop();
}

void Server::wait() { threads_.clear(); }

}  // namespace closewait
