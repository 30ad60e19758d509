#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "record/census.h"
#include "record/expectation.h"
#include "record/finding.h"
#include "record/host_fault.h"
#include "record/network.h"
#include "record/sample.h"
#include "record/tally.h"

namespace closewait {

inline constexpr int kRecordSchema = 1;

// The typed lines of run.jsonl, in the order in which they come. `t` is always seconds of
// CLOCK_MONOTONIC since the run began; `HeaderLine::started_at` is the one wall-clock origin.

struct HeaderLine {
  int schema = kRecordSchema;
  std::string rig_version{};
  std::string scenario{};       // its name
  std::string scenario_text{};  // as run
  std::uint64_t seed = 0;
  std::map<std::string, std::string> labels{};
  std::string started_at{};  // RFC 3339, UTC
  std::string kernel{};
  std::string target_address{};
  std::string target_command{};  // "" when it was not started here
  std::vector<std::int64_t> target_pids{};
  std::string target_build_id{};
  std::uint64_t open_files_limit = 0;  // of each process of the rig
  std::uint64_t rig_processes = 1;     // that play the load
  double planned_seconds = 0;
  double lag_at_most = 0.1;               // seconds, p99: the rig is saturated beyond it
  std::vector<std::string> behaviours{};  // the index of everything by behaviour
  // Of those the ones that cannot happen here, with why: their arrivals are skipped.
  std::map<std::string, std::string> not_applicable{};
  std::vector<std::string> resets{};  // those of them that end in a reset
  // Those that leave a response unread while they stay, and how many bytes of the target's memory
  // one of them may take for it.
  std::map<std::string, std::uint64_t> unread{};

  friend bool operator==(const HeaderLine&, const HeaderLine&) = default;
};

enum class PhaseKind : std::uint8_t { kWarmUp, kStorm, kRest };
inline constexpr std::array<std::string_view, 3> kPhaseKindNames{"warm_up", "storm", "rest"};

struct PhaseLine {
  double t = 0;
  bool begins = true;
  std::string name{};
  PhaseKind kind = PhaseKind::kStorm;
  std::uint64_t cycle = 0;
  bool control = false;  // only polite clients
  std::uint64_t planned = 0;
  // At the end of one with clients: what they counted and what the kernel did are of the same
  // time. None of them ran when it began and when it was over, and the kernel's could be read.
  bool comparable = false;
  std::uint64_t host_faults = 0;  // it asks for: not judged by what they do to clients
  std::uint64_t together = 1;     // connections that begin in the same instant
  std::string together_lacks{};   // why what these do may reach the target one by one

  friend bool operator==(const PhaseLine&, const PhaseLine&) = default;
};

// One second of a phase, or its last part; never of two phases. Everything is a delta.
struct SecondLine {
  double t = 0;  // its end
  double seconds = 0;
  std::string phase{};
  PhaseKind kind = PhaseKind::kStorm;
  std::uint64_t cycle = 0;
  bool control = false;
  std::uint64_t open = 0;  // connections open at its end
  double rig_cpu_seconds = 0;
  double busiest_worker = 0;  // share of its core, 0 to 1
  std::uint64_t reaped = 0;   // destroy events of ours
  std::optional<Sample> sample{};
  std::optional<Sample> rig{};             // of the rig itself: all its processes
  std::optional<NetworkCounts> network{};  // in this second, when there was anything
  // Sockets of the target's port on its side, at the end of this second; empty when they were not
  // looked up, which is dear where there are many.
  std::map<std::string, std::uint64_t> sockets_by_state{};
  Tally tally{};

  friend bool operator==(const SecondLine&, const SecondLine&) = default;
};

struct CensusLine {
  Census census{};

  friend bool operator==(const CensusLine&, const CensusLine&) = default;
};

struct HostFaultLine {
  double t = 0;
  HostFault done{};

  friend bool operator==(const HostFaultLine&, const HostFaultLine&) = default;
};

struct FindingLine {
  double t = 0;
  Finding finding{};
  // What was found out since of the finding with this index: it takes its place.
  std::optional<std::uint64_t> replaces{};

  friend bool operator==(const FindingLine&, const FindingLine&) = default;
};

enum class Verdict : std::uint8_t { kPass, kFail, kInconclusive };
inline constexpr std::array<std::string_view, 3> kVerdictNames{"pass", "fail", "inconclusive"};

// The last line. A record without one is of a run that was killed.
struct EndLine {
  double t = 0;
  bool finished = false;  // false: interrupted, the record ends before the plan does
  Verdict verdict = Verdict::kInconclusive;
  std::vector<std::string> inconclusive_because{};
  std::vector<std::string> not_judged{};
  std::vector<ExpectationResult> expectations{};

  friend bool operator==(const EndLine&, const EndLine&) = default;
};

using Line = std::variant<HeaderLine, PhaseLine, SecondLine, HostFaultLine, CensusLine, FindingLine,
                          EndLine>;

}  // namespace closewait
