#include "loadgen/scenario_host.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "base/units.h"
#include "loadgen/scenario_values.h"
#include "loadgen/yaml_text.h"

namespace closewait {
namespace {

constexpr std::size_t kMostFaults = 100;
constexpr std::string_view kExample = "a list of faults such as [{freeze: 500ms}]";

// Nothing: all that there are.
struct Sockets {
  std::optional<std::uint64_t> count;
};
Result<Sockets> parse_sockets(std::string_view text) {
  if (text == "all") return Sockets{};
  const auto count = parse_count(text);
  if (!count) return count.error();
  return Sockets{*count};
}
Result<std::uint64_t> parse_spare(std::string_view text) {
  return text == "0" ? Result<std::uint64_t>(0) : parse_count(text);
}

constexpr ValueKind<Sockets> kSocketsKind{parse_sockets,
                                          "a whole number from 1 to 1000000, or all"};
constexpr ValueKind<std::uint64_t> kSpare{parse_spare, "a whole number from 0 to 1000000"};

// How a kind is written: its keys, and the one that a value without a map is of.
struct Written {
  std::span<const std::string_view> keys;
  std::string_view short_for;
};
constexpr std::array<std::string_view, 2> kFreezeKeys{"for", "at"};
constexpr std::array<std::string_view, 3> kFewDescriptorsKeys{"for", "spare", "at"};
constexpr std::array<std::string_view, 2> kKillSocketsKeys{"count", "at"};
// In the order of HostFaultKind.
constexpr std::array<Written, kHostFaultNames.size()> kWritten{Written{kFreezeKeys, "for"},
                                                               Written{kFewDescriptorsKeys, "for"},
                                                               Written{kKillSocketsKeys, "count"}};

// One fault, and where it stands.
struct ReadFault {
  HostFaultPlan plan;
  Place place;
  [[nodiscard]] Nanoseconds end() const { return plan.at + plan.length; }
};

// A third of the phase, or earlier where it would not be over by its end.
Nanoseconds default_instant(Nanoseconds length, Nanoseconds duration) {
  return std::max(Nanoseconds(0), std::min(duration / 3, duration - length));
}

void check_instant(const MapReader& reader, const ReadFault& fault, std::string_view name,
                   Nanoseconds duration) {
  if (duration.count() == 0) return;  // told already
  const bool lasts = fault.plan.length.count() > 0;
  if (lasts ? fault.end() <= duration : fault.plan.at < duration) return;
  const YamlEntry* at = reader.find("at");
  reader.problem(at != nullptr ? at->value.place : fault.place,
                 in_quotes(name) + (lasts ? " is over at " : " is at ") +
                     format_duration(fault.end()) + " of the phase; expected " +
                     (lasts ? "at most " : "less than ") + format_duration(duration));
}

std::optional<ReadFault> read_fault(const MapReader& phase, const YamlEntry& entry,
                                    Nanoseconds duration) {
  const auto known = std::ranges::find(kHostFaultNames, entry.key);
  if (known == kHostFaultNames.end()) return {};  // told as unknown
  const auto index = static_cast<std::size_t>(known - kHostFaultNames.begin());
  const Written& written = kWritten[index];
  const bool is_short = entry.value.kind == YamlNode::Kind::kScalar;
  static const YamlNode kNoKeys{.kind = YamlNode::Kind::kMap};
  const MapReader reader(is_short ? kNoKeys : entry.value, in_quotes(entry.key), written.keys,
                         phase.problems());
  const auto read = [&](std::string_view key, const auto& kind, auto& into) {
    if (!is_short) return reader.read(key, kind, into);
    return key == written.short_for && phase.read_value(entry.key, entry.value, kind, into);
  };
  ReadFault fault{.plan = {.kind = static_cast<HostFaultKind>(index)}, .place = entry.place};
  HostFaultPlan& plan = fault.plan;
  const bool lasts = std::ranges::find(written.keys, "for") != written.keys.end();
  if (lasts && !is_short) reader.require("for", kTime.expected);
  const bool whole = !lasts || read("for", kTime, plan.length);
  Sockets sockets;
  read("spare", kSpare, plan.spare);
  read("count", kSocketsKind, sockets);
  plan.sockets = sockets.count;
  plan.at = default_instant(plan.length, duration);
  const bool instant_is_good =
      reader.find("at") == nullptr || reader.read("at", kTimeOrZero, plan.at);
  if (whole && instant_is_good) check_instant(reader, fault, entry.key, duration);
  return fault;
}

// Undoing the first one would undo a part of the second.
void refuse_overlap(const std::vector<ReadFault>& faults, Problems& problems) {
  for (std::size_t i = 1; i < faults.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const ReadFault& before = faults[j];
      const ReadFault& fault = faults[i];
      const bool same = before.plan.kind == fault.plan.kind && fault.plan.length.count() > 0;
      if (!same || fault.plan.at >= before.end()) continue;
      problems.add(fault.place, in_quotes(name_of(fault.plan.kind)) + " begins at " +
                                    format_duration(fault.plan.at) +
                                    ", before the one before it is over; expected at least " +
                                    format_duration(before.end()));
    }
  }
}

}  // namespace

std::vector<HostFaultPlan> read_host(const MapReader& phase, Nanoseconds duration) {
  const YamlEntry* entry = phase.find("host");
  if (entry == nullptr) return {};
  const auto items = phase.items(*entry, kExample);
  const bool is_list = entry->value.kind == YamlNode::Kind::kList;
  if (is_list && (items.empty() || items.size() > kMostFaults)) {
    phase.problem(entry->value.place, "'host' has " + std::to_string(items.size()) +
                                          " faults; expected 1 to " + std::to_string(kMostFaults) +
                                          " such as {freeze: 500ms}");
    return {};
  }
  std::vector<ReadFault> faults;
  for (const YamlNode& item : items) {
    const MapReader reader(item, "a fault of 'host'", kHostFaultNames, phase.problems());
    if (reader.is_map() && item.entries.size() != 1) {
      phase.problem(item.place, "a fault of 'host' has " + std::to_string(item.entries.size()) +
                                    " keys; expected one, each fault in an item of its own");
      continue;
    }
    for (const YamlEntry& each : item.entries) {
      if (auto fault = read_fault(phase, each, duration)) faults.push_back(std::move(*fault));
    }
  }
  std::ranges::stable_sort(faults, {}, [](const ReadFault& each) { return each.plan.at; });
  refuse_overlap(faults, phase.problems());
  std::vector<HostFaultPlan> plans;
  for (const ReadFault& each : faults) plans.push_back(each.plan);
  return plans;
}

}  // namespace closewait
