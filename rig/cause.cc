#include "rig/cause.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/units.h"
#include "loadgen/scenario_text.h"
#include "rig/child.h"
#include "rig/show_again.h"

namespace closewait {
namespace {

using Names = std::vector<std::string>;

constexpr Nanoseconds kLongest = std::chrono::minutes(10);
constexpr Nanoseconds kShortestStorm = std::chrono::seconds(3);
constexpr Nanoseconds kLongestSettle = std::chrono::seconds(3);

bool is_one_of(const Names& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

// The first finding of that kind in a result.json whose behaviour is none of `known`; `played` is
// false when there is no result, or none of a run that came to its end.
struct PartResult {
  bool played = false;
  std::optional<Finding> found;
};
PartResult read_result(const std::filesystem::path& file, FindingKind kind, const Names& known) {
  std::ifstream text(file);
  const auto result = nlohmann::json::parse(text, nullptr, false);
  if (result.is_discarded() || !result.contains("findings")) return {};
  PartResult part{.played = true, .found = {}};
  for (const auto& each : result["findings"]) {
    const bool known_already = is_one_of(known, each.value("behaviour", ""));
    if (each.value("kind", "") != name_of(kind) || known_already) continue;
    part.found = Finding{.kind = kind, .per_connection = each.value("per_connection", 0.0)};
    break;
  }
  return part;
}

Names without(const Names& all, std::string_view name) {
  Names others;
  std::ranges::copy_if(all, std::back_inserter(others),
                       [&](const std::string& each) { return each != name; });
  return others;
}

}  // namespace

bool lacks_its_cause(const Finding& finding, const Scenario& scenario) {
  const auto behaviours = scenario.behaviours();
  if (is_of_a_victim(finding)) {
    return std::ranges::any_of(behaviours, [](const Behaviour* each) { return !each->polite; });
  }
  if (!finding.behaviour.empty()) return false;
  const bool ends_it = finding.kind == FindingKind::kCrash || finding.kind == FindingKind::kStuck;
  const bool beside_faults =
      std::ranges::any_of(scenario.cycle, [](const Phase& phase) { return !phase.host.empty(); });
  if (ends_it && beside_faults) return false;  // it may be of what was done to its process
  return behaviours.size() > 1;
}

CauseSearch::CauseSearch(const Setup& setup) : setup_(setup), deadline_(Clock::now() + kLongest) {}

// Of storms, with clients that came. Polite ones are no suspects where the harm is theirs.
Names CauseSearch::suspects(const Finding& finding) const {
  Names names;
  for (const Phase& phase : setup_.scenario.cycle) {
    for (const ClientMix& mix : phase.clients) {
      const std::string name(mix.behaviour->name);
      const auto& known = setup_.run.header.behaviours;
      const auto at = static_cast<std::size_t>(std::ranges::find(known, name) - known.begin());
      const bool came = at < known.size() && setup_.run.whole.clients[at].counts.opened > 0;
      const bool victim = is_of_a_victim(finding) && mix.behaviour->polite;
      if (came && !victim && !is_one_of(names, name)) names.push_back(name);
    }
  }
  return names;
}

std::vector<Setting> CauseSearch::settings_for(const Names& part, const Finding& finding) const {
  std::vector<Setting> settings;
  const Scenario& scenario = setup_.scenario;
  const bool keeps_polite = is_of_a_victim(finding);
  const auto all = static_cast<std::int64_t>(suspects(finding).size());
  for (std::size_t i = 0; i < scenario.cycle.size(); ++i) {
    const Phase& phase = scenario.cycle[i];
    const std::string path = fmt::format("cycle.{}.", i);
    if (phase.kind == PhaseKind::kRest) {
      settings.emplace_back(
          path + "settle",
          format_duration(std::max(phase.quiet, std::min(phase.settle, kLongestSettle))));
      continue;
    }
    std::vector<ClientMix> clients = clients_of(phase, [&](const Behaviour& each) {
      return is_one_of(part, each.name) || (keeps_polite && each.polite);
    });
    // A phase of which none is left is one of the others.
    for (std::size_t j = 0; clients.empty() && j < scenario.cycle.size(); ++j) {
      clients = clients_of(scenario.cycle[j],
                           [&](const Behaviour& each) { return is_one_of(part, each.name); });
    }
    settings.emplace_back(path + "clients", clients_yaml(clients));
    // Those that are left come the more often, so it takes less time.
    if (!phase.host.empty() || !phase.rate.steps.empty()) continue;  // they have their instants
    const Nanoseconds share = phase.duration * static_cast<std::int64_t>(part.size()) / all;
    const Nanoseconds length = std::max(share, std::min(phase.duration, kShortestStorm));
    settings.emplace_back(path + "for", format_duration(length));
  }
  settings.emplace_back("repeat", std::to_string(cycles_to_show(finding)));
  settings.emplace_back("on_finding", "{halve: off}");
  return settings;
}

// False: it was interrupted, or took too long.
bool CauseSearch::played(const std::vector<std::string>& command,
                         const std::filesystem::path& out) {
  std::error_code ignored;
  std::filesystem::create_directories(out, ignored);
  Child rig({.command = command, .log = out / "rig.log"});
  while (!rig.status()) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now());
    if (left.count() <= 0) {
      broken_off_ = fmt::format("it took longer than {}", format_duration(kLongest));
      return false;
    }
    std::array<pollfd, 2> wait{pollfd{rig.pidfd(), POLLIN, 0},
                               pollfd{setup_.interrupt.fd(), POLLIN, 0}};
    static_cast<void>(::poll(wait.data(), wait.size(), static_cast<int>(left.count())));
    if (wait[1].revents == 0) continue;
    broken_off_ = "it was interrupted";
    return false;
  }
  return true;
}

