#include "server/server.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <future>

#include "server/tests/peer_for_tests.h"
#include "server/tests/running_for_tests.h"
#include "server/tests/undated_for_tests.h"

namespace closewait {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    ++count;
  }
  return count;
}

std::string get(std::uint64_t size, std::string_view fields = "") {
  return fmt::format("GET /bytes/{} HTTP/1.1\r\nHost: test\r\n{}\r\n", size, fields);
}

std::string head_of(std::uint64_t size, std::string_view fields = "") {
  return fmt::format(
      "HTTP/1.1 200 OK\r\nServer: closewait-server\r\nDate: {}\r\n"
      "Content-Type: application/octet-stream\r\nContent-Length: {}\r\n{}\r\n",
      kSomeDate, size, fields);
}

std::string whole(std::uint64_t size) { return head_of(size) + pattern_text(size); }

TEST(Server, EchoGivesBackWhatItGetsAndEndsWhenThePeerDoes) {
  const Running running("echo");
  Peer peer(running.address());
  const std::string bytes = pattern_text(5'000'000);
  auto sending = std::async(std::launch::async, [&] {
    const bool sent = peer.send(bytes);
    peer.shut_down_sending();
    return sent;
  });
  EXPECT_TRUE(peer.receive_all() == bytes);
  EXPECT_TRUE(sending.get());
  EXPECT_EQ(peer.error(), 0);
  EXPECT_TRUE(eventually([&] { return running.closed(CloseReason::kPeerClosed) == 1; }));
}

TEST(Server, HttpServesOneRequestAfterAnotherOnOneConnection) {
  const Running running("http");
  Peer peer(running.address());
  for (const std::uint64_t size : {0UL, 1UL, 65520UL, 65521UL, 65536UL, 65537UL, 3'000'000UL}) {
    ASSERT_TRUE(peer.send(get(size)));
    EXPECT_TRUE(undated(peer.receive_exactly(whole(size).size())) == whole(size)) << size;
  }
}

TEST(Server, HttpTakesARequestCutAnywhere) {
  const Running running("http");
  Peer peer(running.address());
  const std::string request = get(10);
  for (std::size_t cut = 1; cut < request.size(); ++cut) {
    ASSERT_TRUE(peer.send(request.substr(0, cut)));
    ASSERT_TRUE(peer.send(request.substr(cut)));
    ASSERT_EQ(undated(peer.receive_exactly(whole(10).size())), whole(10)) << cut;
  }
}

TEST(Server, HttpAnswersPipelinedRequestsInOrder) {
  const Running running("http");
  Peer peer(running.address());
  std::string requests;
  std::string answers;
  for (std::uint64_t i = 0; i < 3000; ++i) {
    requests += get(i);
    answers += whole(i);
  }
  auto sending = std::async(std::launch::async, [&] { return peer.send(requests); });
  EXPECT_TRUE(undated(peer.receive_exactly(answers.size())) == answers);
  EXPECT_TRUE(sending.get());
}

TEST(Server, HttpEchoesABody) {
  const Running running("http");
  Peer peer(running.address());
  const std::string body = pattern_text(3'000'000);
  auto sending = std::async(std::launch::async, [&] {
    const auto head =
        fmt::format("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", body.size());
    return peer.send(head) && peer.send(body) && peer.send(get(3));
  });
  const std::string answer = head_of(body.size()) + body + whole(3);
  EXPECT_TRUE(undated(peer.receive_exactly(answer.size())) == answer);
  EXPECT_TRUE(sending.get());
}

