#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rig/options.h"

namespace closewait {

// What `closewait doctor` was told.
struct DoctorOptions {
  std::string address;  // of a target; "" looks at the machine only
  std::optional<std::int64_t> pid;
  std::vector<Setting> settings;  // of the scenario's target: target.dialect=http
  bool allow_remote = false;
  bool json = false;
};

// `closewait doctor [ADDR]`: what can be observed and delivered here, which behaviours apply to the
// target, and what to grant for the rest. Its clients are polite and few. Throws UsageError and
// SetupError when there is no such target.
[[nodiscard]] ExitStatus doctor_command(const DoctorOptions& options);

}  // namespace closewait
