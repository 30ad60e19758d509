#include "faults/call_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/epoll.h>

#include <algorithm>
#include <string>
#include <vector>

#include "faults/clients/peer_for_tests.h"
#include "faults/clients/play_for_tests.h"

namespace closewait {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

CallLog played(std::string_view behaviour, const SocketAddress& target) {
  CallLog log;
  Play play = play_of(behaviour, target);
  play.log = &log;
  static_cast<void>(run(play));
  return log;
}

// "setsockopt SO_LINGER", "send", without the looks that a busy machine makes more of.
std::vector<std::string> names_of(const CallLog& log) {
  std::vector<std::string> names;
  for (const Call& call : log.calls()) {
    const bool look = call.name == "epoll_wait" || call.what == "TCP_INFO" || call.error == EAGAIN;
    const std::string blank = call.what.empty() ? "" : " ";
    if (!look) names.push_back(std::string(call.name) + blank + std::string(call.what));
  }
  return names;
}

const Call* find(const CallLog& log, std::string_view name, std::string_view what = {}) {
  for (const Call& call : log.calls()) {
    if (call.name == name && (what.empty() || call.what == what)) return &call;
  }
  ADD_FAILURE() << "no " << name << " " << what;
  static const Call kNone;
  return &kNone;
}

TEST(CallLog, HasEachCallOfAResetInItsOrder) {
  Peer peer(never_answers());
  const CallLog log = played("rst-after-connect", peer.address());
  EXPECT_THAT(names_of(log), ElementsAre("socket", "setsockopt SO_LINGER", "getsockopt SO_LINGER",
                                         "connect", "pause", "close"));
  EXPECT_EQ(find(log, "socket")->detail, "AF_INET");
  EXPECT_GE(find(log, "socket")->result, 0);
  EXPECT_EQ(find(log, "setsockopt", "SO_LINGER")->detail, "on, 0 s");
  EXPECT_EQ(find(log, "getsockopt", "SO_LINGER")->detail, "on, 0 s");
  EXPECT_EQ(find(log, "connect")->detail, peer.address().to_string());
  EXPECT_EQ(find(log, "connect")->result, -1);
  EXPECT_EQ(find(log, "connect")->error, EINPROGRESS);
  EXPECT_EQ(find(log, "getsockopt", "TCP_INFO")->detail, "ESTABLISHED");
  EXPECT_GE(find(log, "pause")->took, std::chrono::milliseconds(1));
}

TEST(CallLog, HasBytesEndsAndEvents) {
  Peer peer(answers(1024));
  const CallLog log = played("half-close", peer.address());
  std::int64_t received = 0;
  std::uint32_t events = 0;
  for (const Call& call : log.calls()) {
    if (call.name == "recv" && call.result > 0) received += call.result;
    events |= call.events;
  }
  const Call& sent = *find(log, "send");
  EXPECT_THAT(sent.detail, testing::StartsWith("\"GET /bytes/65536 HTTP"));
  EXPECT_EQ(sent.result, static_cast<std::int64_t>(sent.asked));
  EXPECT_EQ(received, static_cast<std::int64_t>(peer.end().sent));
  EXPECT_THAT(find(log, "recv")->asked, testing::Ge(1024U));
  EXPECT_THAT(event_names(events), testing::Contains("EPOLLIN"));
  EXPECT_EQ(find(log, "shutdown")->what, "SHUT_WR");
  EXPECT_EQ(log.calls().back().name, "close");
}

TEST(CallLog, HasErrorsByNumberAndWhyAConnectionCameToNothing) {
  const CallLog refused = played("polite", closed_port());
  const Call& why = *find(refused, "getsockopt", "SO_ERROR");
  EXPECT_EQ(why.detail, "Connection refused (ECONNREFUSED)");
  EXPECT_EQ(find(refused, "getsockopt", "TCP_INFO")->detail, "CLOSE");
  Peer peer(resets_when_asked());
  const CallLog reset = played("polite", peer.address());
  const auto met = std::ranges::find(reset.calls(), ECONNRESET, &Call::error);
  ASSERT_NE(met, reset.calls().end());
  EXPECT_EQ(met->name, "recv");
  EXPECT_EQ(met->result, -1);
}

TEST(CallLog, TellsWhatWasLeftUnread) {
  Peer peer(answers(1024));
  const CallLog log = played("rst-unread", peer.address());
  EXPECT_THAT(names_of(log), testing::Contains("recv MSG_PEEK"));
  EXPECT_GT(std::stoi(find(log, "ioctl", "FIONREAD")->detail), 0);
}

TEST(CallLog, IsInTheOrderOfTime) {
  Peer peer(answers(1024));
  const CallLog log = played("polite-keepalive", peer.address());
  Instant before = log.calls().front().at;
  for (const Call& call : log.calls()) {
    EXPECT_GE(call.at, before) << call.name << " " << call.what;
    EXPECT_GE(call.took, Nanoseconds(0));
    before = call.at + call.took;
  }
}

TEST(CallLog, NotesTheWireOfTlsToo) {
  Peer peer({.answer = http_answer(64), .tls = true});
  const TlsClientContext tls({});
  CallLog log;
  Play play = play_of("tls-no-close-notify", peer.address());
  play.params.size = 64;
  play.params.timeout = std::chrono::seconds(10);
  play.tls = &tls;
  play.log = &log;
  ASSERT_EQ(run(play).outcome, Outcome::kDelivered);
  EXPECT_THAT(find(log, "send")->detail, testing::StartsWith(R"("\x16\x03\x01)"));  // a hello
  const auto answer = std::ranges::find_if(
      log.calls(), [](const Call& call) { return call.name == "recv" && call.result > 0; });
  ASSERT_NE(answer, log.calls().end());
  EXPECT_THAT(answer->detail, testing::StartsWith(R"("\x16\x03\x03)"));
}

TEST(CallLog, NamesEventsAndStates) {
  EXPECT_THAT(event_names(EPOLLIN | EPOLLRDHUP | EPOLLHUP),
              ElementsAre("EPOLLIN", "EPOLLRDHUP", "EPOLLHUP"));
  EXPECT_THAT(event_names(0), IsEmpty());
  EXPECT_EQ(tcp_state_name(8), "CLOSE_WAIT");
  EXPECT_EQ(tcp_state_name(200), "unknown");
}

TEST(FirstBytes, AreReadByPeople) {
  const auto shown = [](std::string_view text) {
    return first_bytes(std::as_bytes(std::span(text)));
  };
  EXPECT_EQ(shown(""), "");
  EXPECT_EQ(shown("GET / \"\\\r\n"), R"("GET / \"\\\r\n")");
  EXPECT_EQ(shown(std::string_view("\0\x7f\xff", 3)), R"("\x00\x7f\xff")");
  EXPECT_EQ(shown(std::string(32, 'a')), '"' + std::string(32, 'a') + '"');
  EXPECT_EQ(shown(std::string(33, 'a')), '"' + std::string(32, 'a') + "\"...");
}

// What a call meets is told by errno, which nothing in between may change.
TEST(Noted, LeavesErrnoAsTheCallLeftIt) {
  CallLog log;
  errno = 0;
  EXPECT_EQ(noted(&log, {.name = "send"}, [] { return errno = EPIPE, -1; }), -1);
  tell(&log, [] { return errno = 0, std::string("told"); });
  EXPECT_EQ(errno, EPIPE);
  ASSERT_EQ(log.calls().size(), 1U);
  EXPECT_EQ(log.calls()[0].error, EPIPE);
  EXPECT_EQ(log.calls()[0].detail, "told");
  tell(nullptr, []() -> std::string { throw 1; });
}

TEST(Noted, KeepsAllBytesWhereTheLogIsToldTo) {
  const std::string text(100, 'a');
  for (const auto keeps : {CallLog::Keeps::kFirstBytes, CallLog::Keeps::kAllBytes}) {
    CallLog log(keeps);
    noted(&log, {.name = "send", .data = std::as_bytes(std::span(text))}, [] { return 70; });
    noted(&log, {.name = "send", .data = std::as_bytes(std::span(text))}, [] { return -1; });
    EXPECT_EQ(log.calls()[0].bytes.size(), keeps == CallLog::Keeps::kAllBytes ? 70U : 0U);
    EXPECT_TRUE(log.calls()[1].bytes.empty());
  }
}

}  // namespace
}  // namespace closewait
