#include "faults/raw_exchange.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "faults/clients/peer_for_tests.h"
#include "faults/clients/play_for_tests.h"

namespace closewait {
namespace {

using namespace std::string_literals;
using Kind = RawFraming::Kind;

RawFraming until(const std::string& mark, const std::string& starts = "") {
  return {.kind = Kind::kUntil, .until = mark, .starts = starts};
}
RawFraming bytes(std::uint64_t count, const std::string& starts = "") {
  return {.kind = Kind::kBytes, .bytes = count, .starts = starts};
}
RawFraming prefix(std::size_t size, bool big_endian, const std::string& starts = "") {
  return {.kind = Kind::kLengthPrefix, .prefix = {size, big_endian}, .starts = starts};
}
RawFraming pattern(const std::string& text) {
  return {.kind = Kind::kPattern, .pattern = RawPattern::compile(text).pattern};
}
RawProtocol asks(const RawFraming& framing) { return {.usual = {"ask", framing}}; }

std::span<const std::byte> in_bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}
std::string_view text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

struct Judged {
  bool complete;
  std::optional<std::uint64_t> wrong_at;
  std::uint64_t received = 0;
  friend bool operator==(const Judged&, const Judged&) = default;
  friend void PrintTo(const Judged& judged, std::ostream* out) {
    *out << (judged.complete ? "complete" : "open");
    if (judged.wrong_at) *out << ", wrong at " << *judged.wrong_at;
    *out << ", received " << judged.received;
  }
};

// What becomes of an answer that comes whole, byte by byte, and cut in two anywhere: always the
// same.
Judged judge(const RawProtocol& protocol, const std::string& answer) {
  const auto in_pieces = [&](std::size_t first, std::size_t piece) {
    RawExchange exchange(protocol, protocol.usual);
    exchange.feed(in_bytes(answer).first(first));
    for (std::size_t at = first; at < answer.size(); at += piece) {
      exchange.feed(in_bytes(answer).subspan(at, std::min(piece, answer.size() - at)));
    }
    return Judged{exchange.complete(), exchange.wrong_at(), exchange.received()};
  };
  const Judged whole = in_pieces(answer.size(), 1);
  EXPECT_EQ(in_pieces(0, 1), whole) << answer;
  for (std::size_t cut = 0; cut <= answer.size(); ++cut) {
    EXPECT_EQ(in_pieces(cut, answer.size()), whole) << answer << " cut at " << cut;
  }
  return whole;
}

// Of a protocol without an opening every byte is of the response.
void expect_judged(const RawFraming& framing, const std::string& answer, bool complete,
                   std::optional<std::uint64_t> wrong_at) {
  EXPECT_EQ(judge(asks(framing), answer), (Judged{complete, wrong_at, answer.size()})) << answer;
}

// The answer is one, no shorter one is, and what comes behind it is wrong.
void expect_ends_with(const RawFraming& framing, const std::string& answer) {
  for (std::size_t size = 0; size < answer.size(); ++size) {
    expect_judged(framing, answer.substr(0, size), false, {});
  }
  expect_judged(framing, answer, true, {});
  expect_judged(framing, answer + "xy", true, answer.size());
}

TEST(RawExchange, EndsAResponseByItsFramingWhereverItIsCut) {
  expect_ends_with(bytes(7), "+PONG\r\n");
  expect_ends_with(until("\r\n"), "\r\r+PO\nNG\r\n");
  expect_ends_with(until("aab"), "aaaab");
  expect_ends_with(until("\n"), "\n");
  expect_ends_with(until("\0\xff"s), "a\0b\xff\0\xff"s);
  expect_ends_with(prefix(1, true), "\3abc");
  expect_ends_with(prefix(2, true), "\0\3abc"s);
  expect_ends_with(prefix(2, false), "\3\0abc"s);
  expect_ends_with(prefix(4, true), "\0\0\1\4"s + std::string(260, 'a'));
  expect_ends_with(prefix(4, false), "\4\1\0\0"s + std::string(260, 'a'));
  expect_ends_with(prefix(2, true), "\0\0"s);
  expect_ends_with(pattern("(250-[^\n]*\n)*250 [^\n]*\n"), "250-a\n250 b\n");
}

TEST(RawExchange, SaysWhereAResponseBeginsWrongly) {
  const RawFraming line = until("\r\n", "+OK");
  expect_judged(line, "+OK then\r\n", true, {});
  expect_judged(line, "-ERR\r\n", true, 0);
  expect_judged(line, "+ON\r\n", true, 2);
  expect_judged(line, "+O\r\n", true, 2);
  expect_judged(until("\n", "+OK"), "+\n", true, 1);
  // At once: the rest of the seven bytes may never come.
  expect_judged(bytes(7, "+PONG"), "-ERR", false, 0);
  expect_judged(prefix(2, true, "ab"), "\0\3axc"s, true, 3);
  expect_judged(prefix(2, true, "ab"), "\0\1a"s, true, 3);
}

TEST(RawExchange, FollowsNoResponseForEver) {
  expect_judged(prefix(4, true), "\xff\0\0\0abc"s, false, 0);
  const std::string endless(RawPattern::kMostMatched + 5, 'a');
  RawProtocol protocol = asks(pattern("a+b"));
  RawExchange matched(protocol, protocol.usual);
  matched.feed(in_bytes(endless));
  EXPECT_FALSE(matched.complete());
  EXPECT_EQ(matched.wrong_at(), RawPattern::kMostMatched);

  protocol = asks(until("\r\n"));
  RawExchange followed(protocol, protocol.usual);
  const std::string piece(8 * 1024 * 1024 - 3, 'a');
  while (followed.received() + piece.size() < kLongestRawResponse) followed.feed(in_bytes(piece));
  EXPECT_FALSE(followed.wrong_at());
  followed.feed(in_bytes(piece));
  followed.feed(in_bytes("\r\n"));
  EXPECT_FALSE(followed.complete());
  EXPECT_EQ(followed.wrong_at(), kLongestRawResponse);
}

// Hello, a login of two steps, and a request.
RawProtocol with_login() {
  return {.opening = {{"", until("\r\n", "220")},
                      {"USER\r\n", until("\r\n", "331")},
                      {"PASS\r\n", until("\r\n", "230")}},
          .usual = {"NOOP\r\n", until("\r\n", "200")},
          .large = RawStep{"LIST\r\n", until(".\r\n")}};
}

TEST(RawExchange, HoldsTheRequestBackUntilTheLoginIsAnswered) {
  const RawProtocol protocol = with_login();
  RawExchange exchange(protocol, protocol.usual);
  std::string sent;
  const auto send = [&] {
    for (auto more = exchange.request(sent.size()); !more.empty();
         more = exchange.request(sent.size())) {
      sent += text(more);
    }
    return sent;
  };
  EXPECT_EQ(send(), "");
  EXPECT_TRUE(exchange.holds_back());
  exchange.feed(in_bytes("220 hello\r"));
  EXPECT_EQ(send(), "");
  exchange.feed(in_bytes("\n"));
  EXPECT_EQ(send(), "USER\r\n");
  exchange.feed(in_bytes("331 and?\r\n"));
  EXPECT_EQ(send(), "USER\r\nPASS\r\n");
  EXPECT_TRUE(exchange.holds_back());
  exchange.feed(in_bytes("230 welcome\r\n"));
  EXPECT_FALSE(exchange.holds_back());
  EXPECT_EQ(send(), "USER\r\nPASS\r\nNOOP\r\n");
  EXPECT_EQ(text(exchange.request(3)), "R\r\n");
  EXPECT_FALSE(exchange.complete());
  exchange.feed(in_bytes("200 ok\r\n"));
  EXPECT_TRUE(exchange.complete());
  EXPECT_FALSE(exchange.wrong_at());
}

TEST(RawExchange, JudgesALoginWhereverItIsCut) {
  const std::string right = "220 a\r\n331 b\r\n230 c\r\n200 d\r\n";
  EXPECT_EQ(judge(with_login(), right), (Judged{true, {}, 7}));
  EXPECT_EQ(judge(with_login(), "220 a\r\n331 b\r\n230 c\r\n500 d\r\n"), (Judged{true, 0, 7}));
  EXPECT_EQ(judge(with_login(), right + "x"), (Judged{true, 7, 8}));
}

TEST(RawExchange, AsksNothingAfterAWrongLogin) {
  EXPECT_EQ(judge(with_login(), "220 a\r\n331 b\r\n530 c\r\n200 d\r\n"), (Judged{false, 0, 0}));
  const RawProtocol protocol = with_login();
  RawExchange exchange(protocol, protocol.usual);
  exchange.feed(in_bytes("220 a\r\n530 b\r\n"));
  EXPECT_EQ(text(exchange.request(0)), "USER\r\n");
  EXPECT_TRUE(exchange.request(6).empty());
  EXPECT_TRUE(exchange.holds_back());
}

TEST(RawExchange, LogsInOnlyOnce) {
  const RawProtocol protocol = with_login();
  RawExchange exchange(protocol, *protocol.large);
  exchange.feed(in_bytes("220 a\r\n331 b\r\n230 c\r\n1\r\n2\r\n.\r\n"));
  ASSERT_TRUE(exchange.complete());
  exchange.restart();
  EXPECT_FALSE(exchange.holds_back());
  EXPECT_EQ(text(exchange.request(0)), "LIST\r\n");
  exchange.feed(in_bytes("3\r\n.\r\n"));
  EXPECT_TRUE(exchange.complete());
  EXPECT_FALSE(exchange.wrong_at());
}

// The peer answers each request that ends with an empty line.
class RawClient : public testing::TestWithParam<std::string_view> {
 protected:
  static Played played(const RawProtocol& protocol, const SocketAddress& target) {
    Play play = play_of(GetParam(), target);
    RawExchange exchange(protocol, protocol.usual);
    play.exchange = &exchange;
    play.params.bytes = 4;
    play.params.hold = std::chrono::milliseconds(30);
    play.params.every = std::chrono::milliseconds(10);
    return run(play);
  }
  static RawProtocol protocol(const std::string& login_starts) {
    return {.opening = {{"login\r\n\r\n", until("!", login_starts)}},
            .usual = {"ask\r\n\r\n", until("!", "yes")}};
  }
};

TEST_P(RawClient, LogsInAndAsks) {
  const Peer peer({.answer = "yes and more!"});
  const RawProtocol right = protocol("yes");
  const Played ended = played(right, peer.address());
  ASSERT_TRUE(ended.ended);
  EXPECT_EQ(ended.outcome, Outcome::kDelivered);
  EXPECT_EQ(ended.tally.counts.wrong, 0U);
  const Seen seen = peer.end();
  EXPECT_GE(seen.requests, 2U);
  EXPECT_TRUE(seen.request.starts_with("login\r\n\r\nask\r\n\r\n")) << seen.request;
}

TEST_P(RawClient, IsNotHeldUpByAWrongLogin) {
  const Peer peer({.answer = "no!"});
  const RawProtocol refused = protocol("yes");
  const Played ended = played(refused, peer.address());
  ASSERT_TRUE(ended.ended);
  EXPECT_TRUE(ended.tally.counts.wrong == 1 || ended.outcome == Outcome::kPreempted);
  EXPECT_NE(ended.outcome, Outcome::kTimedOut);
  EXPECT_EQ(peer.end().requests, 1U);
}

INSTANTIATE_TEST_SUITE_P(Of, RawClient,
                         testing::Values("polite", "polite-held", "half-close", "slow-read",
                                         "rst-mid-response"),
                         [](const auto& name) {
                           std::string plain(name.param);
                           std::erase(plain, '-');
                           return plain;
                         });

}  // namespace
}  // namespace closewait
