#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/address.h"
#include "base/clock.h"
#include "faults/behaviour.h"
#include "faults/composed_behaviour.h"
#include "faults/host/host_fault.h"
#include "faults/http_request.h"
#include "faults/raw_protocol.h"
#include "faults/tls_client_context.h"
#include "loadgen/rate.h"
#include "record/expectation.h"
#include "record/lines.h"

namespace closewait {

// A scenario, read and checked: plain data, nothing refers to the text it came from.

// One entry of a mix.
struct ClientMix {
  const Behaviour* behaviour = nullptr;  // of the catalogue, or composed
  double weight = 0;                     // share = weight over the sum of the mix
  Params params;
  std::optional<std::uint64_t> at_most;  // of them open at once
  bool optional = false;                 // where it cannot happen it is left out
};

struct Phase {
  std::string name;
  PhaseKind kind = PhaseKind::kStorm;
  Nanoseconds duration{0};  // not of a rest
  Rate rate;
  std::uint64_t together = 1;  // connections that begin in the same instant
  std::vector<ClientMix> clients;
  std::vector<HostFaultPlan> host;  // done to the target's process meanwhile, in order of `at`
  Nanoseconds settle{0};            // of a rest: at most this long
  Nanoseconds quiet{0};             // of a rest: until nothing moved for this long

  // Has clients, all of them are polite, and nothing is done to the target's process.
  [[nodiscard]] bool is_control() const;
  [[nodiscard]] std::uint64_t planned() const;  // connections; 0 when unbounded
};

enum class Dialect : std::uint8_t { kEcho, kHttp, kRaw };

struct Promises {
  std::optional<bool> half_close_answers;
  std::optional<Nanoseconds> idle_timeout;
  std::optional<std::uint64_t> max_requests;  // kNoLimit: it sets none
};
inline constexpr std::uint64_t kNoLimit = UINT64_MAX;

struct TargetSpec {
  std::vector<std::string> start;  // empty: it runs already
  // Empty: found by what was started, or by pid. Several are of one family and of one server; its
  // connections take them in turn.
  std::vector<SocketAddress> addresses;
  std::optional<std::int64_t> pid;
  Dialect dialect = Dialect::kHttp;
  std::optional<TlsSpec> tls;           // nothing: plain
  HttpRequest request;                  // of the dialect http
  std::optional<RawProtocol> protocol;  // of the dialect raw
  std::string protocol_file;            // absolute; "" when the scenario itself describes it
  Promises promises;
  bool allow_remote = false;

  // The first address, when there is one.
  [[nodiscard]] std::optional<SocketAddress> address() const;
  [[nodiscard]] bool is_unix() const { return !addresses.empty() && addresses.front().is_unix(); }
};

enum class Arrivals : std::uint8_t { kPoisson, kEven };

struct LoadSpec {
  Arrivals arrivals = Arrivals::kPoisson;
  std::vector<SocketAddress> sources;  // port 0; empty: the kernel's choice
  std::uint64_t open_at_most = 15000;
  Nanoseconds grace = std::chrono::seconds(5);
  std::uint64_t workers = 1;
  bool destroy_events = true;
  Nanoseconds lag_at_most = std::chrono::milliseconds(100);  // p99; beyond it the rig is saturated
};

struct AcceptedFinding {
  std::string finding;    // a kind
  std::string behaviour;  // "" accepts all
  std::string because;
  std::string until;  // YYYY-MM-DD; "" for ever
};

enum class OnFinding : std::uint8_t { kContinue, kStop, kRestart };

struct Scenario {
  std::string name;
  std::uint64_t seed = 0;
  bool seed_given = false;
  TargetSpec target;
  LoadSpec load;
  std::vector<std::shared_ptr<const ComposedBehaviour>> composed;  // whose rows phases refer to
  std::optional<Phase> warm_up;
  std::vector<Phase> cycle;
  std::uint64_t repeat = 1;                  // cycles
  std::optional<Nanoseconds> repeat_length;  // or as many whole cycles as fit into this
  std::vector<Expectation> expect;
  std::vector<AcceptedFinding> accept;
  // Behaviours that cannot happen and are optional, with why.
  std::map<std::string, std::string> not_applicable;
  OnFinding on_finding = OnFinding::kContinue;
  std::vector<std::string> run_on_finding;  // the words of a command; none: nothing
  bool halve = true;  // plays parts of the mix until the behaviour of a finding is known

  // Every behaviour of any phase once, in the order of first use: the index of all tallies.
  [[nodiscard]] std::vector<const Behaviour*> behaviours() const;
  [[nodiscard]] std::uint64_t planned_cycles() const;  // at least 1
  // As planned: grace is not counted, a rest counts with its quiet time.
  [[nodiscard]] Nanoseconds planned_length() const;
};

// `--set cycle.storm.for=60s`.
using Setting = std::pair<std::string, std::string>;

// Reads a scenario from YAML text. `file` names it in errors. `settings` replace or add values:
// a path of keys, phases of the cycle by their names (or numbers from 0), the value read as YAML.
// ${NAME} in a scalar takes an environment variable. Throws UsageError with one line for each
// thing wrong, `file:line:column: what is wrong, and what was expected` (`--set PATH:` for a
// setting).
[[nodiscard]] Scenario parse_scenario(const std::string& text, const std::string& file,
                                      const std::vector<Setting>& settings);
// The same from a file; a missing or unreadable one is a UsageError with its path.
[[nodiscard]] Scenario load_scenario(const std::string& path, const std::vector<Setting>& settings);

// The YAML text of `closewait run --target ADDR --mix polite:80,rst-after-connect:20 --rate
// 2000/s --for 10m`, so that both ways are one: three cycles whose storms last `length` in all.
// Throws UsageError that names the option, "--mix", for what cannot be read.
struct QuickScenario {
  std::string target;
  std::string mix;
  std::string rate;
  std::string length;
};
[[nodiscard]] std::string quick_scenario_text(const QuickScenario& quick);

}  // namespace closewait
