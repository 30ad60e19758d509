#include "report/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "report/example_run.h"
#include "report/verdict_sentence.h"

namespace closewait {
namespace {

using testing::example_run;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TEST(Table, ReadsWell) {
  EXPECT_EQ(run_table(example_run()), R"(soak: 127.0.0.1:7000, seed 42, 18s

                                                            response               reap
behaviour            planned     opened  delivered  failed       p50      p99       p99
polite                 2,410      2,410      2,410      0%    2.99ms   2.99ms     219us
rst-after-connect        412        412        411  0.243%         -        -         -

rest           at  connections        fds   outstanding
0              7s          410          9             0
1             17s        2,822          9             0

held    latency.polite.response.p99 < 5x control: it is 3ms, the bound 5ms
held    clients.polite.failed_ratio < 0.1%: it is 0%

not judged: lingering: the scenario promises no idle_timeout

PASS: 2,822 connections, 0 leaked descriptors over 2 rests, every expectation held.
)");
}

TEST(Table, ShowsFindingsWithEvidenceAndTheCommand) {
  closewait::Run run = example_run();
  run.add(FindingLine{.finding = testing::example_leak()});
  EXPECT_THAT(run_table(run), HasSubstr(R"(
finding: fd-leak by rst-after-connect, 1.00 descriptors per connection (exact)
  - 412 of 412 connections of rst-after-connect were never destroyed by the end of the rest, and
    the descriptors of the target grew from 9 to 421
  - all of them are in TCP_CLOSE
  again: sh runs/2024-02-03/again.sh
)"));
}

TEST(Table, SaysWhichExpectationBroke) {
  closewait::Run run = example_run();
  run.end->expectations[1].held = false;
  run.end->expectations[1].value = 0.02;
  EXPECT_THAT(run_table(run), HasSubstr("broken  clients.polite.failed_ratio < 0.1%: it is 2%\n"));
}

TEST(Table, SaysWhatARestCouldNotSee) {
  closewait::Run run = example_run();
  run.rests[1].feed_available = false;
  run.rests[1].settled = false;
  EXPECT_THAT(run_table(run), HasSubstr("not seen  never settled\n"));
}

TEST(Table, OfAnUnfinishedRunSaysSo) {
  EXPECT_THAT(run_table(testing::killed_run()), HasSubstr("17s, unfinished\n"));
  EXPECT_THAT(run_table(example_run()), Not(HasSubstr("unfinished")));
}

TEST(Table, ShowsAFewFailuresOfMany) {
  closewait::Run run = example_run();
  run.whole.clients[0].counts.opened = 1'000'000;
  run.whole.clients[0].counts.outcomes[index_of(Outcome::kCut)] = 1;
  EXPECT_THAT(run_table(run), HasSubstr("<0.01%"));
}

HostFaultLine freeze_in(std::uint64_t cycle, const std::string& error = "") {
  return {.done = {.phase = "storm",
                   .cycle = cycle,
                   .at = 3,
                   .until = 3.5,
                   .processes = 1,
                   .undone = true,
                   .error = error}};
}

TEST(Table, TellsEachHostFaultAndOfManyThoseThatDoNotCount) {
  closewait::Run run = example_run();
  run.add(freeze_in(1));
  run.add(freeze_in(2, "pid 7 does not stop"));
  const std::string second =
      "host fault: at 3s in storm of cycle 2: freeze of 1 process for 500ms; it does not count: "
      "pid 7\n  does not stop\n";
  EXPECT_THAT(run_table(run), HasSubstr("\n\nhost fault: at 3s in storm of cycle 1: freeze of 1 "
                                        "process for 500ms\n" +
                                        second));
  for (std::uint64_t cycle = 3; cycle < 1'300; ++cycle) run.add(freeze_in(cycle));
  EXPECT_THAT(run_table(run),
              HasSubstr("\n\nhost faults: 1,299, of which 1 do not count\n" + second + "\n"));
}

TEST(Table, StaysUnderAHundredColumnsAndEndsWithTheVerdict) {
  closewait::Run run = example_run();
  Finding finding = testing::example_leak();
  for (int i = 0; i < 6; ++i) finding.evidence[0] += ", " + finding.evidence[0].substr(0, 150);
  run.add(FindingLine{.finding = finding});
  run.end->not_judged.push_back(finding.evidence[0]);
  run.header.behaviours[1] = std::string(80, 'x');
  run.whole.clients[0].counts.planned = 1'000'000'000;
  run.rests[0].served = 1'000'000'000;
  run.rests[0].settled = false;
  const auto lines = lines_of(run_table(run));
  for (const std::string& line : lines) EXPECT_LT(line.size(), 100U) << line;
  EXPECT_EQ(lines.back(), verdict_sentence(run));
}

TEST(Table, OfNothingIsStillATable) {
  const closewait::Run nothing;
  EXPECT_THAT(run_table(nothing), HasSubstr("INCONCLUSIVE: the rig was killed.\n"));
}

}  // namespace
}  // namespace closewait
