#pragma once

#include <cstddef>

#include "loadgen/port_table.h"
#include "loadgen/process_link.h"
#include "loadgen/scenario.h"
#include "loadgen/spread.h"

namespace closewait {

// What one of several processes of the rig needs for its part of the load.
struct ProcessPart {
  const Scenario* scenario = nullptr;
  Spread spread;
  std::size_t process = 0;  // which of them
  PortTable::Range ports;
};

// The life of such a process after the fork: plays its part as the orders on the link say, each of
// which it answers with a line, until the other end is closed. Then it cuts what runs.
//
//   aim TARGET [SOURCE]   where clients connect to; with a source, they take the ports of the
//                         table in `memory`, from that address when the scenario names none
//   leave_out 0 1 ...     of the scenario's behaviours those with 1; before aim
//   begin PHASE INSTANT   a phase of the scenario (0: the warm-up, 1: the first of the cycle), and
//                         its start in nanoseconds of CLOCK_MONOTONIC
//   idle                  "1" or "0"
//   cut
//   report                a second of the record, as run.jsonl has it
//
// An order that it cannot follow is answered with "error: " and why, and ends it.
void play_part(const ProcessPart& part, ProcessLink link, SharedMemory memory);

}  // namespace closewait
