#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/address.h"
#include "metrics/families.h"

namespace closewait {

// Reads the value of `--metrics`: a numeric host and a port, no Unix path. Throws UsageError.
[[nodiscard]] SocketAddress parse_metrics_address(const std::string& text);

// How a program is: whether it can be given work, and one line about it, without the line's end.
struct HealthState {
  bool ready = false;
  std::string text;
};

// Serves what one function gives at http://ADDR/metrics, what another says at http://ADDR/health,
// and listens nowhere else. Owns its threads (one accepts, four answer) and the functions, each of
// which they call one request at a time; a scrape that takes long does not keep health from being
// told. What the functions borrow must outlive the endpoint. The destructor lets a request that is
// under way be answered to its end. Make it after the signals were blocked, so that its threads
// block them too. Owned and called by one thread, save scrapes().
class MetricsEndpoint {
 public:
  using Collect = std::function<MetricFamilies()>;
  using Health = std::function<HealthState()>;

  // Port 0 takes a free one. Without a health function there is no /health. Throws SetupError,
  // "cannot serve metrics at ...".
  MetricsEndpoint(const SocketAddress& address, Collect collect, Health health = {});
  ~MetricsEndpoint();
  MetricsEndpoint(const MetricsEndpoint&) = delete;
  MetricsEndpoint& operator=(const MetricsEndpoint&) = delete;

  // With the port it got.
  [[nodiscard]] const SocketAddress& address() const;
  [[nodiscard]] std::string url() const;  // "http://127.0.0.1:9464/metrics"
  // How many scrapes have been answered: the function returned, and the kernel took all that it
  // gave. A HEAD is no scrape. Any thread.
  [[nodiscard]] std::uint64_t scrapes() const noexcept;

 private:
  struct Serving;
  std::unique_ptr<Serving> serving_;
};

}  // namespace closewait
