#include "rig/doctor_command.h"

#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/open_files.h"
#include "base/units.h"
#include "faults/offer.h"
#include "observe/destroy_feed.h"
#include "report/brief.h"
#include "report/wrap.h"
#include "rig/dialect_probe.h"
#include "rig/machine.h"
#include "rig/preflight.h"
#include "rig/target_process.h"

namespace closewait {
namespace {

constexpr std::size_t kWhatWidth = 18;
constexpr std::size_t kFeedBufferOfRuns = 64 * 1024 * 1024;  // as a run asks for

// One thing that was looked at.
struct Diagnosis {
  std::string what;
  bool is_there = true;
  std::string found;  // and where it is missing what to grant
};

// What of the machine, of the target, and which behaviours do not apply, with why.
struct Report {
  std::vector<Diagnosis> machine;
  std::string target;  // "" when none was asked about
  std::vector<Diagnosis> of_target;
  std::vector<std::pair<std::string, std::string>> not_applicable;
};

struct Right {
  unsigned bit;  // linux/capability.h
  std::string_view name;
  std::string_view setcap;
  std::string_view serves;
};

constexpr std::array kRights{
    Right{12, "CAP_NET_ADMIN", "cap_net_admin",
          "vanish, and a buffer of destroy events that holds at any rate"},
    Right{19, "CAP_SYS_PTRACE", "cap_sys_ptrace", "to look into processes of other users"},
    Right{23, "CAP_SYS_NICE", "cap_sys_nice", "to keep a core for events that come together"}};

std::uint64_t effective_rights() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word != "CapEff:") continue;
    std::string mask;
    status >> mask;
    return std::stoull(mask, nullptr, 16);
  }
  return 0;
}

Diagnosis look_at_right(const Right& right, std::uint64_t mask) {
  const bool held = (mask >> right.bit & 1U) != 0;
  return {.what = std::string(right.name),
          .is_there = held,
          .found = held ? std::string(right.serves)
                        : fmt::format("needed {}: run as root, or grant it by 'setcap {}+ep' on "
                                      "closewait's file",
                                      right.serves, right.setcap)};
}

std::vector<Diagnosis> look_at_machine(const std::optional<SocketAddress>& target) {
  const Machine machine = this_machine(target);
  utsname names{};
  ::uname(&names);
  std::vector<Diagnosis> all{
      {.what = "kernel", .found = std::string(names.sysname) + " " + names.release},
      {.what = "open files",
       .found = fmt::format("{} a process; a load that needs more is spread over several",
                            grouped(machine.open_files))},
      {.what = "local ports", .found = grouped(machine.ports) + " of each source address"},
      {.what = "memory", .found = brief_bytes(static_cast<double>(machine.memory)) + " available"}};
  if (machine.conntrack) {
    all.push_back({.what = "conntrack",
                   .is_there = false,
                   .found = fmt::format("follows these connections and has {} entries free; beyond "
                                        "them SYNs stall. `check` counts with it; without: "
                                        "'nft ... notrack' for the target's port",
                                        grouped(machine.conntrack->free_entries))});
  } else {
    all.push_back({.what = "conntrack", .found = "does not follow these connections"});
  }
  const std::uint64_t rights = effective_rights();
  for (const Right& right : kRights) all.push_back(look_at_right(right, rights));
  return all;
}

Diagnosis look_at_feed(const std::vector<SocketAddress>& addresses) {
  std::vector<std::uint16_t> ports;
  for (const SocketAddress& each : addresses) {
    if (each.is_unix() || !each.is_local()) {
      return {.what = "destroy events",
              .is_there = false,
              .found = "only of TCP targets on this machine: leaks are judged by counts"};
    }
    ports.push_back(each.port());
  }
  const auto feed = DestroyFeed::open(ports, kFeedBufferOfRuns);
  if (!feed) {
    return {.what = "destroy events", .is_there = false, .found = describe(feed.error())};
  }
  const std::string& note = feed->buffer_note();
  return {.what = "destroy events",
          .found = note.empty() ? "each connection that leaks is known by its number"
                                : "available; " + note};
}

void look_at_processes(TargetProcess& target, std::vector<Diagnosis>& all) {
  const bool seen = target.observer() != nullptr;
  std::string found = target.command_line();
  for (const pid_t pid : target.roots())
    found += fmt::format("{}pid {}", found.empty() ? "" : ", ", pid);
  all.push_back(
      {.what = "processes", .is_there = seen, .found = seen ? found : target.why_unseen()});
  if (!seen) return;
  const Availability& sight = target.observer()->availability();
  const std::array<std::pair<const char*, bool>, 3> inputs{
      {{"descriptors", sight.fds}, {"sockets", sight.sockets}, {"epoll sets", sight.epoll}}};
  for (const auto& [what, is_there] : inputs) {
    all.push_back({.what = what, .is_there = is_there, .found = is_there ? "seen" : sight.why});
  }
}