TEST(Server, HttpAsksForABodyThatIsHeldBack) {
  const Running running("http");
  Peer peer(running.address());
  ASSERT_TRUE(
      peer.send("POST /echo HTTP/1.1\r\nHost: a\r\n"
                "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n"));
  EXPECT_EQ(peer.receive_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  ASSERT_TRUE(peer.send("hi"));
  EXPECT_EQ(undated(peer.receive_exactly(head_of(2).size() + 2)), head_of(2) + "hi");
}

TEST(Server, HttpSaysCloseAndClosesWhenAskedTo) {
  const Running running("http");
  Peer peer(running.address());
  ASSERT_TRUE(peer.send(get(5, "Connection: close\r\n")));
  EXPECT_EQ(undated(peer.receive_all()), head_of(5, "Connection: close\r\n") + pattern_text(5));
  EXPECT_EQ(peer.error(), 0);
}

// It would wait for the end of the connection, as ab does.
TEST(Server, HttpTellsAnOlderClientThatTheConnectionStays) {
  const Running running("http");
  Peer peer(running.address());
  const std::string stays = head_of(5, "Connection: keep-alive\r\n") + pattern_text(5);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(peer.send("GET /bytes/5 HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"));
    ASSERT_EQ(undated(peer.receive_exactly(stays.size())), stays);
  }
  ASSERT_TRUE(peer.send("GET /bytes/5 HTTP/1.0\r\n\r\n"));
  EXPECT_EQ(undated(peer.receive_all()), head_of(5, "Connection: close\r\n") + pattern_text(5));
}

TEST(Server, HttpAnswersAHeadRequestWithoutABody) {
  const Running running("http");
  Peer peer(running.address());
  ASSERT_TRUE(peer.send("HEAD /bytes/5 HTTP/1.1\r\nHost: a\r\n\r\n" + get(1)));
  EXPECT_EQ(undated(peer.receive_exactly((head_of(5) + whole(1)).size())), head_of(5) + whole(1));
}

struct Refusal {
  std::string request;
  std::string_view status;
};

class ServerRefuses : public testing::TestWithParam<Refusal> {};

// With more behind the bad request, closing at once would reset the connection and its answer.
TEST_P(ServerRefuses, WithAnAnswerThatArrivesWhateverFollows) {
  const Running running("http");
  Peer peer(running.address());
  ASSERT_TRUE(peer.send(GetParam().request + std::string(1'000'000, 'x')));
  peer.shut_down_sending();
  const std::string answer = peer.receive_all();
  EXPECT_EQ(peer.error(), 0);
  EXPECT_THAT(answer, StartsWith(fmt::format("HTTP/1.1 {}\r\n", GetParam().status)));
  EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(answer, HasSubstr("Server: closewait-server\r\n"));
}

INSTANTIATE_TEST_SUITE_P(
    Http, ServerRefuses,
    testing::Values(
        Refusal{"hello\r\n\r\n", "400 Bad Request"},
        Refusal{"GET /none HTTP/1.1\r\nHost: a\r\n\r\n", "404 Not Found"},
        Refusal{"GET /bytes/1099511627777 HTTP/1.1\r\nHost: a\r\n\r\n", "404 Not Found"},
        Refusal{"GET /bytes/-1 HTTP/1.1\r\nHost: a\r\n\r\n", "404 Not Found"},
        Refusal{"DELETE / HTTP/1.1\r\nHost: a\r\n\r\n", "405 Method Not Allowed"},
        Refusal{"DELETE / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
                "405 Method Not Allowed"},
        Refusal{"PUT /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
                "Connection: close\r\n\r\nno size",
                "400 Bad Request"},
        Refusal{"GET /echo HTTP/1.1\r\nHost: a\r\n\r\n", "405 Method Not Allowed"},
        Refusal{"BREW / HTTP/1.1\r\nHost: a\r\n\r\n", "501 Not Implemented"},
        Refusal{"GET / HTTP/2.0\r\nHost: a\r\n\r\n", "505 HTTP Version Not Supported"},
        Refusal{"PUT /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                "400 Bad Request"},
        Refusal{"PUT /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4000001\r\n",
                "413 Content Too Large"},
        Refusal{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775808\r\n\r\n",
                "413 Content Too Large"},
        Refusal{std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), "400 Bad Request"},
        Refusal{std::string(100, '\0'), "400 Bad Request"},
        Refusal{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 67108865\r\n\r\n",
                "413 Content Too Large"},
        Refusal{"GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(20000, 'x') + "\r\n\r\n",
                "431 Request Header Fields Too Large"}));

