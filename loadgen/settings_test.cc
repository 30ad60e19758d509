#include "loadgen/settings.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace closewait {
namespace {

const std::string kText =
    "name: s\n"
    "target: {start: server}\n"
    "load: {sources: [127.0.0.2, 127.0.0.3]}\n"
    "cycle:\n"
    "  - {name: storm, for: 1s, rate: 5/s, clients: {polite: 1, slow-read: {weight: 5, size: "
    "1MiB}}}\n"
    "  - {settle: 5s}\n"
    "repeat: 2\n";

Scenario with(const std::vector<Setting>& settings) {
  return parse_scenario(kText, "s.yaml", settings);
}

std::string error_of(const std::vector<Setting>& settings) {
  try {
    static_cast<void>(with(settings));
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Settings, ReplaceAndAddValues) {
  EXPECT_EQ(with({{"repeat", "8h"}}).repeat_length, std::chrono::hours(8));
  EXPECT_EQ(with({{"seed", "7"}}).seed, 7U);
  EXPECT_EQ(with({{"load.grace", "1s"}}).load.grace, std::chrono::seconds(1));
  EXPECT_EQ(with({{"load.sources", "127.0.0.9"}}).load.sources.size(), 1U);
  EXPECT_EQ(with({{"load.sources.1", "127.0.0.9"}}).load.sources.back().ip(), "127.0.0.9");
  EXPECT_EQ(with({{"load.sources", "[127.0.0.4,127.0.0.5-127.0.0.6]"}}).load.sources.size(), 3U);
  EXPECT_EQ(with({{"target.start", "a 'b c'"}}).target.start.size(), 2U);
  EXPECT_EQ(with({{"target.promises.half_close", "answers"}}).target.promises.half_close_answers,
            true);
}

TEST(Settings, AddressPhasesByNameAndByNumber) {
  EXPECT_EQ(with({{"cycle.storm.for", "60s"}}).cycle[0].duration, std::chrono::seconds(60));
  EXPECT_EQ(with({{"cycle.0.rate", "7/s"}}).cycle[0].rate.from, 7);
  EXPECT_EQ(with({{"cycle.rest.quiet", "1s"}}).cycle[1].quiet, std::chrono::seconds(1));
  EXPECT_EQ(with({{"cycle.1.name", "calm"}, {"cycle.calm.settle", "9s"}}).cycle[1].settle,
            std::chrono::seconds(9));
}

TEST(Settings, ReachIntoAMix) {
  const auto mix = [](const std::string& path, const std::string& value) {
    return with({{"cycle.storm.clients" + path, value}}).cycle[0].clients;
  };
  EXPECT_EQ(mix(".slow-read.weight", "3").back().weight, 3);
  EXPECT_EQ(mix(".slow-read.weight", "3").back().params.size, 1024U * 1024);
  EXPECT_EQ(mix(".polite", "3").front().weight, 3);
  EXPECT_EQ(mix(".polite.at_most", "7").front().at_most, 7U);
  EXPECT_EQ(mix(".polite.at_most", "7").front().weight, 1);
  EXPECT_EQ(mix(".half-close", "2").size(), 3U);
  ASSERT_EQ(mix("", "{rst-after-connect: 1}").size(), 1U);
  EXPECT_EQ(mix("", "{rst-after-connect: 1}").front().behaviour->name, "rst-after-connect");
}

TEST(Settings, TheLaterWins) { EXPECT_EQ(with({{"repeat", "5"}, {"repeat", "6"}}).repeat, 6U); }

TEST(Settings, BuildWhatIsNotThere) {
  const Scenario scenario =
      with({{"warm_up.for", "1s"}, {"warm_up.rate", "9/s"}, {"warm_up.clients.polite", "1"}});
  EXPECT_EQ(scenario.warm_up->rate.from, 9);
}

TEST(Settings, TakeBoundsAndAddressesAsTheyAre) {
  const Scenario scenario = with({{"expect.latency.polite.response.p99", "> 100ms"},
                                  {"target.address", "[::1]:80"},
                                  {"load.sources", "::1"}});
  ASSERT_EQ(scenario.expect.size(), 1U);
  EXPECT_EQ(scenario.expect[0].path, "latency.polite.response.p99");
  EXPECT_EQ(scenario.expect[0].relation, Expectation::Relation::kMore);
  EXPECT_EQ(scenario.target.address()->to_string(), "[::1]:80");
}

TEST(Settings, TakeAllBoundsAtOnce) {
  const Scenario scenario = with({{"expect", "{clients.polite.failed_ratio: < 0.1%}"}});
  ASSERT_EQ(scenario.expect.size(), 1U);
  EXPECT_EQ(scenario.expect[0].path, "clients.polite.failed_ratio");
  EXPECT_TRUE(with({{"expect.lag.p99", "< 1s"}, {"expect", "{}"}}).expect.empty());
}

TEST(Settings, TakeTheEnvironment) {
  ::setenv("CLOSEWAIT_SETTINGS_TEST", "4", 1);
  EXPECT_EQ(with({{"repeat", "${CLOSEWAIT_SETTINGS_TEST}"}}).repeat, 4U);
  ::unsetenv("CLOSEWAIT_SETTINGS_TEST");
}

TEST(Settings, SayWhichOneIsWrong) {
  const std::string path = ": not a path; expected keys and dots such as cycle.storm.for";
  const auto error = [](const std::string& key, const std::string& value) {
    return error_of({{key, value}});
  };
  EXPECT_EQ(error("cycle.storm.fro", "1s"),
            "--set cycle.storm.fro: unknown key 'fro' in a phase; did you mean 'for'?");
  EXPECT_EQ(error("cycle.strom.for", "1s"),
            "--set cycle.strom.for: no phase is named 'strom'; did you mean 'storm'?");
  EXPECT_EQ(error("cycle.x.for", "1s"),
            "--set cycle.x.for: no phase is named 'x'; expected storm or rest");
  EXPECT_EQ(error("cycle.2.for", "1s"),
            "--set cycle.2.for: '2' is no item of a list; expected a number below 2");
  EXPECT_EQ(error("load.sources.x", "1s"),
            "--set load.sources.x: 'x' is no item of a list; expected a number below 2");
  EXPECT_EQ(error("cycle.storm.for", "60"),
            "--set cycle.storm.for: 'for' is '60'; expected a duration such as 250ms, at most "
            "365d");
  EXPECT_EQ(error("repeats", "3"),
            "--set repeats: unknown key 'repeats' in the scenario; did you mean 'repeat'?");
  EXPECT_EQ(error("lod.grace", "3s"),
            "--set lod.grace: unknown key 'lod' in the scenario; did you mean 'load'?");
  EXPECT_EQ(error("name.first", "x"),
            "--set name.first: 'name' is a value and has no key 'first'; expected a path that "
            "ends there");
  EXPECT_EQ(error("cycle.storm.clients.polit", "3"),
            "--set cycle.storm.clients.polit: unknown key 'polit' in 'clients'; did you mean "
            "'polite'?");
  EXPECT_EQ(error("cycle.storm.clients", "{polite: 1, polite: 2}"),
            "--set cycle.storm.clients: repeated key 'polite'; expected it once, and it is there "
            "already");
  EXPECT_EQ(error("load", "{grace: 1s"),
            "--set load: not YAML: end of map flow not found; expected valid YAML\n"
            "--set load: 'load' is empty; expected a map of arrivals, sources, open_at_most, "
            "grace, workers, destroy_events or lag_at_most");
  EXPECT_TRUE(error("repeat", "").starts_with("--set repeat: 'repeat' is empty; expected "));
  EXPECT_EQ(error("", "x"), "--set " + path);
  EXPECT_EQ(error("a..b", "x"), "--set a..b" + path);
  EXPECT_EQ(error("expect.", "x"), "--set expect." + path);
  EXPECT_EQ(error("a\x01z", "x"), "--set 'a?z'" + path);
}

TEST(Settings, AreToldAfterTheFile) {
  try {
    static_cast<void>(parse_scenario(kText + "sede: 4\n", "s.yaml", {{"rpeat", "3"}}));
    FAIL() << "no error";
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(),
                 "s.yaml:8:1: unknown key 'sede' in the scenario; did you mean 'seed'?\n"
                 "--set rpeat: unknown key 'rpeat' in the scenario; did you mean 'repeat'?");
  }
}

}  // namespace
}  // namespace closewait
