#include "faults/tls_layer.h"

#include <gmock/gmock.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>

#include "faults/clients/peer_for_tests.h"
#include "faults/clients/play_for_tests.h"
#include "faults/tls_client_context.h"

namespace closewait {
namespace {

using ::testing::IsEmpty;
using ::testing::StartsWith;

// What comes of a handshake: "" when it was a good one.
std::string handshake(const TlsSpec& spec, const SocketAddress& target) {
  const UniqueFd socket(::socket(target.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(socket.get(), target.data(), target.size()) != 0) return "no connection";
  const TlsClientContext context(spec);
  const auto layer = context.layer(socket.get(), target);
  const auto error = layer->shake_hands();
  return error ? layer->trouble() : "";
}

TEST(TlsLayer, TrustsWhomItIsTold) {
  Peer peer({.tls = true});
  const std::string ca = peer.certificate_file();
  const SocketAddress target = peer.address();
  EXPECT_THAT(handshake({}, target), IsEmpty());
  EXPECT_THAT(handshake({.verify = true, .ca = ca}, target), IsEmpty());  // by its address
  EXPECT_THAT(handshake({.sni = "localhost", .verify = true, .ca = ca}, target), IsEmpty());
  EXPECT_EQ(handshake({.verify = true}, target),
            "certificate verify failed: self-signed certificate");
  EXPECT_EQ(handshake({.sni = "shop.test", .verify = true, .ca = ca}, target),
            "certificate verify failed: hostname mismatch");
}

TEST(TlsLayer, AsksForTheNameAndTheProtocols) {
  Peer peer({.tls = true});
  EXPECT_THAT(handshake({.sni = "shop.test", .alpn = {"http/1.1", "h3"}}, peer.address()),
              IsEmpty());
  ASSERT_TRUE(peer.eventually([](const auto& all) {
    return !all.empty() && all[0].asked_name == "shop.test" && all[0].alpn == "http/1.1";
  }));
}

TEST(TlsLayer, SaysWhatIsThereInstead) {
  Peer echo({.echo = true});
  EXPECT_THAT(handshake({}, echo.address()), ::testing::Not(IsEmpty()));
  Peer closes({.once_accepted = Script::Then::kClose});
  const std::string why = handshake({}, closes.address());
  EXPECT_TRUE(why == "the target ended the connection before hands were shaken" ||
              why.starts_with("Connection reset") || why.starts_with("Broken pipe"))
      << why;
}

TEST(TlsLayer, AFileThatIsNoneIsSaidByItsName) {
  try {
    static_cast<void>(TlsClientContext({.verify = true, .ca = "/nowhere.pem"}));
    FAIL();
  } catch (const SetupError& error) {
    EXPECT_THAT(error.what(), StartsWith("cannot use /nowhere.pem: No such file"));
  }
}

// Taken, and then kept waiting for a hand to shake: not refused, and no time to connect.
TEST(TlsLayer, AHandshakeWithoutAnEndIsATimeout) {
  Peer peer(never_answers());
  const TlsClientContext tls({});
  Play play = play_of("polite", peer.address());
  play.tls = &tls;
  const Played played = run(play);
  EXPECT_EQ(played.outcome, Outcome::kTimedOut);
  EXPECT_EQ(played.tally.counts.opened, 1U);
  EXPECT_EQ(played.tally.connect.count(), 0U);
  EXPECT_EQ(peer.end().error, ECONNRESET);
}

TEST(TlsLayer, ACertificateThatIsNotTrustedIsPreemption) {
  Peer peer({.answer = http_answer(64), .tls = true});
  const TlsClientContext tls({.verify = true});
  Play play = play_of("polite", peer.address());
  play.tls = &tls;
  const Played played = run(play);
  EXPECT_EQ(played.outcome, Outcome::kPreempted);
  EXPECT_FALSE(played.rig_error);
  EXPECT_EQ(peer.seen().at(0).requests, 0U);
}

// close_notify and the FIN: the peer answers after both, and its answer is received.
TEST(TlsLayer, AHalfCloseLeavesTheOtherDirectionOpen) {
  Script late = answers(100'000);
  late.tls = late.answers_at_end = true;
  Peer peer(late);
  const TlsClientContext tls({});
  Play play = play_of("half-close", peer.address());
  play.tls = &tls;
  play.params.size = 100'000;
  play.params.timeout = std::chrono::seconds(10);
  const Played played = run(play);
  EXPECT_EQ(played.outcome, Outcome::kDelivered);
  EXPECT_EQ(played.tally.counts.wrong, 0U);
  const Seen seen = peer.end();
  EXPECT_TRUE(seen.close_notify);
  EXPECT_TRUE(seen.end_of_input);
  EXPECT_EQ(seen.error, 0);
}

// OpenSSL answers a FIN without close_notify by a fatal alert, and its FIN may come much later.
TEST(TlsLayer, AnAlertBehindABareFinIsNoEndYet) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
  const UniqueFd ours(ends[0]);
  UniqueFd theirs(ends[1]);
  TlsForTests tls;
  const auto peer = tls.end_of(theirs.get());
  const TlsClientContext context({});
  const auto layer = context.layer(ours.get(), *SocketAddress::parse("127.0.0.1:1"));
  std::array<char, 16> heard{};
  bool open = false;
  for (int turn = 0; turn < 10 && !open; ++turn) {
    open = !layer->shake_hands();
    EXPECT_EQ(peer->receive(heard.data(), heard.size()), -1);
  }
  ASSERT_TRUE(open);
  layer->end_sending(Farewell::kNone);
  ASSERT_EQ(::shutdown(ours.get(), SHUT_WR), 0);
  EXPECT_EQ(peer->receive(heard.data(), heard.size()), 0);  // and the alert is on its way
  std::array<std::byte, 16> buffer{};
  for (int turn = 0; turn < 3; ++turn) {
    const auto got = layer->receive(buffer);
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error(), errno_error(EAGAIN));
  }
  theirs.reset();
  const auto end = layer->receive(buffer);
  ASSERT_TRUE(end) << describe(end.error());
  EXPECT_EQ(*end, 0U);
}

}  // namespace
}  // namespace closewait
