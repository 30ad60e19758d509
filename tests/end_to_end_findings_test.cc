// Every kind of finding on a server that has the flaw, and on none that has not.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <set>

#include "tests/rig_run.h"

namespace closewait {
namespace {

using nlohmann::json;
using ::testing::Contains;
using testing::Ended;
using ::testing::HasSubstr;

// What is found of a specimen, under what load.
struct Row {
  const char* specimen;
  const char* clients;
  const char* kind;
  const char* behaviour;       // "" where several may be or none is known
  double per_connection;       // 0 where it has no size, or a rough one
  std::set<std::string> also;  // kinds that the same flaw may raise besides
  std::string rate = "300/s";
  int cycles = 2;
  const char* host = "";
  friend void PrintTo(const Row& row, std::ostream* out) { *out << row.specimen; }
};

class Findings : public testing::RigRun, public ::testing::WithParamInterface<Row> {
 protected:
  [[nodiscard]] Ended found_of(const std::string& server, const Row& row) const {
    return run({write("findings.yaml",
                      fmt::format("name: findings\n"
                                  "seed: 5\n"
                                  "target: {{start: '{} --listen 127.0.0.1:0', dialect: http}}\n"
                                  "load: {{grace: 1s}}\n"
                                  "warm_up: {{for: 500ms, rate: 100/s, clients: {{polite: 1}}}}\n"
                                  "cycle:\n"
                                  "  - {{name: storm, for: 2s, rate: {}, clients: {}{}}}\n"
                                  "  - {{name: rest, settle: 3s, quiet: 400ms}}\n"
                                  "repeat: {}\n",
                                  server, row.rate, row.clients, row.host, row.cycles))});
  }
};

constexpr const char* kResets = "{polite: 70, rst-after-connect: 30}";

TEST_P(Findings, AreNamed) {
  const Row& row = GetParam();
  const Ended ended = found_of(fmt::format("closewait-specimen {}", row.specimen), row);
  ASSERT_EQ(ended.status, 1) << ended.output << ended.errors;
  const json& findings = ended.result["findings"];
  ASSERT_FALSE(findings.empty()) << ended.output;
  EXPECT_EQ(findings[0]["kind"], row.kind) << ended.output;
  if (row.behaviour[0] != '\0') {
    EXPECT_EQ(findings[0]["behaviour"], row.behaviour) << ended.output;
  }
  if (row.per_connection > 0) {
    EXPECT_NEAR(findings[0]["per_connection"].get<double>(), row.per_connection,
                row.per_connection * 0.01);
  }
  for (const json& each : findings) {
    const auto kind = each["kind"].get<std::string>();
    EXPECT_TRUE(kind == row.kind || row.also.contains(kind)) << each.dump(2);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Of, Findings,
    ::testing::Values(
        Row{"leaks-one-in-500", "{polite: 1}", "close-wait", "polite", 0, {}, "600/s"},
        Row{"forgets-early-half-close",
            "{polite: 70, half-close-early: 30}",
            "close-wait",
            "half-close-early",
            1,
            {}},
        Row{"keeps-a-duplicate",
            kResets,
            "ghost-registration",
            "rst-after-connect",
            1,
            {"fd-leak"}},
        Row{"object-leak-on-reset",
            "{rst-after-connect: 1}",
            "memory-growth",
            "rst-after-connect",
            0,
            {},
            "1500/s",
            6},
        Row{"thread-per-reset", kResets, "thread-leak", "rst-after-connect", 1, {}, "100/s"},
        Row{"helper-per-reset", kResets, "process-leak", "rst-after-connect", 1, {}, "100/s"},
        Row{"wakeup-never-read", "{rst-after-connect: 1}", "busy-loop", "rst-after-connect", 0, {}},
        Row{"exits-on-eintr",
            "{polite: 1}",
            "crash",
            "",
            0,
            {},
            "100/s",
            1,
            ", host: [{freeze: {for: 200ms, at: 300ms}}]"},
        Row{"dies-of-sigpipe", kResets, "crash", "", 0, {}, "100/s"},
        Row{"accept-dead-after-emfile",
            "{polite: {weight: 1, timeout: 2s}}",
            "stuck",
            "",
            0,
            {},
            "100/s",
            2,
            ", host: [{few_descriptors: {for: 500ms, at: 200ms}}]"}),
    [](const auto& row) {
      std::string name = row.param.specimen;
      std::erase(name, '-');
      return name;
    });

}  // namespace
}  // namespace closewait
