#pragma once

#include <vector>

#include "bench/server_process.h"

namespace closewait {

// By how much ys grow for one more of xs: least squares.
[[nodiscard]] double slope_of(const std::vector<double>& xs, const std::vector<double>& ys);

// What one more idle connection adds to a server's own memory: the slope of the line that fits
// best through its memory at every thousandth of 15,000 connections, all open at the end.
struct MemorySlope {
  double bytes_each = 0;
  int connections = 0;
  double first = 0;  // bytes, with none open
  double last = 0;   // bytes, with all open
};
// With `ask` each connection makes one HTTP request before it is idle. Throws SetupError.
[[nodiscard]] MemorySlope memory_slope(const ServerProcess& server, bool ask);

}  // namespace closewait
