// Up to which rate a target holds an expectation: one that can be reckoned, since each client stays
// for as long and the server takes so many at once.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>

#include <fstream>

#include "tests/rig_run.h"

namespace closewait {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using testing::Ended;
using testing::eventually;
using ::testing::HasSubstr;

class FindLimit : public testing::RigRun {
 protected:
  [[nodiscard]] Arguments search(const std::string& expectation, const Arguments& more = {}) const {
    Arguments arguments{
        write("capacity.yaml",
              "name: capacity\n"
              "seed: 3\n"
              "target:\n"
              "  start: closewait-server --service http --listen 127.0.0.1:0 --max-connections 60\n"
              "load: {arrivals: even}\n"
              "cycle:\n"
              "  - name: storm\n"
              "    for: 900ms\n"
              "    rate: 100/s\n"
              "    clients: {polite-held: {weight: 1, hold: 300ms, every: 50ms}}\n"
              "  - {name: rest, settle: 5s, quiet: 100ms}\n"),
        "--find-limit", expectation};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  [[nodiscard]] json limit() const {
    std::ifstream file(out() / "limit.json");
    return json::parse(file, nullptr, false);
  }
};

constexpr const char* kNoneFails = "clients.polite-held.failed_ratio < 1%";

// 60 at once, 0.25 to 0.3 s each: 200 to 240 a second.
TEST_F(FindLimit, IsWhereTheTargetHasNoRoomForMore) {
  const Ended ended = run(search(kNoneFails));
  EXPECT_EQ(ended.status, 0) << ended.output << ended.errors;
  EXPECT_THAT(ended.output, HasSubstr("LIMIT: clients.polite-held.failed_ratio < 1% holds at "));
  const json found = limit();
  EXPECT_EQ(found["decided"], true);
  EXPECT_EQ(found["limited_by"], "target");
  EXPECT_GT(found["holds"]["rate"], 120) << found.dump(2);
  EXPECT_LE(found["holds"]["rate"], 245) << found.dump(2);
  EXPECT_GT(found["holds"]["confidence"], 0.4);
  EXPECT_LE(found["breaks"]["rate"], found["holds"]["rate"].get<double>() * 1.06);
  EXPECT_THAT(found["breaks_because"], HasSubstr("clients.polite-held.failed_ratio is "));
  ASSERT_GE(found["trials"].size(), 10U);
  for (const json& trial : found["trials"]) {
    EXPECT_TRUE(std::filesystem::exists(trial["folder"].get<std::string>() + "/result.json"));
  }
}

// 20 at once, 0.25 to 0.3 s each: the rig itself may not open more.
TEST_F(FindLimit, OfTheRigIsSaidToBeThat) {
  const Ended ended = run(search(kNoneFails, {"--set", "load.open_at_most=20", "--json"}));
  EXPECT_EQ(ended.status, 3) << ended.output << ended.errors;
  const json found = json::parse(ended.output, nullptr, false);
  ASSERT_TRUE(found.is_object()) << ended.output;
  EXPECT_EQ(found, limit());
  EXPECT_EQ(found["limited_by"], "rig");
  EXPECT_LE(found["holds"]["rate"], 82);
  EXPECT_THAT(found["breaks_because"], HasSubstr("planned connections were skipped"));
}

TEST_F(FindLimit, LosesNothingWhenInterrupted) {
  const auto program = start_run(search(kNoneFails));
  ASSERT_TRUE(eventually([&] { return limit().is_object() && limit()["trials"].size() >= 2; }))
      << program->errors();
  program->signal(SIGINT);
  const Ended ended = finish(*program);
  EXPECT_EQ(ended.status, 3) << ended.errors;
  EXPECT_THAT(ended.output, HasSubstr("UNDECIDED: clients.polite-held.failed_ratio < 1% "));
  EXPECT_EQ(limit()["decided"], false);
  EXPECT_GE(limit()["trials"].size(), 2U);
}

TEST_F(FindLimit, IsRefusedWhereThereIsNothingToFind) {
  const auto refused = [&](const Arguments& arguments) {
    const Ended ended = run(arguments);
    EXPECT_EQ(ended.status, 2) << ended.output;
    EXPECT_FALSE(std::filesystem::exists(out()));
    return ended.errors;
  };
  EXPECT_THAT(refused(search("latency.polite.p99 < 50ms")),
              AllOf(HasSubstr("--find-limit 'latency.polite.p99 < 50ms': expected a number of "),
                    HasSubstr("as in 'latency.polite.response.p99 < 50ms'")));
  EXPECT_THAT(refused(search("clients.polite-held.failed_ratio < 50ms")), HasSubstr("expected"));
  EXPECT_THAT(refused(search(kNoneFails, {"--set", "cycle.storm.rate=max"})),
              HasSubstr("that of storm is max; expected a rate to begin with"));
  EXPECT_THAT(refused(search(kNoneFails, {"--repeat", "2"})), HasSubstr("leave out --repeat"));
}

}  // namespace
}  // namespace closewait
