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

// Serves what one function gives at http://ADDR/metrics, and listens nowhere else. Owns its threads
// (one accepts, two answer) and the function, which they call one scrape at a time; what the
// function borrows must outlive the endpoint. The destructor lets a scrape that is under way be
// written to its end. Make it after the signals were blocked, so that its
// threads block them too. Owned and called by one thread, save scrapes().
class MetricsEndpoint {
 public:
  using Collect = std::function<MetricFamilies()>;

  // Port 0 takes a free one. Throws SetupError, "cannot serve metrics at ...".
  MetricsEndpoint(const SocketAddress& address, Collect collect);
  ~MetricsEndpoint();
  MetricsEndpoint(const MetricsEndpoint&) = delete;
  MetricsEndpoint& operator=(const MetricsEndpoint&) = delete;

  // With the port it got.
  [[nodiscard]] const SocketAddress& address() const;
  [[nodiscard]] std::string url() const;  // "http://127.0.0.1:9464/metrics"
  // How many scrapes have been answered: the function returned, and what it gave was written. Any
  // thread.
  [[nodiscard]] std::uint64_t scrapes() const noexcept;

 private:
  struct Serving;
  std::unique_ptr<Serving> serving_;
};

}  // namespace closewait