std::optional<Finding> CauseSearch::found_among(const Names& names, const Finding& finding) {
  const auto out = setup_.folder / "cause" / std::to_string(++runs_);
  std::vector<std::string> command = setup_.command(settings_for(names, finding));
  command.insert(command.end(), {"--out", out.string()});
  if (runs_ == 1) setup_.end_target();
  if (!played(command, out)) return {};
  Names known;
  for (const Finding& each : setup_.run.findings) {
    if (each.kind == finding.kind && each.behaviour != finding.behaviour) {
      known.push_back(each.behaviour);
    }
  }
  const PartResult part = read_result(out / "result.json", finding.kind, known);
  if (!part.played) {
    broken_off_ =
        fmt::format("a part of the mix could not be played ({})", (out / "rig.log").string());
    return {};
  }
  fmt::print(stderr, "cause {}: {} with {}\n", runs_,
             part.found ? name_of(finding.kind) : "nothing of the kind", fmt::join(names, ", "));
  return part.found;
}

std::string CauseSearch::name(Finding& finding) {
  const Names all = suspects(finding);
  const auto is_broken_off = [&] {
    if (broken_off_.empty()) return false;
    finding.evidence.push_back(
        fmt::format("the search for the behaviour that causes it was broken off: {}", broken_off_));
    return true;
  };
  if (all.empty() || is_broken_off()) return "";
  if (all.size() == 1) {
    if (!is_of_a_victim(finding)) finding.behaviour = all.front();
    return all.front();
  }
  fmt::print(stderr,
             "looking for the behaviour that causes {}: parts of the mix, each on a target of its "
             "own\n",
             name_of(finding.kind));
  Names left = all;
  std::optional<Finding> alone;
  while (left.size() > 1) {
    const auto middle = left.begin() + static_cast<std::ptrdiff_t>(left.size() / 2);
    const Names half(left.begin(), middle);
    alone = found_among(half, finding);
    if (is_broken_off()) return "";
    left = alone ? half : Names(middle, left.end());
  }
  if (!alone) alone = found_among(left, finding);
  if (is_broken_off()) return "";
  if (!alone) {
    finding.evidence.push_back(fmt::format(
        "no behaviour alone shows it on a fresh target: {} runs with parts of the mix (cause/)",
        runs_));
    return "";
  }
  const bool others_too = found_among(without(all, left.front()), finding).has_value();
  const bool tried = broken_off_.empty();
  finding.evidence.push_back(fmt::format(
      "{}{} alone shows it on a fresh target, and {} (cause/: {} runs with parts of the mix)",
      left.front(), is_of_a_victim(finding) ? " beside polite clients" : "",
      !tried       ? "the others were not tried without it"
      : others_too ? "so do others without it"
                   : "the others without it do not",
      runs_));
  if (is_of_a_victim(finding)) return left.front();
  finding.behaviour = left.front();
  if (alone->per_connection > 0) finding.per_connection = alone->per_connection;
  return left.front();
}

}  // namespace closewait
