#include "server/worker.h"

#include <utility>

namespace closewait {

Worker::Worker(const ServerOptions& options, Capacity& capacity, const TlsContext* tls,
               WorkerCounters& counters, std::vector<Listener> listeners)
    : options_(options),
      loop_(counters.loop),
      table_(loop_, options, counters.connections, capacity, tls),
      drain_deadline_(loop_.timers(), *this, 0) {
  for (Listener& listener : listeners) {
    acceptors_.emplace_back(std::move(listener), loop_, table_, counters.connections,
                            capacity.reserve);
  }
}

void Worker::run() {
  loop_.run([this] {
    if (drain_asked_.load(std::memory_order_acquire) && !draining_) begin_drain();
  });
  table_.destroy_all(CloseReason::kShutdown);
  acceptors_.clear();
}

void Worker::drain() noexcept {
  drain_asked_.store(true, std::memory_order_release);
  loop_.wake();
}

void Worker::begin_drain() {
  draining_ = true;
  for (Acceptor& acceptor : acceptors_) acceptor.accept_waiting();
  acceptors_.clear();
  drain_deadline_.expire_at(loop_.now() + options_.drain_timeout);
  table_.drain([this] { loop_.stop(); });
}

void Worker::on_expiry(std::uint32_t) { loop_.stop(); }

}  // namespace closewait
