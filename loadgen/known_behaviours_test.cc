#include "loadgen/known_behaviours.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "loadgen/scenario.h"

namespace closewait {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

std::string with_behaviours(const std::string& behaviours,
                            const std::string& clients = "polite: 1") {
  return "name: s\ntarget: {pid: 1}\nbehaviours:\n" + behaviours +
         "cycle: [{for: 1s, rate: 5/s, clients: {" + clients + "}}]\n";
}

std::string error_of(const std::string& text, const std::string& file = "s.yaml") {
  try {
    static_cast<void>(parse_scenario(text, file, {}));
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

std::string error_of_steps(const std::string& steps) {
  return error_of(with_behaviours("  own: {steps: " + steps + "}\n", "own: 1"));
}

TEST(KnownBehaviours, AreComposedInTheScenario) {
  const Scenario scenario =
      parse_scenario(with_behaviours("  probe:\n"
                                     "    story: asks and goes\n"
                                     "    size: 64KiB\n"
                                     "    timeout: 3s\n"
                                     "    steps:\n"
                                     "      - connect: {receive_buffer: 16KiB}\n"
                                     "      - send: 10B\n"
                                     "      - wait: 20ms\n"
                                     "      - send\n"
                                     "      - receive: 3B\n"
                                     "      - reset\n",
                                     "polite: 1, probe: {weight: 3, size: 1MiB, at_most: 5}"),
                     "s.yaml", {});
  ASSERT_THAT(scenario.behaviours(), SizeIs(2));
  const ClientMix& mix = scenario.cycle[0].clients[1];
  EXPECT_EQ(mix.behaviour->name, "probe");
  EXPECT_EQ(mix.behaviour->story, "asks and goes");
  EXPECT_EQ(mix.behaviour->end, End::kRst);
  EXPECT_EQ(mix.params.size, 1024U * 1024);
  EXPECT_EQ(mix.params.timeout, std::chrono::seconds(3));
  EXPECT_EQ(mix.at_most, 5U);
  ASSERT_THAT(mix.params.steps, SizeIs(6));
  EXPECT_EQ(mix.params.steps[0].bytes, 16U * 1024);
  EXPECT_EQ(mix.params.steps[1].bytes, 10U);
  EXPECT_EQ(mix.params.steps[2].duration, std::chrono::milliseconds(20));
  EXPECT_EQ(mix.params.steps[4].bytes, 3U);
  // A copy refers to the same rows, which live as long as it does.
  const Scenario copy = scenario;
  EXPECT_EQ(copy.composed[0].get(), scenario.composed[0].get());
}

TEST(KnownBehaviours, RepeatIsUnrolled) {
  const Scenario scenario = parse_scenario(
      with_behaviours("  own: {steps: [connect, send, receive, {repeat: {times: 3, steps: "
                      "[ask_again, send, receive]}}, close]}\n",
                      "own: 1"),
      "s.yaml", {});
  EXPECT_THAT(scenario.cycle[0].clients[0].params.steps, SizeIs(3 + 9 + 1));
}

struct Refused {
  std::string steps;
  std::string error;
};

TEST(KnownBehaviours, WithStepsThatCannotBeAreRefusedWhereTheyStand) {
  const std::string ends = "close, close_unread, reset, disconnect or vanish";
  for (const Refused& each : std::initializer_list<Refused>{
           {"[connect, send, receive]",
            "4:16: 'steps' never end; expected a last step that does: " + ends},
           {"[send, connect, close]",
            "4:17: 'send' comes before connect; expected connect as the first step"},
           {"[close]", "4:17: 'close' comes before connect; expected connect as the first step"},
           {"[connect, reset, send]",
            "4:33: 'send' comes after the end; expected the end as the last of all steps"},
           {"[connect, connect, close]", "4:26: a second connect; expected one, as the first step"},
           {"[connect, shut_down_sending, send, close]",
            "4:45: 'send' comes after shut_down_sending; expected it before"},
           {"[connect, send, send, close]",
            "4:32: 'send' of a request that is sent already; expected ask_again before it"},
           {"[connect, receive, close]",
            "4:26: 'receive' of what was not asked for; expected send before it, or stay"},
           {"[connect, {send: 3B}, receive, close]",
            "4:38: 'receive' of a response whose request is not sent; expected send before it"},
           {"[connect, {send: 3B}, {send: head}, send, close]",
            "4:39: 'send' of the head comes after a part of the request; expected it first"},
           {"[connect, {send_bytes: x}, send, receive, close]",
            "4:49: 'receive' judges the response to a request, and send_bytes is none; expected "
            "stay"},
           {"[connect, send, shut_down_receiving, receive, close]",
            "4:53: 'receive' comes after shut_down_receiving; expected it before"},
           {"[connect, send, wait_for_input, close]",
            "4:48: 'close' of what wait_for_input left unread is a reset; expected close_unread"},
           {"[connect, send, receive, close_unread]",
            "4:41: 'close_unread' needs something unread; expected wait_for_input before it"},
           {"[connect, shut_down_sending, vanish]",
            "4:45: 'vanish' comes after shut_down_sending; expected it before"},
           {"[connect, send, ask_again, close]",
            "4:32: 'ask_again' before the response is whole; expected receive before it"},
           {"[connect, {stay: 10s}, close]",
            "4:27: the steps wait for 10s up to here and its timeout is 10s, so it never comes to "
            "its end; expected a longer timeout"},
           {"[connect, {repeat: {times: 20, steps: [{wait: 1s}]}}, close]",
            "4:56: the steps wait for 10s up to here and its timeout is 10s, so it never comes to "
            "its end; expected a longer timeout"},
           {"[connect, {repeat: {times: 2, steps: [close]}}]",
            "4:54: 'close' is in a repeat; expected the end as the last of all steps"},
           {"[connect, {repeat: {times: 0, steps: [drain]}}, close]",
            "4:43: 'times' is '0'; expected how many times, from 1 to 1000"},
           {"[connect, {send: heda}, close]", "4:33: unknown stage 'heda'; did you mean 'head'?"},
           {"[connect, send, {receive: middle}, close]",
            "4:42: unknown stage 'middle'; expected a stage: a size such as 10B, all"},
           {"[conect, close]", "4:17: unknown step 'conect'; did you mean 'connect'?"},
           {"[connect, wait, close]", "4:26: 'wait' is not told what; expected {wait: 50ms}"},
           {"[connect, {reset: 3}]", "4:34: 'reset' takes nothing; expected reset alone"},
           {"[]",
            "4:16: 'steps' is empty; expected a list such as [connect, send, receive, close]"},
           {"[[connect]]",
            "4:17: a step is a list; expected one verb such as connect, or {wait: 50ms}"}}) {
    EXPECT_THAT(error_of_steps(each.steps), HasSubstr("s.yaml:" + each.error)) << each.steps;
  }
}

TEST(KnownBehaviours, OfAMixHaveTimeForTheirSteps) {
  EXPECT_THAT(error_of(with_behaviours("  own: {steps: [connect, {stay: 1s}, close]}\n",
                                       "own: {weight: 1, timeout: 500ms}")),
              HasSubstr("'own' waits for 1s, so it never comes to its end within its timeout of "
                        "500ms; expected a longer timeout"));
}

TEST(KnownBehaviours, HaveNamesOfTheirOwn) {
  EXPECT_EQ(error_of(with_behaviours("  half-close: {steps: [connect, close]}\n")),
            "s.yaml:4:3: 'half-close' is a behaviour of the catalogue; expected another name");
  EXPECT_THAT(error_of(with_behaviours("  own: {steps: [connect, close]}\n", "onw: 1")),
              HasSubstr("unknown key 'onw' in 'clients'; did you mean 'own'?"));
  EXPECT_THAT(error_of(with_behaviours("  polite-own: {steps: [connect, close]}\n")),
              HasSubstr("s.yaml:4:15: 'polite-own' begins as the polite ones do"));
  EXPECT_THAT(error_of(with_behaviours("  own: {step: [connect, close]}\n")),
              HasSubstr("s.yaml:4:9: unknown key 'step' in 'own'; did you mean 'steps'?"));
}

// A folder with behaviours/ in it, which the next test does not see.
class BehaviourFiles : public ::testing::Test {
 protected:
  BehaviourFiles() {
    std::string name = (std::filesystem::temp_directory_path() / "closewait-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    std::filesystem::create_directory(folder_ / "behaviours");
  }
  ~BehaviourFiles() override {
    ::unsetenv("CLOSEWAIT_BEHAVIOURS");
    std::filesystem::remove_all(folder_);
  }
  [[nodiscard]] std::string scenario_file() const { return (folder_ / "s.yaml").string(); }

  std::filesystem::path folder_;
};

const std::string kOwn =
    "name: s\ntarget: {pid: 1}\ncycle: [{for: 1s, rate: 5/s, clients: {own: 1}}]\n";

TEST_F(BehaviourFiles, LieBesideTheScenario) {
  std::ofstream(folder_ / "behaviours/own.yaml") << "steps: [connect, shut_down_sending, close]\n";
  const Scenario scenario = parse_scenario(kOwn, scenario_file(), {});
  ASSERT_THAT(scenario.composed, SizeIs(1));
  EXPECT_EQ(scenario.cycle[0].clients[0].behaviour, &scenario.composed[0]->row());
  EXPECT_EQ(scenario.composed[0]->file_text(), "steps: [connect, shut_down_sending, close]\n");
}

TEST_F(BehaviourFiles, LieInAFolderOfTheEnvironment) {
  std::ofstream(folder_ / "behaviours/own.yaml") << "steps: [connect, reset]\n";
  EXPECT_THAT(error_of(kOwn), HasSubstr("unknown key 'own' in 'clients'"));
  ::setenv("CLOSEWAIT_BEHAVIOURS", ("/nowhere:" + (folder_ / "behaviours").string()).c_str(), 1);
  EXPECT_EQ(error_of(kOwn), "");
  EXPECT_EQ(load_behaviour("own")->row().end, End::kRst);
  EXPECT_EQ(load_behaviour("../own"), nullptr);
}

TEST_F(BehaviourFiles, SayWhatIsWrongInThemAndWhere) {
  const std::string path = (folder_ / "behaviours/own.yaml").string();
  std::ofstream(path) << "story: x\nsteps: [connect]\n";
  EXPECT_EQ(error_of(kOwn, scenario_file()),
            path +
                ":2:8: 'steps' never end; expected a last step that does: close, close_unread, "
                "reset, disconnect or vanish");
}

}  // namespace
}  // namespace closewait
