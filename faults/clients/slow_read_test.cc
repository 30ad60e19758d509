#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <vector>

#include "faults/clients/peer_for_tests.h"
#include "faults/clients/play_for_tests.h"

namespace closewait {
namespace {

using std::chrono::milliseconds;

// A response of so many bytes of any kind, which notes in what pieces they came.
class NotedExchange : public Exchange {
 public:
  explicit NotedExchange(std::uint64_t size) : size_(size) {}

  [[nodiscard]] std::span<const std::byte> request(std::uint64_t offset) const override {
    return std::as_bytes(std::span(kRequest))
        .first(kRequest.size())
        .subspan(std::min<std::size_t>(offset, kRequest.size()));
  }
  [[nodiscard]] const std::vector<std::size_t>& pieces() const { return pieces_; }

 private:
  static constexpr std::string_view kRequest = "give\r\n\r\n";

  void parse(std::span<const std::byte> data) override {
    pieces_.push_back(data.size());
    if (received() + data.size() >= size_) answer_is_whole();
  }
  void reset_parser() override {}

  std::uint64_t size_;
  std::vector<std::size_t> pieces_;
};

Play slow(const SocketAddress& target, std::uint64_t size) {
  Play play = play_of("slow-read", target);
  play.params.size = size;
  play.params.rate = 100 * 1024;
  play.params.every = milliseconds(5);  // 512 bytes a tick
  return play;
}

TEST(SlowRead, TakesASmallBiteEachTickAndGetsAll) {
  constexpr std::uint64_t kSize = 8 * 1024;
  Peer peer({.answer = std::string(kSize, 'x')});
  NotedExchange exchange(kSize);
  Play play = slow(peer.address(), kSize);
  play.exchange = &exchange;
  play.params.timeout = std::chrono::seconds(10);
  const Played played = run(play);
  EXPECT_EQ(played.outcome, Outcome::kDelivered);
  EXPECT_THAT(exchange.pieces(), testing::Each(testing::Le(512U)));
  // So many bites need so many pauses, the one before the answer came not counted.
  EXPECT_GE(played.took, (kSize / 512 - 1) * milliseconds(5));
  EXPECT_EQ(exchange.received(), kSize);
}

TEST(SlowRead, OffersASmallWindowAndEndsByFin) {
  Peer peer(answers(64 * 1024));
  Play play = slow(peer.address(), 64 * 1024);
  play.params.rate = 64 * 1024 * 1024;
  play.params.timeout = std::chrono::seconds(10);
  const Played played = run(play);
  EXPECT_EQ(played.outcome, Outcome::kDelivered);
  EXPECT_EQ(played.tally.counts.opened, 1U);
  EXPECT_EQ(played.tally.counts.intended, 1U);
  EXPECT_EQ(played.tally.counts.confirmed, 1U);
  EXPECT_EQ(played.tally.counts.wrong, 0U);
  EXPECT_EQ(played.tally.response.count(), 1U);
  const Seen seen = peer.end();
  EXPECT_EQ(seen.flags, POLLIN | POLLOUT | POLLRDHUP);
  EXPECT_EQ(seen.error, 0);

  Peer other(answers(1024));
  static_cast<void>(run(play_of("polite", other.address())));
  EXPECT_GT(seen.window, 0U);
  EXPECT_LE(seen.window, 16U * 1024);
  EXPECT_GT(other.end().window, 2 * seen.window);
}

// The target has to hold back what a slow reader does not take.
TEST(SlowRead, MakesTheTargetWait) {
  constexpr std::uint64_t kBulk = 8 * 1024 * 1024;
  Peer peer(answers(kBulk));
  const Played played = run(slow(peer.address(), kBulk));
  EXPECT_EQ(played.outcome, Outcome::kTimedOut);
  ASSERT_EQ(played.tally.response.count(), 1U);
  EXPECT_GE(played.tally.response.max(), milliseconds(200));
  const Seen seen = peer.end();
  EXPECT_LT(seen.sent, kBulk);
  EXPECT_NE(seen.error, 0);
}

TEST(SlowRead, IsPreemptedByAResetAndByAnAnswerCutShort) {
  for (const Script& script : {resets_when_asked(), closes_in_mid_answer(1024)}) {
    Peer peer(script);
    EXPECT_EQ(run(slow(peer.address(), 1024)).outcome, Outcome::kPreempted);
  }
}

TEST(SlowRead, CountsGarbageAsWrong) {
  Peer peer(answers_garbage());
  const Played played = run(slow(peer.address(), 1024));
  EXPECT_EQ(played.outcome, Outcome::kDelivered);
  EXPECT_EQ(played.tally.counts.wrong, 1U);
}

TEST(SlowRead, IsRefusedByAClosedPort) {
  const Played played = run(slow(closed_port(), 1024));
  EXPECT_EQ(played.outcome, Outcome::kRefused);
  EXPECT_EQ(played.tally.counts, ClientCounts{});
}

TEST(SlowRead, TimesOutOnSilence) {
  Peer peer(never_answers());
  const Played played = run(slow(peer.address(), 1024));
  EXPECT_EQ(played.outcome, Outcome::kTimedOut);
  EXPECT_EQ(played.tally.response.count(), 1U);
  EXPECT_EQ(peer.end().error, ECONNRESET);
}

TEST(SlowRead, IsResetWhenCut) {
  Peer peer(answers(8 * 1024 * 1024));
  Play play = slow(peer.address(), 8 * 1024 * 1024);
  play.params.timeout = std::chrono::minutes(1);
  play.cut_when = [&] { return !peer.seen().empty() && peer.seen()[0].sent > 0; };
  EXPECT_EQ(run(play).outcome, Outcome::kCut);
  EXPECT_NE(peer.end().error, 0);
}

}  // namespace
}  // namespace closewait
