#pragma once

#include "loadgen/rate.h"
#include "loadgen/yaml_reader.h"

namespace closewait {

// Reads the `rate` of a phase into `rate`, and says what is wrong with it: "500/s",
// "500/s..4000/s", max, steps ([{at: 0s, rate: 100/s}, {at: 5s, rate: 1000/s}]) or a spike
// ({base: 100/s, spike: 5000/s, at: 3s, for: 500ms}). `duration` is the phase's, 0 when that
// could not be read.
void read_rate(const MapReader& phase, Nanoseconds duration, Rate& rate);

}  // namespace closewait
