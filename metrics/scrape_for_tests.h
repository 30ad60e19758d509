#pragma once

#include <iosfwd>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/address.h"

namespace closewait {

// What is said about a family: its type and the names of its labels.
struct MetricShape {
  std::string type;
  std::set<std::string> labels;

  friend bool operator==(const MetricShape&, const MetricShape&) = default;
};
using MetricShapes = std::map<std::string, MetricShape>;  // by the family's name

void PrintTo(const MetricShape& shape, std::ostream* out);

// The whole answer, head and body, to one request by a socket of the test's own.
[[nodiscard]] std::string answer_of(const SocketAddress& address,
                                    std::string_view path = "/metrics",
                                    std::string_view method = "GET");
// The body of an answer 200; fails the test and gives "" for any other.
[[nodiscard]] std::string scrape(const SocketAddress& address);

// The families that have series in an exposition text. A histogram's `le` is none of its labels.
[[nodiscard]] MetricShapes exported(std::string_view text);

// Every series of the text as it stands there, `name{a="b"}`, and its value.
[[nodiscard]] std::map<std::string, double> series(std::string_view text);
// The one series' value; fails the test and gives NaN when it is not there.
[[nodiscard]] double value_of(std::string_view text, const std::string& series_name);

}  // namespace closewait
