#pragma once

#include <string>

#include "rig/options.h"

namespace closewait {

// What `closewait clients` was told.
struct ClientsOptions {
  std::string name;  // "" for all
  bool json = false;
  bool markdown = false;  // of all
};

// `closewait clients [NAME]`: the catalogue of behaviours, or all that is known of one. Throws
// UsageError when there is none of that name.
[[nodiscard]] ExitStatus clients_command(const ClientsOptions& options);

// The row of that name, of the catalogue or of a file that describes it. Throws UsageError, with
// the nearest name.
[[nodiscard]] const Behaviour& named_behaviour(const std::string& name);

}  // namespace closewait
