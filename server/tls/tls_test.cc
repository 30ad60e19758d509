#include <fmt/format.h>
#include <gmock/gmock.h>

#include <csignal>
#include <filesystem>
#include <future>

#include "server/tests/certificate_for_tests.h"
#include "server/tests/running_for_tests.h"
#include "server/tests/tls_peer_for_tests.h"

namespace closewait {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::StartsWith;

// A server that speaks TLS, in this process.
class Tls : public testing::Test {
 protected:
  Tls() { std::signal(SIGPIPE, SIG_IGN); }  // as the program does

  void serve(std::string_view service) {
    options = options_for(service);
    options.listen.front().layer = Layer::kTls;
  }
  void start() { running.emplace(options); }
  void start(std::string_view service) {
    serve(service);
    start();
  }
  [[nodiscard]] const SocketAddress& address() const { return running->address(); }
  [[nodiscard]] bool closed_by(CloseReason reason, std::uint64_t times = 1) const {
    return eventually([&] { return running->closed(reason) == times; });
  }

  ServerOptions options;
  std::optional<Running> running;
};

std::string get(std::uint64_t size, std::string_view fields = "") {
  return fmt::format("GET /bytes/{} HTTP/1.1\r\nHost: a\r\n{}\r\n", size, fields);
}

// Without the head, whose length nobody needs to know.
std::string body_of(const std::string& answer) {
  return answer.substr(answer.find("\r\n\r\n") + 4);
}

class TlsVersions : public Tls, public testing::WithParamInterface<int> {};

TEST_P(TlsVersions, AnswersOneRequestAfterAnother) {
  start("http");
  TlsPeer peer(address(), GetParam());
  ASSERT_TRUE(peer.shake_hands());
  EXPECT_EQ(SSL_version(peer.ssl()), GetParam());
  for (const std::size_t size : {0UL, 1UL, 16'384UL, 65'536UL, 5'000'000UL}) {
    ASSERT_TRUE(peer.send(get(size)));
    std::string answer = peer.receive();
    answer += peer.receive_exactly(size - body_of(answer).size());
    EXPECT_THAT(answer.substr(0, 20), StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_TRUE(body_of(answer) == pattern_text(size)) << size;
  }
}
INSTANTIATE_TEST_SUITE_P(Both, TlsVersions, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION));

// More than a loop reads at once, and more than the mark, so that reading is off for a while; then
// what OpenSSL has decrypted already has no event of its own.
TEST_F(Tls, EchoesMuchThroughBackpressure) {
  start("echo");
  TlsPeer peer(address());
  ASSERT_TRUE(peer.shake_hands());
  const std::string bytes = pattern_text(4'000'000);
  for (std::size_t from = 0; from < bytes.size(); from += 1'000'000) {
    // So much fits into the sockets that sending it ends without reading.
    ASSERT_TRUE(peer.send(bytes.substr(from, 1'000'000)));
    ASSERT_TRUE(peer.receive_exactly(1'000'000) == bytes.substr(from, 1'000'000));
  }
  peer.end_sending();
  EXPECT_EQ(peer.receive(), "");
  EXPECT_TRUE(peer.told_the_end());
}

TEST_F(Tls, TakesAnUploadOfManyRecordsAtOnce) {
  start("http");
  TlsPeer peer(address());
  ASSERT_TRUE(peer.shake_hands());
  const std::string body(3'000'000, 'x');
  ASSERT_TRUE(peer.send(
      fmt::format("PUT /count HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", body.size())));
  ASSERT_TRUE(peer.send(body));
  EXPECT_THAT(peer.receive_exactly(100), HasSubstr(" 200 OK"));
  EXPECT_EQ(running->closed(CloseReason::kTls), 0U);
}

TEST_F(Tls, APeerThatHalfClosesIsOwedTheWholeAnswerAndTheEnd) {
  start("http");
  TlsPeer peer(address());
  ASSERT_TRUE(peer.shake_hands());
  ASSERT_TRUE(peer.send(get(8'000'000)));
  peer.end_sending();
  EXPECT_TRUE(body_of(peer.receive_all()) == pattern_text(8'000'000));
  EXPECT_TRUE(peer.told_the_end());
  EXPECT_TRUE(closed_by(CloseReason::kPeerClosed));
}

TEST_F(Tls, TheLastAnswerIsFollowedByCloseNotify) {
  start("http");
  TlsPeer peer(address());
  ASSERT_TRUE(peer.shake_hands());
  ASSERT_TRUE(peer.send(get(10, "Connection: close\r\n")));
  EXPECT_EQ(body_of(peer.receive_all()), pattern_text(10));
  EXPECT_TRUE(peer.told_the_end());
  peer.peer().close();
  EXPECT_TRUE(closed_by(CloseReason::kPeerClosed));
}

TEST_F(Tls, WhoIsIdleTooLongIsToldTheEnd) {
  serve("http");
  options.timeouts.idle = milliseconds(100);
  start();
  TlsPeer peer(address());
  ASSERT_TRUE(peer.shake_hands());
  EXPECT_EQ(peer.receive(), "");
  EXPECT_TRUE(peer.told_the_end());
  EXPECT_TRUE(closed_by(CloseReason::kIdle));
}

TEST_F(Tls, AnEndWithoutCloseNotifyIsAnEnd) {
  start("http");
  TlsPeer peer(address());
  ASSERT_TRUE(peer.shake_hands());
  ASSERT_TRUE(peer.send(get(10)));
  peer.peer().shut_down_sending();
  EXPECT_EQ(body_of(peer.receive_all()), pattern_text(10));
  EXPECT_TRUE(closed_by(CloseReason::kPeerClosed));
}

TEST_F(Tls, APeerThatDoesNotFinishTheHandshakeIsClosed) {
  serve("http");
  options.timeouts.handshake = milliseconds(100);
  start();
  Peer silent(address());
  Peer begins(address());
  ASSERT_TRUE(begins.send(std::string("\x16\x03\x01\x02", 4)));
  EXPECT_EQ(silent.receive(), "");
  EXPECT_EQ(begins.receive(), "");
  EXPECT_TRUE(closed_by(CloseReason::kSlowHandshake, 2));
}

TEST_F(Tls, WhatIsNoTlsGetsAnAlertAndACountedEnd) {
  start("http");
  constexpr std::string_view kHttp = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  constexpr std::string_view kBinary = "\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8\xf7\xf6\xf5";
  for (const std::string_view words : {kHttp, kBinary}) {
    Peer peer(address());
    ASSERT_TRUE(peer.send(words));
    const std::string answer = peer.receive_all();
    EXPECT_EQ(peer.error(), 0) << "a reset takes the alert away";
    // A record of kind 21 (RFC 8446, 5.1), where OpenSSL thinks that the peer would know one.
    EXPECT_TRUE(answer.empty() || answer.front() == '\x15') << answer;
  }
  EXPECT_TRUE(closed_by(CloseReason::kTls, 2));
}

TEST_F(Tls, ResetsAtEachStageLeaveNothing) {
  start("http");
  const auto descriptors = [] {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return std::distance(all, std::filesystem::directory_iterator());
  };
  // What OpenSSL opens once it has by now. Closed with its tickets unread, it is a reset as well.
  ASSERT_TRUE(TlsPeer(address()).shake_hands());
  ASSERT_TRUE(closed_by(CloseReason::kReset));
  const auto before = descriptors();
  Peer(address()).reset();
  Peer begins(address());
  ASSERT_TRUE(begins.send(std::string("\x16\x03\x01\x02", 4)));
  begins.reset();
  TlsPeer open(address());
  ASSERT_TRUE(open.shake_hands());
  open.peer().reset();
  TlsPeer answered(address());
  ASSERT_TRUE(answered.shake_hands());
  ASSERT_TRUE(answered.send(get(50'000'000)));
  ASSERT_EQ(answered.receive(1), "H");
  answered.peer().reset();
  EXPECT_TRUE(closed_by(CloseReason::kReset, 5)) << running->totals().line();
  EXPECT_EQ(descriptors(), before);
}

TEST_F(Tls, APeerThatNeverReadsCostsAtMostTheBound) {
  serve("echo");
  options.timeouts.write = milliseconds(300);
  start();
  TlsPeer peer(address());
  ASSERT_TRUE(peer.shake_hands());
  auto sending = std::async(std::launch::async, [&] {
    const std::string bytes(1'000'000, 'x');
    while (peer.send(bytes)) {
    }
  });
  std::uint64_t most = 0;
  EXPECT_TRUE(eventually([&] {
    most = std::max(most, running->totals().buffered_bytes);
    return running->closed(CloseReason::kSlowRead) == 1;
  }));
  EXPECT_LE(most, Output::kHighMark + kInputBuffer);
  EXPECT_GE(most, Output::kLowMark) << "it was not full";
  sending.get();
}

TEST_F(Tls, DiscardSaysAtOnceThatItOwesNothing) {
  start("discard");
  TlsPeer peer(address());
  ASSERT_TRUE(peer.shake_hands());
  EXPECT_EQ(peer.receive(), "");
  EXPECT_TRUE(peer.told_the_end());
  ASSERT_TRUE(peer.send("some"));
  peer.end_sending();
  peer.peer().shut_down_sending();
  EXPECT_TRUE(closed_by(CloseReason::kPeerClosed));
  EXPECT_EQ(running->totals().received_bytes, 4U);
}

TEST_F(Tls, ChargenWritesUnasked) {
  serve("chargen");
  options.limits.chargen_bytes = 3'000'000;
  start();
  TlsPeer peer(address());
  ASSERT_TRUE(peer.shake_hands());
  EXPECT_TRUE(peer.receive_all() == pattern_text(3'000'000));
  EXPECT_TRUE(peer.told_the_end());
}

TEST_F(Tls, DrainingLetsAHandshakeFinishAndAnswersItsFirstRequest) {
  start("http");
  Peer early(address());  // accepted, and nothing sent yet
  ASSERT_TRUE(eventually([&] { return running->totals().accepted == 1; }));
  TlsPeer peer(address());
  ASSERT_TRUE(peer.shake_hands());
  running->drain();
  // From then on it is draining.
  ASSERT_TRUE(eventually([&] { return !connects(address()); }));
  ASSERT_TRUE(peer.send(get(10)));
  const std::string answer = peer.receive_all();
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  EXPECT_EQ(body_of(answer), pattern_text(10));
  early.close();
  peer.peer().close();
  running->server.wait();
  EXPECT_EQ(running->closed(CloseReason::kShutdown), 0U);
}

// Its close_notify comes though nothing else does: meeting a closed socket, it would be answered
// by a reset, which may overtake what the peer has not read yet.
TEST_F(Tls, APeerThatHasSaidThatNothingMoreComesIsWaitedForAllTheSame) {
  serve("http");
  options.timeouts.linger = std::chrono::milliseconds(200);
  start();
  TlsPeer peer(address());
  ASSERT_TRUE(peer.shake_hands());
  ASSERT_TRUE(peer.send("GET /bytes/10 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
  EXPECT_EQ(body_of(peer.receive_all()), pattern_text(10));
  EXPECT_TRUE(peer.told_the_end());
  EXPECT_TRUE(closed_by(CloseReason::kSlowClose));
}

TEST_F(Tls, SaysWhatIsWrongWithTheFiles) {
  serve("http");
  options.tls = {.certificate = "/none/cert.pem", .key = "/none/key.pem"};
  try {
    start();
    ADD_FAILURE() << "it serves without a certificate";
  } catch (const SetupError& error) {
    EXPECT_THAT(error.what(), StartsWith("cannot use /none/cert.pem: No such file"));
  }
}

// There is nobody to ask for it.
TEST_F(Tls, AKeyWithAPassphraseIsRefused) {
  const Certificate certificate;
  certificate.make("a.test");
  const Outcome locked = outcome_of(fmt::format(
      "openssl ec -in {0} -aes128 -passout pass:secret -out {0}.locked", certificate.key()));
  ASSERT_EQ(locked.status, 0) << locked.text;
  serve("http");
  options.tls = {.certificate = certificate.file(), .key = certificate.key() + ".locked"};
  try {
    start();
    ADD_FAILURE() << "it serves without a key";
  } catch (const SetupError& error) {
    EXPECT_THAT(error.what(), StartsWith("cannot use " + options.tls.key + ": "));
  }
}

}  // namespace
}  // namespace closewait
