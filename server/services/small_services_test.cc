#include "server/tests/table_for_tests.h"

namespace closewait {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kFewWakeups = 5;

class Discard : public ConnectionTableTest {
 protected:
  Discard() : ConnectionTableTest("discard") {}
};

TEST_F(Discard, CountsEveryByteAndEndsWithThePeer) {
  listen();
  Peer peer(address_);
  const std::size_t sent = send_until_taken(peer, 3'000'000);
  peer.shut_down_sending();
  EXPECT_TRUE(closed_by(CloseReason::kPeerClosed));
  EXPECT_EQ(counters_.received_bytes.value(), sent);
  EXPECT_EQ(counters_.sent_bytes.value(), 0U);
}

// With both directions ended the kernel says HUP at once, before the last bytes were read.
TEST_F(Discard, ReadsWhatIsThereThoughThePeerHasGone) {
  int pair[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
  Peer peer{UniqueFd(pair[0])};
  table_.add(UniqueFd(pair[1]));
  const std::string bytes(150'000, 'x');
  ASSERT_TRUE(peer.send(bytes));
  peer.close();
  EXPECT_TRUE(closed_by(CloseReason::kPeerClosed));
  EXPECT_EQ(counters_.received_bytes.value(), bytes.size());
}

TEST_F(Discard, DoesNotSpinWhileThePeerIsSilent) {
  listen();
  Peer peer(address_);
  ASSERT_TRUE(turn_until([&] { return table_.size() == 1; }));
  ASSERT_TRUE(peer.send("some"));
  EXPECT_LE(wakeups_at_rest(), kFewWakeups);
  peer.reset();
  EXPECT_TRUE(closed_by(CloseReason::kReset));
}

class Chargen : public ConnectionTableTest {
 protected:
  Chargen() : ConnectionTableTest("chargen") {}

  // What comes within `size`, turning the loop meanwhile; less when the stream ended.
  std::string receive_turning(Peer& peer, std::size_t size) {
    std::string all;
    EXPECT_TRUE(turn_until([&] {
      char buffer[65536];
      const ssize_t some =
          ::recv(peer.fd(), buffer, std::min(sizeof buffer, size - all.size()), MSG_DONTWAIT);
      if (some > 0) all.append(buffer, static_cast<std::size_t>(some));
      return some == 0 || all.size() == size;
    }));
    return all;
  }
};

TEST_F(Chargen, SendsThePatternAsLongAsThePeerReads) {
  listen();
  Peer peer(address_);
  EXPECT_TRUE(receive_turning(peer, 10'000'000) == pattern_text(10'000'000));
  EXPECT_LT(counters_.buffered_bytes.value(), 1000U);
  peer.shut_down_sending();
  EXPECT_TRUE(turn_until([&] {
    (void)receive_turning(peer, 1'000'000);
    return counters_.closed_by(CloseReason::kPeerClosed).value() == 1;
  }));
}

TEST_F(Chargen, EndsFirstAndStillReadsToThePeersEnd) {
  options_.limits.chargen_bytes = 100'000;
  options_.linger_bytes = 64 * 1024 * 1024;
  listen();
  Peer peer(address_);
  EXPECT_TRUE(receive_turning(peer, 1'000'000) == pattern_text(100'000)) << "and then the end";
  EXPECT_EQ(table_.size(), 1U) << "it has to read on";
  const std::size_t sent = send_until_taken(peer, 2'000'000);
  peer.shut_down_sending();
  EXPECT_TRUE(closed_by(CloseReason::kPeerClosed));
  EXPECT_EQ(counters_.received_bytes.value(), sent);
}

TEST_F(Chargen, ReadingOnAfterItsEndHasBounds) {
  options_.limits.chargen_bytes = 10;
  options_.timeouts.linger = milliseconds(100);
  options_.linger_bytes = 1'000'000;
  listen();
  const Peer silent(address_);
  EXPECT_TRUE(closed_by(CloseReason::kSlowClose));
  Peer flood(address_);
  EXPECT_TRUE(turn_until([&] {
    const std::string bytes(65536, 'x');
    (void)::send(flood.fd(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    return counters_.closed_by(CloseReason::kLimit).value() == 1;
  }));
}

TEST_F(Chargen, APeerThatNeitherReadsNorEndsIsClosed) {
  options_.timeouts.write = milliseconds(200);
  listen();
  const Peer peer(address_);
  EXPECT_TRUE(closed_by(CloseReason::kSlowRead));
}

TEST_F(Chargen, NeitherAFullPeerNorItsEndOrResetSpins) {
  listen();
  for (const bool ends_first : {false, true}) {
    Peer full(address_);
    ASSERT_TRUE(turn_until([&] { return table_.size() == 1; }));
    EXPECT_LE(wakeups_at_rest(), kFewWakeups) << "full";
    if (ends_first) {
      full.shut_down_sending();
      EXPECT_LE(wakeups_at_rest(), kFewWakeups) << "its end";
    }
    full.reset();
    EXPECT_TRUE(turn_until([&] { return table_.size() == 0; }));
  }
  EXPECT_GE(counters_.closed_by(CloseReason::kReset).value(), 1U);
}

TEST_F(Chargen, EndsWhenTheServerDrains) {
  listen();
  Peer peer(address_);
  EXPECT_EQ(receive_turning(peer, 1000).size(), 1000U);
  bool empty = false;
  table_.drain([&empty] { empty = true; });
  EXPECT_TRUE(turn_until([&] {
    (void)receive_turning(peer, 1'000'000);
    peer.shut_down_sending();
    return empty;
  }));
}

}  // namespace
}  // namespace closewait