void look_at_offer(const Scenario& scenario, const std::vector<SocketAddress>& addresses,
                   Report& report) {
  const Offer offer = offer_of(scenario.target, addresses.front());
  const bool told = offer.response_bytes != UINT64_MAX;
  report.of_target.push_back(
      {.what = "response",
       .is_there = told,
       .found =
           told ? fmt::format(
                      "as much as {} when asked for {}",
                      brief_bytes(static_cast<double>(offer.response_bytes)),
                      scenario.target.request.path.empty() ? "much" : scenario.target.request.path)
                : "no right one came within 5s of asking for much"});
  report.of_target.push_back({.what = "keep-alive",
                              .is_there = offer.keep_alive,
                              .found = offer.keep_alive ? "answers again on the same connection"
                                                        : "ends a connection after one answer"});
  for (const Behaviour* behaviour : catalogue()) {
    const std::string why = obstacle(*behaviour, offer);
    if (!why.empty()) report.not_applicable.emplace_back(behaviour->name, why);
  }
}

Scenario scenario_of(const DoctorOptions& options, const std::vector<Setting>& found) {
  std::vector<Setting> settings = found;
  settings.insert(settings.end(), options.settings.begin(), options.settings.end());
  settings.emplace_back("target.address", "\"" + options.address + "\"");
  if (options.allow_remote) settings.emplace_back("target.allow_remote", "true");
  Scenario scenario = parse_scenario(
      "name: doctor\ntarget: {address: 127.0.0.1:1}\n"
      "cycle: [{for: 1s, rate: 1/s, clients: {polite: 1}}]\n",
      "the command line", settings);
  scenario.target.pid = options.pid;
  for (const SocketAddress& each : scenario.target.addresses) {
    if (each.is_local() || scenario.target.allow_remote) continue;
    throw UsageError(each.to_string() +
                     " is not on this machine; clients go there only with --allow-remote");
  }
  return scenario;
}

// A dialect that is not said is found out; where it cannot be, that is part of the report.
void look_at_target(const DoctorOptions& options, Report& report) {
  Scenario scenario = scenario_of(options, {});
  TargetProcess target({.spec = &scenario.target, .log = "/dev/null"});
  report.target = list_of(target.addresses());
  look_at_processes(target, report.of_target);
  report.of_target.push_back(look_at_feed(target.addresses()));
  const bool said = std::ranges::any_of(options.settings, [](const Setting& setting) {
    return setting.first == "target.dialect" || setting.first == "target.path";
  });
  try {
    if (!said && !scenario.target.tls) {
      scenario = scenario_of(options, probe_dialect(target.addresses().front()));
    }
  } catch (const SetupError& error) {
    report.of_target.push_back({.what = "dialect", .is_there = false, .found = error.what()});
    return;
  }
  constexpr std::array kDialects{"echo", "http", "raw"};
  report.of_target.push_back(
      {.what = "dialect",
       .found = fmt::format("{}{}", kDialects[static_cast<std::size_t>(scenario.target.dialect)],
                            scenario.target.tls ? " over TLS" : "")});
  look_at_offer(scenario, target.addresses(), report);
}

void add_diagnoses(std::string& text, const std::vector<Diagnosis>& all) {
  for (const Diagnosis& each : all) {
    const std::string head =
        fmt::format("  {:<8}{:<{}}", each.is_there ? "ok" : "MISSING", each.what, kWhatWidth);
    add_wrapped(text, head, std::string(head.size(), ' '), each.found);
  }
}

std::string report_text(const Report& report) {
  std::string text = "this machine\n";
  add_diagnoses(text, report.machine);
  if (report.target.empty()) {
    return text + "\n`closewait doctor ADDRESS` looks at a server too.\n";
  }
  text += "\ntarget " + report.target + "\n";
  add_diagnoses(text, report.of_target);
  text += fmt::format("\nbehaviours: {} of {} apply\n",
                      catalogue().size() - report.not_applicable.size(), catalogue().size());
  for (const auto& [name, why] : report.not_applicable) {
    add_wrapped(text, "  not applicable: ", "    ", name + " " + why);
  }
  return text;
}

nlohmann::ordered_json diagnoses_json(const std::vector<Diagnosis>& all) {
  auto array = nlohmann::ordered_json::array();
  for (const Diagnosis& each : all) {
    array.push_back({{"what", each.what}, {"is_there", each.is_there}, {"found", each.found}});
  }
  return array;
}

std::string report_json_text(const Report& report) {
  nlohmann::ordered_json json{{"machine", diagnoses_json(report.machine)}};
  if (!report.target.empty()) {
    json["target"] = {{"address", report.target}, {"looked_at", diagnoses_json(report.of_target)}};
    json["not_applicable"] = nlohmann::ordered_json::object();
    for (const auto& [name, why] : report.not_applicable) json["not_applicable"][name] = why;
  }
  return json.dump(2) + "\n";
}

}  // namespace

ExitStatus doctor_command(const DoctorOptions& options) {
  std::optional<SocketAddress> address;
  if (!options.address.empty()) {
    const auto parsed = SocketAddress::parse(options.address);
    if (!parsed) throw UsageError(options.address + ": expected " + std::string(kAddressExample));
    address = *parsed;
  }
  Report report{.machine = look_at_machine(address)};
  if (address) look_at_target(options, report);
  fmt::print("{}", options.json ? report_json_text(report) : report_text(report));
  return ExitStatus::kPass;
}

}  // namespace closewait