TEST(Server, APeerThatHalfClosesGetsTheWholeLargeResponse) {
  const Running running("http");
  Peer peer(running.address(), 16 * 1024);
  ASSERT_TRUE(peer.send(get(20'000'000)));
  peer.shut_down_sending();
  EXPECT_TRUE(undated(peer.receive_all()) == whole(20'000'000));
  EXPECT_EQ(peer.error(), 0);
  EXPECT_TRUE(eventually([&] { return running.closed(CloseReason::kPeerClosed) == 1; }));
}

TEST(Server, ResetsMidResponseLeaveNoDescriptor) {
  const Running running("http");
  const std::size_t before = open_descriptors();
  for (int i = 0; i < 50; ++i) {
    Peer peer(running.address());
    ASSERT_TRUE(peer.send(get(50'000'000)));
    ASSERT_EQ(peer.receive(10).size(), 10U);
    peer.reset();
  }
  EXPECT_TRUE(eventually([&] { return running.closed(CloseReason::kReset) == 50; }));
  EXPECT_TRUE(eventually([&] { return open_descriptors() == before; }));
}

TEST(Server, SeveralWorkersShareEachAddress) {
  auto options = options_for("http", 3);
  const std::string path = testing::TempDir() + fmt::format("closewait-{}.sock", ::getpid());
  options.listen.push_back({*SocketAddress::parse("[::1]:0")});
  options.listen.push_back({*SocketAddress::parse("unix:" + path)});
  {
    const Running running(options);
    for (const auto& [address, layer] : running.listeners.addresses()) {
      for (int i = 0; i < 20; ++i) {
        Peer peer(address);
        ASSERT_TRUE(peer.send(get(100)));
        ASSERT_EQ(undated(peer.receive_exactly(whole(100).size())), whole(100))
            << address.to_string();
      }
    }
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Server, AnAddressInUseIsRefusedThoughWorkersWouldShareIt) {
  for (const unsigned workers : {1U, 2U}) {
    const Running running(options_for("http", workers));
    auto second = options_for("http", 2);
    second.listen = {ListenAddress{running.address()}};
    try {
      const Running other(second);
      ADD_FAILURE() << "two servers on one port";
    } catch (const SetupError& error) {
      EXPECT_THAT(error.what(), HasSubstr(running.address().to_string()));
      EXPECT_THAT(error.what(), HasSubstr("EADDRINUSE"));
    }
  }
}

TEST(Server, DrainingFinishesWhatIsOwedAndSaysGoodbyeToTheRest) {
  auto options = options_for("http");
  options.drain_timeout = std::chrono::minutes(1);
  Running running(options);
  Peer idle(running.address());
  Peer busy(running.address(), 16 * 1024);
  ASSERT_TRUE(busy.send(get(20'000'000)));
  const std::string start = busy.receive(100);
  ASSERT_TRUE(idle.send(get(1)));
  ASSERT_EQ(undated(idle.receive_exactly(whole(1).size())), whole(1));
  running.drain();
  EXPECT_EQ(idle.receive(), "");
  idle.close();
  EXPECT_TRUE(undated(start + busy.receive_all()) == whole(20'000'000));
  busy.close();
  running.server.wait();
  EXPECT_EQ(running.closed(CloseReason::kShutdown), 0U);
}

TEST(Server, DrainingEndsAtItsDeadline) {
  auto options = options_for("http");
  options.drain_timeout = std::chrono::milliseconds(100);
  Running running(options);
  Peer never_reads(running.address());
  ASSERT_TRUE(never_reads.send(get(50'000'000)));
  ASSERT_EQ(never_reads.receive(1), "H");
  running.drain();
  running.server.wait();
  EXPECT_EQ(running.closed(CloseReason::kShutdown), 1U);
}

}  // namespace
}  // namespace closewait
