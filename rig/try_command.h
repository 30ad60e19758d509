#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rig/options.h"

namespace closewait {

// What `closewait try` was told.
struct TryOptions {
  std::string behaviour;
  std::string address;
  std::string dialect;  // "" finds out
  bool tls = false;
  // Of the behaviour's parameters, or of the target: target.path.
  std::vector<Setting> settings;
  std::optional<std::uint64_t> seed;
  std::optional<Nanoseconds> timeout;
  bool allow_remote = false;
  bool json = false;
};

// `closewait try NAME ADDRESS`: plays one client and tells every call that it made. Delivered, and
// with what it was owed, is a pass. Throws UsageError for what can never happen there, SetupError
// for what the target or this machine does not give.
[[nodiscard]] ExitStatus try_command(const TryOptions& options);

}  // namespace closewait
