// Behaviours that a user composes: played, proven, judged and tried as those of the catalogue.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <stdlib.h>

#include <fstream>

#include "tests/rig_run.h"

namespace closewait {
namespace {

using nlohmann::json;
using testing::address_of;
using testing::Ended;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Program;
using ::testing::SizeIs;

constexpr const char* kImpatient =
    "[connect, {send: 10B}, {wait: 5ms}, send, {receive: 3B}, reset]";

class Composed : public testing::RigRun {
 protected:
  ~Composed() override { ::unsetenv("CLOSEWAIT_BEHAVIOURS"); }

  // Two storms of a server that the rig starts, with these behaviours and clients.
  [[nodiscard]] std::string scenario(const std::string& server, const std::string& behaviours,
                                     const std::string& clients) const {
    return write("composed.yaml",
                 fmt::format("name: composed\n"
                             "seed: 11\n"
                             "target: {{start: {} --listen 127.0.0.1:0, promises: {{half_close: "
                             "answers}}}}\n"
                             "behaviours: {}\n"
                             "cycle:\n"
                             "  - {{name: storm, for: 1s, rate: 200/s, clients: {}}}\n"
                             "  - {{name: rest, settle: 3s, quiet: 200ms}}\n"
                             "repeat: 2\n",
                             server, behaviours, clients));
  }
  void write_impatient_file() const {
    std::filesystem::create_directory(folder() / "behaviours");
    std::ofstream(folder() / "behaviours/impatient.yaml")
        << "story: asks in two parts, takes three bytes and resets\nsteps: " << kImpatient << "\n";
  }
};

TEST_F(Composed, ArePlayedAndProvenLikeTheCatalogues) {
  const Ended ended = run({scenario(
      "closewait-server --service http",
      fmt::format("{{impatient: {{steps: {}}}, twice: {{steps: [connect, send, receive, ask_again, "
                  "send, receive, shut_down_sending, drain, close]}}}}",
                  kImpatient),
      "{polite: 50, impatient: 25, twice: {weight: 25, size: 64KiB}}")});
  testing::expect_pass(ended, {"polite", "impatient", "twice"});
  for (const char* name : {"impatient", "twice"}) {
    const json& counts = ended.result["clients"][name];
    EXPECT_EQ(counts["intended"], counts["opened"]) << name;
    EXPECT_EQ(counts["confirmed"], counts["intended"]) << name;
  }
  EXPECT_GT(ended.result["latency"]["twice"]["response"]["count"],
            ended.result["clients"]["twice"]["opened"]);
}

TEST_F(Composed, ThatALeakComesFromIsNamed) {
  const Ended ended = run({scenario("closewait-specimen fd-leak-on-reset",
                                    fmt::format("{{impatient: {{steps: {}}}}}", kImpatient),
                                    "{polite: 50, half-close: 25, impatient: 25}")});
  EXPECT_EQ(ended.status, 1) << ended.output << ended.errors;
  ASSERT_THAT(ended.result["findings"], SizeIs(1)) << ended.output;
  EXPECT_EQ(ended.result["findings"][0]["kind"], "fd-leak");
  EXPECT_EQ(ended.result["findings"][0]["behaviour"], "impatient");
  EXPECT_EQ(ended.result["findings"][0]["per_connection"], 1.0);
}

// The results have what the run was made of.
TEST_F(Composed, OfAFileAreKeptWithTheResults) {
  write_impatient_file();
  const Ended ended = run({write("of_file.yaml",
                                 "name: of-file\n"
                                 "target: {start: closewait-server --service http --listen "
                                 "127.0.0.1:0}\n"
                                 "cycle: [{for: 500ms, rate: 100/s, clients: {impatient: 1}}]\n")});
  EXPECT_EQ(ended.status, 0) << ended.output << ended.errors;
  EXPECT_GT(ended.result["clients"]["impatient"]["delivered"], 0);
  const Ended kept = closewait({"check", out() / "scenario.yaml"});
  EXPECT_EQ(kept.status, 0) << kept.errors;
  EXPECT_THAT(kept.output, HasSubstr("impatient"));
}

TEST_F(Composed, OfAFileAreToldOfAndTried) {
  write_impatient_file();
  ::setenv("CLOSEWAIT_BEHAVIOURS", (folder() / "behaviours").c_str(), 1);
  const Ended told = closewait({"clients", "impatient"});
  EXPECT_EQ(told.status, 0) << told.errors;
  EXPECT_THAT(told.output, HasSubstr("asks in two parts, takes three bytes and resets"));
  const Program server({"closewait-server", "--listen", "127.0.0.1:0", "--service", "http"},
                       folder());
  const Ended tried = closewait({"try", "impatient", address_of(server).to_string(), "--json"});
  EXPECT_EQ(tried.status, 0) << tried.output << tried.errors;
  EXPECT_EQ(json::parse(tried.output)["outcome"], "delivered");
}

}  // namespace
}  // namespace closewait
