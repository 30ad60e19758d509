#include <gtest/gtest.h>

#include "faults/clients/peer_for_tests.h"
#include "faults/clients/play_for_tests.h"

namespace closewait {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint64_t kMany = 50;

TEST(PipelineFlood, AsksManyTimesBeforeItReadsAndGetsAsManyAnswers) {
  Peer peer(answers(1024));
  Play play = play_of("pipeline-flood", peer.address());
  play.params.requests = kMany;
  play.params.wait = milliseconds(30);
  play.params.timeout = seconds(10);
  CallLog log;
  play.log = &log;
  const Played played = run(play);
  expect_delivered(played);
  EXPECT_GE(played.took, milliseconds(30));
  EXPECT_EQ(played.tally.response.count(), 1U);  // when the last is there
  EXPECT_EQ(peer.end().requests, kMany);
  std::uint64_t sends = 0;
  for (const Call& call : log.calls()) {
    if (call.name == "recv") break;
    if (call.name == "send") ++sends;
  }
  EXPECT_EQ(sends, kMany);
}

TEST(PipelineFlood, FindsAnAnswerThatIsMissingOrWrong) {
  Script one_missing{.answer = http_answer(1024)};
  one_missing.answers_at_most = kMany - 1;
  Peer peer(one_missing);
  Play play = play_of("pipeline-flood", peer.address());
  play.params.requests = kMany;
  play.params.wait = Nanoseconds(0);
  EXPECT_EQ(run(play).outcome, Outcome::kTimedOut);
  Peer wrong(answers(1023));
  play.target = wrong.address();
  EXPECT_EQ(run(play).tally.counts.wrong, 1U);
}

}  // namespace
}  // namespace closewait
