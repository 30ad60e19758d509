#pragma once

#include <vector>

#include "faults/host/host_fault.h"
#include "loadgen/yaml_reader.h"

namespace closewait {

// Reads the `host` of a phase with clients, and says what is wrong with it: a list of faults, each
// `freeze: 500ms` or `freeze: {for: 500ms, at: 2s}`. They come back in the order of their instants.
// `duration` is the phase's, 0 when that could not be read.
[[nodiscard]] std::vector<HostFaultPlan> read_host(const MapReader& phase, Nanoseconds duration);

}  // namespace closewait
