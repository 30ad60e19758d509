// What the peer saw of behaviours that are composed of steps.

#include "faults/composed_behaviour.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "faults/clients/peer_for_tests.h"
#include "faults/clients/play_for_tests.h"

namespace closewait {
namespace {

using Verb = Step::Verb;
using ::testing::AnyOf;
using ::testing::HasSubstr;

constexpr std::uint64_t kBulk = 8 * 1024 * 1024;

std::shared_ptr<const ComposedBehaviour> composed(std::vector<Step> steps,
                                                  const std::string& size = "1KiB") {
  return std::make_shared<const ComposedBehaviour>(
      ComposedBehaviour::Description{.name = "own",
                                     .story = "A test's.",
                                     .size = size,
                                     .timeout = "5s",
                                     .steps = std::move(steps),
                                     .file_text = ""});
}

Played play_steps(const std::shared_ptr<const ComposedBehaviour>& behaviour, const Peer& peer) {
  return run({.behaviour = &behaviour->row(),
              .params = default_params(behaviour->row()),
              .target = peer.address()});
}

TEST(ComposedBehaviour, EndsByFinWhenAllWasReceived) {
  const auto own = composed({{Verb::kConnect},
                             {Verb::kSend},
                             {Verb::kReceive},
                             {Verb::kShutDownSending},
                             {Verb::kDrain},
                             {Verb::kClose}});
  Peer peer(answers(1024));
  const Played played = play_steps(own, peer);
  expect_delivered(played);
  EXPECT_EQ(played.tally.response.count(), 1U);
  const Seen seen = peer.end();
  EXPECT_TRUE(seen.end_of_input);
  EXPECT_EQ(seen.error, 0);
  EXPECT_EQ(seen.requests, 1U);
}

// The row says what its steps do, and so do proof, preflight and judgement.
TEST(ComposedBehaviour, HasTheRowOfItsSteps) {
  const auto half_close = composed({{Verb::kConnect},
                                    {Verb::kSend},
                                    {Verb::kShutDownSending},
                                    {Verb::kReceive},
                                    {Verb::kClose}});
  EXPECT_EQ(half_close->row().end, End::kFin);
  EXPECT_EQ(half_close->row().owed, Owed::kResponseAfterEnd);
  EXPECT_FALSE(half_close->row().needs.tcp);
  const auto reset = composed({{Verb::kConnect},
                               {.verb = Verb::kSend, .bytes = 3},
                               {.verb = Verb::kSend},
                               {.verb = Verb::kReceive, .bytes = 3},
                               {Verb::kReset}});
  EXPECT_EQ(reset->row().end, End::kRst);
  EXPECT_EQ(reset->row().owed, Owed::kNothing);
  EXPECT_TRUE(reset->row().needs.tcp);
  EXPECT_TRUE(reset->row().needs.parts);
  EXPECT_EQ(reset->row().needs.response_bytes, 0U) << "any target gives some";
  const auto more = composed({{Verb::kConnect},
                              {Verb::kSend},
                              {.verb = Verb::kReceive, .bytes = 1000},
                              {.verb = Verb::kReceive, .bytes = 1000},
                              {Verb::kReset}});
  EXPECT_EQ(more->row().needs.response_bytes, 2001U);
  const auto gone = composed({{Verb::kConnect},
                              {Verb::kSend},
                              {Verb::kReceive},
                              {Verb::kAskAgain},
                              {Verb::kSend},
                              {Verb::kReceive},
                              {Verb::kVanish}});
  EXPECT_EQ(gone->row().end, End::kVanish);
  EXPECT_EQ(gone->row().owed, Owed::kEveryResponse);
  EXPECT_TRUE(gone->row().needs.net_admin);
  EXPECT_TRUE(gone->row().needs.keep_alive);
}

TEST(ComposedBehaviour, ResetsAfterThreeBytesOfResponse) {
  const auto own = composed(
      {{Verb::kConnect}, {Verb::kSend}, {.verb = Verb::kReceive, .bytes = 3}, {Verb::kReset}},
      "8MiB");
  Peer peer(answers(kBulk));
  expect_delivered(play_steps(own, peer));
  const Seen seen = peer.end();
  EXPECT_THAT(seen.error, AnyOf(ECONNRESET, EPIPE));
  EXPECT_FALSE(seen.end_of_input);
}

// A response that is over has no such part: it did not happen.
TEST(ComposedBehaviour, IsPreemptedByAResponseThatIsOverBeforeItsStage) {
  const auto own = composed({{Verb::kConnect},
                             {Verb::kSend},
                             {.verb = Verb::kReceive, .bytes = 100'000},
                             {Verb::kReset}});
  Peer peer(answers(1024));
  const Played played = play_steps(own, peer);
  EXPECT_EQ(played.outcome, Outcome::kPreempted);
  EXPECT_EQ(played.tally.counts.intended, 0U);
}

TEST(ComposedBehaviour, SendsARequestInParts) {
  const auto own = composed({{Verb::kConnect},
                             {.verb = Verb::kSend, .bytes = 10},
                             {.verb = Verb::kWait, .duration = std::chrono::milliseconds(30)},
                             {Verb::kSend},
                             {Verb::kReceive},
                             {Verb::kShutDownSending},
                             {Verb::kDrain},
                             {Verb::kClose}});
  Peer peer(answers(1024));
  expect_delivered(play_steps(own, peer));
  EXPECT_GE(peer.end().reads, 2U);
}

TEST(ComposedBehaviour, SendsBytesThatAreNoRequestAndOneOutOfBand) {
  const auto own = composed({{Verb::kConnect},
                             {.verb = Verb::kSendBytes, .data = "PING\r\n"},
                             {Verb::kSendUrgent},
                             {Verb::kReset}});
  Peer peer(never_answers());
  expect_delivered(play_steps(own, peer));
  const Seen seen = peer.end();
  EXPECT_THAT(seen.request, HasSubstr("PING\r\n"));
  EXPECT_EQ(seen.error, ECONNRESET);
}

TEST(ComposedBehaviour, AsksAgainOnItsConnection) {
  std::vector<Step> steps{{Verb::kConnect}, {Verb::kSend}, {Verb::kReceive}};
  for (int i = 0; i < 4; ++i) {
    for (const Verb verb : {Verb::kAskAgain, Verb::kSend, Verb::kReceive}) steps.push_back({verb});
  }
  steps.push_back({Verb::kShutDownSending});
  steps.push_back({Verb::kDrain});
  steps.push_back({Verb::kClose});
  const auto own = composed(std::move(steps));
  Peer peer(answers(1024));
  const Played played = play_steps(own, peer);
  expect_delivered(played);
  EXPECT_EQ(played.tally.response.count(), 5U);
  EXPECT_EQ(peer.end().requests, 5U);
}

TEST(ComposedBehaviour, IsJudgedByWhatItWasOwed) {
  const auto own = composed({{Verb::kConnect},
                             {Verb::kSend},
                             {Verb::kReceive},
                             {Verb::kShutDownSending},
                             {Verb::kDrain},
                             {Verb::kClose}});
  std::string other = http_answer(1024);
  other.back() ^= 1;
  Peer peer({.answer = other});
  const Played played = play_steps(own, peer);
  EXPECT_EQ(played.outcome, Outcome::kDelivered);
  EXPECT_EQ(played.tally.counts.wrong, 1U);
}

// Each end is on the wire what its verb says.
TEST(ComposedBehaviour, EndsInEveryWay) {
  for (const Verb last : {Verb::kReset, Verb::kDisconnect, Verb::kCloseUnread}) {
    const auto own =
        composed({{Verb::kConnect}, {Verb::kSend}, {Verb::kWaitForInput}, {last}}, "64KiB");
    Peer peer(answers(64 * 1024));
    expect_delivered(play_steps(own, peer));
    EXPECT_THAT(peer.end().error, AnyOf(ECONNRESET, EPIPE));
  }
}

// Who is ended before it could stay was turned away.
TEST(ComposedBehaviour, IsPreemptedWhenItIsEndedBeforeItCouldStay) {
  const auto own = composed({{Verb::kConnect},
                             {.verb = Verb::kStay, .duration = std::chrono::seconds(4)},
                             {Verb::kClose}});
  Peer peer({.once_accepted = Script::Then::kClose});
  EXPECT_EQ(play_steps(own, peer).outcome, Outcome::kPreempted);
}

TEST(ComposedBehaviour, TimesOutAndIsReset) {
  const auto own = composed({{Verb::kConnect}, {Verb::kSend}, {Verb::kReceive}, {Verb::kClose}});
  Peer peer(never_answers());
  Play play{
      .behaviour = &own->row(), .params = default_params(own->row()), .target = peer.address()};
  play.params.timeout = std::chrono::milliseconds(100);
  EXPECT_EQ(run(play).outcome, Outcome::kTimedOut);
  EXPECT_EQ(peer.end().error, ECONNRESET);
}

// The reset is the end, and the FIN before it none.
TEST(ComposedBehaviour, ResetsWhatItHasHalfClosed) {
  const auto own =
      composed({{Verb::kConnect}, {Verb::kSend}, {Verb::kShutDownSending}, {Verb::kReset}});
  Script stays = never_answers();
  stays.at_end_of_input = Script::Then::kStay;
  Peer peer(stays);
  const Played played = play_steps(own, peer);
  EXPECT_EQ(played.outcome, Outcome::kDelivered);
  EXPECT_EQ(played.tally.counts.intended, 1U);
  EXPECT_EQ(played.tally.counts.confirmed, 1U);
  EXPECT_THAT(peer.end().error, AnyOf(ECONNRESET, EPIPE));
}

// Its own end comes all the same, when the target has ended its side.
TEST(ComposedBehaviour, EndsAsItSaysWhenTheTargetEndsWhileItOnlyStays) {
  const auto own = composed({{Verb::kConnect},
                             {Verb::kShutDownSending},
                             {.verb = Verb::kStay, .duration = std::chrono::seconds(4)},
                             {Verb::kClose}});
  Peer peer({});  // ends at the end of input
  const Played played = play_steps(own, peer);
  EXPECT_EQ(played.outcome, Outcome::kDelivered);
  EXPECT_EQ(played.tally.counts.confirmed, 1U);
  EXPECT_LT(played.took, std::chrono::seconds(3));
}

TEST(ComposedBehaviour, ReceivesSoManyBytesMoreEachTime) {
  std::vector<Step> steps{{Verb::kConnect}, {Verb::kSend}};
  for (int i = 0; i < 4; ++i) steps.push_back({.verb = Verb::kReceive, .bytes = 1000});
  steps.push_back({Verb::kReset});
  const auto own = composed(std::move(steps));
  Peer peer({.answer = http_answer(8192).substr(0, 3999)});  // a byte less than it waits for
  Play play{
      .behaviour = &own->row(), .params = default_params(own->row()), .target = peer.address()};
  play.params.size = 8192;
  play.params.timeout = std::chrono::milliseconds(200);
  EXPECT_EQ(run(play).outcome, Outcome::kTimedOut);
}

TEST(ComposedBehaviour, ThatResetsIsJudgedByWhatItWasOwedToo) {
  const auto own = composed({{Verb::kConnect}, {Verb::kSend}, {Verb::kReceive}, {Verb::kReset}});
  std::string other = http_answer(1024);
  other.back() ^= 1;
  Peer peer({.answer = other});
  EXPECT_EQ(play_steps(own, peer).tally.counts.wrong, 1U);
}

}  // namespace
}  // namespace closewait
