#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include <memory>
#include "base/address.h"
#include "tests/program.h"

namespace closewait::testing {

// What a run of `closewait` left.
struct Ended {
  std::optional<int> status;  // nothing: it did not end in time
  std::string output;
  std::string errors;
  nlohmann::json result;  // result.json; null when there is none
};

// A test that starts the real programs in a folder of its own. Its clients come from addresses
// that no other test of this machine uses.
class RigRun : public ::testing::Test {
 protected:
  using Arguments = std::vector<std::string>;

  // Runs `closewait ARGUMENTS` to its end.
  [[nodiscard]] Ended closewait(Arguments arguments) const;
  // Starts `closewait run ARGUMENTS --out OUT` with this test's addresses.
  [[nodiscard]] std::unique_ptr<Program> start_run(Arguments arguments) const;
  [[nodiscard]] Ended finish(Program& program) const;
  // Runs `closewait COMMAND` to its end in a network that has nothing but loopback, prepared by
  // `before`, a script.
  [[nodiscard]] Ended closewait_in_own_network(const std::string& command,
                                               const std::string& before = "true") const;
  // "" when that can be had here.
  [[nodiscard]] static std::string why_no_own_network();
  // Starts `closewait run ARGUMENTS` with this test's addresses; the results go to results/ in the
  // test's folder.
  [[nodiscard]] std::unique_ptr<Program> start_run_in_results(Arguments arguments) const;
  // The same to its end.
  [[nodiscard]] Ended run(Arguments arguments) const;
  // A scenario file in the test's folder.
  [[nodiscard]] std::string write(const std::string& name, const std::string& text) const;
  // Eventually true: the record has a line of a storm.
  [[nodiscard]] bool storm_began() const;
  // The first process of the target, as the record's header says.
  [[nodiscard]] pid_t target_pid() const;

  [[nodiscard]] std::filesystem::path folder() const { return folder_.path(); }
  [[nodiscard]] std::filesystem::path out() const { return folder() / "out"; }
  [[nodiscard]] std::filesystem::path record() const { return out() / "run.jsonl"; }

 private:
  TemporaryFolder folder_;
};

// A scenario of this repository.
[[nodiscard]] std::string shipped(const std::string& name);

// The soak in seconds instead of a minute, and the same with seven of its behaviours, which any
// server answers alike.
[[nodiscard]] std::vector<std::string> whole_soak();
[[nodiscard]] std::vector<std::string> short_soak();

// A pass without findings and with nothing outstanding at any rest, in which each client of these
// behaviours went as it says and had right answers.
void expect_pass(const Ended& ended, const std::vector<std::string>& behaviours);

// Where a started closewait-server or closewait-specimen says that it listens.
[[nodiscard]] SocketAddress address_of(const Program& server);

}  // namespace closewait::testing
