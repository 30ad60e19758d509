#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "record/lines.h"
#include "record/played_phase.h"

namespace closewait {

// By its name: "polite", "polite-held". What happens to these is what others do to them.
[[nodiscard]] bool is_polite(std::string_view behaviour);

// What the last second that told it said.
struct Latest {
  double t = 0;  // 0: no second is over yet
  std::uint64_t open = 0;
  double busiest_worker = 0;
  std::optional<Sample> sample{};  // nothing: the target could not be seen in that second
  std::optional<Sample> rig{};     // of the rig itself
  std::map<std::string, std::uint64_t> sockets_by_state{};
  // By behaviour: clients that did what they do, in that second and the one before.
  std::map<std::string, std::uint64_t> delivered{};
  std::map<std::string, std::uint64_t> delivered_before{};

  friend bool operator==(const Latest&, const Latest&) = default;
};

// A run as its lines add up to: the one fold that everything else is made from. Latencies are of
// the storms; counts are of the whole run; `control` is of the phases with polite clients only.
struct Run {
  HeaderLine header;
  Tally storms;
  Tally whole;
  Tally control;
  std::vector<PhaseLine> phases;
  std::vector<PlayedPhase> played;  // the phases with clients
  std::vector<Census> rests;
  std::vector<HostFault> host_faults;
  // Counts of phases with host faults, by behaviour: what became of these clients need not be the
  // target's doing, nor the rig's.
  std::vector<ClientCounts> beside_host_faults;
  std::vector<Finding> findings;
  std::optional<EndLine> end;   // nothing: killed
  double duration_seconds = 0;  // the latest `t` of its lines
  double storm_seconds = 0;
  double unavailable_seconds = 0;  // of storms and warm-up, in which polite clients were turned
                                   // away, ended early, timed out or waited, and none was served
  std::uint64_t reaped = 0;
  NetworkCounts network;
  // Of storms that have a plan: `rate: max` keeps a worker busy by intent.
  double planned_storm_seconds = 0;
  double busy_seconds = 0;  // of these, with a worker over 90% of its core
  Latest latest;

  void add(const Line& line);
  [[nodiscard]] bool has_control() const;
  // Of all its clients.
  [[nodiscard]] std::uint64_t resets_intended() const;
  [[nodiscard]] std::uint64_t resets_confirmed() const;
  // What latencies are taken from: the storms, or the whole run when it had none.
  [[nodiscard]] const Tally& measured() const { return storm_seconds > 0 ? storms : whole; }

  friend bool operator==(const Run&, const Run&) = default;
};

}  // namespace closewait
