// One client, call by call.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "tests/outside_server.h"
#include "tests/rig_run.h"

namespace closewait {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using testing::Ended;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Program;

constexpr int kFail = 1;
constexpr int kBadInput = 2;
constexpr int kInconclusive = 3;

class Try : public testing::RigRun {
 protected:
  // Starts closewait-server, to which `play` goes from then on.
  void serve(const Arguments& options) {
    Arguments command{"closewait-server"};
    command.insert(command.end(), options.begin(), options.end());
    server_ = std::make_unique<Program>(command, folder());
    address_ = testing::address_of(*server_).to_string();
  }
  void serve_http() { serve({"--service", "http", "--listen", "127.0.0.1:0"}); }

  [[nodiscard]] Ended play(const std::string& behaviour, const Arguments& options = {}) const {
    Arguments arguments{"try", behaviour, address_};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return closewait(arguments);
  }
  // With --json; it is one object, and nothing is beside it.
  [[nodiscard]] json play_json(const std::string& behaviour, int status,
                               Arguments options = {}) const {
    options.emplace_back("--json");
    const Ended ended = play(behaviour, options);
    EXPECT_EQ(ended.status, status) << ended.output << ended.errors;
    EXPECT_THAT(ended.errors, IsEmpty());
    const json told = json::parse(ended.output, nullptr, false);
    EXPECT_TRUE(told.is_object()) << ended.output;
    return told;
  }
  // One line, and nothing was told on standard output.
  static void expect_refused(const Ended& ended, int status, const std::string& why) {
    EXPECT_EQ(ended.status, status);
    EXPECT_THAT(ended.output, IsEmpty());
    EXPECT_THAT(ended.errors, AllOf(::testing::StartsWith("closewait: "), HasSubstr(why)));
    EXPECT_EQ(std::ranges::count(ended.errors, '\n'), 1);
  }

  [[nodiscard]] const std::string& address() const { return address_; }
  void go_to(const std::string& address) { address_ = address; }

 private:
  std::unique_ptr<Program> server_;
  std::string address_;
};

// The index of the first such call; the number of calls when there is none.
std::size_t index_of_call(const json& told, std::string_view name, std::string_view what = {}) {
  const json& calls = told["calls"];
  std::size_t i = 0;
  while (i < calls.size() &&
         (calls[i]["call"] != name || (!what.empty() && calls[i]["what"] != what))) {
    ++i;
  }
  EXPECT_LT(i, calls.size()) << name << " " << what << " is not among " << calls.dump(1);
  return i;
}

std::int64_t received(const json& told) {
  std::int64_t bytes = 0;
  for (const json& call : told["calls"]) {
    if (call["call"] != "recv" || call["what"] == "MSG_PEEK" || call["result"] < 0) continue;
    bytes += call["result"].get<std::int64_t>();
  }
  return bytes;
}

TEST_F(Try, TellsEachCallToAPerson) {
  serve_http();
  const Ended ended = play("rst-mid-response", {"--seed", "7"});
  EXPECT_EQ(ended.status, 0) << ended.errors;
  EXPECT_THAT(ended.errors, IsEmpty());
  EXPECT_THAT(ended.output, ::testing::StartsWith(
                                "rst-mid-response size=8MiB bytes=64KiB timeout=10s, seed 7, to " +
                                address() + ", http\n"));
  const Arguments lines{"setsockopt +SO_LINGER: on, 0 s +0",
                        "getsockopt +SO_LINGER: on, 0 s +0",
                        "connect +" + address() + " +EINPROGRESS",
                        "getsockopt +TCP_INFO: ESTABLISHED +0",
                        "send +.GET /bytes/8388608 HTTP/1.1.r.nHos.\\.\\.\\. +([0-9]+) of ([0-9]+)",
                        "recv +.HTTP/1.1 200 OK.r.n[^\n]* +[0-9]+ of [0-9]+",
                        "close +0"};
  for (const std::string& line : lines) {
    EXPECT_THAT(ended.output,
                ContainsRegex("\n +[0-9]+\\.[0-9]{3}  " + line + " +[0-9]+\\.[0-9]{3}\n"));
  }
  EXPECT_THAT(ended.output,
              AllOf(HasSubstr("\ndelivered after "),
                    HasSubstr("its end (RST) is proven: 1 intended, 1 confirmed\n"),
                    HasSubstr("owed nothing; 65,536 bytes of a response were taken\n"),
                    HasSubstr("Asks for much, receives a part of it and resets")));
}

TEST_F(Try, TellsEachCallToAProgram) {
  serve_http();
  const json told = play_json("half-close", 0, {"--set", "size=1KiB"});
  const std::size_t shutdown = index_of_call(told, "shutdown");
  EXPECT_EQ(told["calls"][shutdown]["what"], "SHUT_WR");
  EXPECT_LT(index_of_call(told, "send"), shutdown);
  EXPECT_LT(shutdown, index_of_call(told, "recv"));
  EXPECT_EQ(index_of_call(told, "close"), told["calls"].size() - 1);
  EXPECT_EQ(received(told), told["received"]);
  EXPECT_GT(received(told), 1024);
  double before = 0;
  for (const json& call : told["calls"]) {
    EXPECT_GE(call["at_ms"], before);
    EXPECT_GE(call["took_ms"], 0);
    before = call["at_ms"];
    EXPECT_EQ(call["errno"].is_null(), call["result"] >= 0) << call.dump();
  }
  EXPECT_GE(told["took_ms"], before);
  EXPECT_EQ(told["behaviour"], "half-close");
  EXPECT_EQ(told["parameters"]["size"], "1KiB");
  EXPECT_EQ(told["dialect"], "http");
  EXPECT_EQ(told["tls"], false);
  EXPECT_EQ(told["target"], address());
  EXPECT_EQ(told["outcome"], "delivered");
  EXPECT_EQ(told["ends_in"], "FIN");
  EXPECT_EQ(told["intended"], 1);
  EXPECT_EQ(told["confirmed"], 1);
  EXPECT_EQ(told["owed"]["key"], "response_after_end");
  EXPECT_EQ(told["got"], "all");
  EXPECT_TRUE(told["wrong_at"].is_null());
}

TEST_F(Try, HasTheFlagsOfEpoll) {
  serve({"--service", "http", "--listen", "127.0.0.1:0", "--idle-timeout", "200ms"});
  const json told = play_json("idle-after", 0, {"--set", "hold=20s"});
  const json& calls = told["calls"];
  const auto ended = std::ranges::find_if(calls, [](const json& call) {
    const json& events = call["events"];
    return std::ranges::find(events, json("EPOLLRDHUP")) != events.end();
  });
  ASSERT_NE(ended, calls.end()) << calls.dump(1);
  EXPECT_EQ((*ended)["call"], "epoll_wait");
  EXPECT_GE((*ended)["took_ms"], 50);
}

TEST_F(Try, FindsOutWhatATargetSpeaks) {
  serve({"--service", "echo", "--listen", "127.0.0.1:0"});
  EXPECT_EQ(play_json("polite", 0)["dialect"], "echo");
  serve({"--service", "http", "--listen", "[::1]:0"});
  const json six = play_json("polite", 0);
  EXPECT_EQ(six["dialect"], "http");
  EXPECT_EQ(six["calls"][0]["detail"], "AF_INET6");
}

// Where a request is cut is the seed's choice.
TEST_F(Try, TheSeedDecidesTheChoices) {
  serve_http();
  const auto cut_of = [&](const std::string& seed) {
    const json told = play_json("split", 0, {"--seed", seed});
    return told["calls"][index_of_call(told, "send")]["result"].get<int>();
  };
  const int cut = cut_of("7");
  EXPECT_EQ(cut_of("7"), cut);
  std::set<int> cuts{cut};
  for (int seed = 8; seed < 12; ++seed) cuts.insert(cut_of(std::to_string(seed)));
  EXPECT_GT(cuts.size(), 1U);
}

TEST_F(Try, ADrawnSeedIsTold) {
  serve_http();
  const json drawn = play_json("split", 0);
  const json again =
      play_json("split", 0, {"--seed", std::to_string(drawn["seed"].get<std::uint64_t>())});
  EXPECT_EQ(again["calls"][index_of_call(again, "send")]["result"],
            drawn["calls"][index_of_call(drawn, "send")]["result"]);
}

// A client that could not do what it does, or did not get what it was owed, is no pass.
TEST_F(Try, WhatWasNotDeliveredOrNotGotFails) {
  serve_http();
  const json over = play_json("rst-mid-response", kFail, {"--set", "size=2KiB"});
  EXPECT_EQ(over["outcome"], "preempted");
  EXPECT_EQ(over["intended"], 0);
  const json late =
      play_json("rst-after-connect", kFail, {"--set", "wait=1m", "--timeout", "50ms"});
  EXPECT_EQ(late["outcome"], "timed_out");
  EXPECT_EQ(late["parameters"]["timeout"], "50ms");
  const json wrong = play_json("polite", kFail, {"--set", "target.path=/none"});
  EXPECT_EQ(wrong["got"], "wrong");
  EXPECT_TRUE(wrong["wrong_at"].is_number()) << wrong["wrong_at"];
  const Ended told = play("polite", {"--set", "target.path=/none"});
  EXPECT_EQ(told.status, kFail);
  EXPECT_THAT(told.output, ContainsRegex("got other bytes, the first wrong one at [0-9]+\n"));
}

TEST_F(Try, AServerThatSpeaksFirstIsDescribed) {
  serve({"--service", "chargen", "--listen", "127.0.0.1:0", "--chargen-bytes", "72"});
  const json told =
      play_json("server-first", 0,
                {"--dialect", "raw", "--set",
                 "target.protocol={hello: {bytes: 72}, request: x, response: {bytes: 1}}"});
  EXPECT_EQ(told["dialect"], "raw");
  EXPECT_EQ(told["owed"]["key"], "greeting");
  EXPECT_EQ(told["got"], "all");
  EXPECT_EQ(received(told), 72);
}

TEST_F(Try, WhatCannotHappenThereSaysWhy) {
  serve({"--service", "echo", "--listen", "unix:" + (folder() / "s.sock").string()});
  expect_refused(play("rst-after-connect"), kBadInput, "resets, which a Unix socket has not");
  expect_refused(play("slow-body"), kBadInput, "slow-body does not apply to unix:");
  serve_http();
  expect_refused(play("tls-silent"), kBadInput, "expected --tls");
  expect_refused(play("server-first", {"--json"}), kBadInput,
                 "waits for a target that speaks first");
  // What was looked for and not found is the target's, or this machine's.
  expect_refused(play("slow-read", {"--set", "target.path=/bytes/600"}), kInconclusive,
                 "needs a response of 256KiB, and the target gave");
}

TEST_F(Try, ATargetThatDoesNotAnswerIsToldInOneLine) {
  go_to(testing::free_address().to_string());
  const std::string why = address() + ": connect: Connection refused (ECONNREFUSED)";
  expect_refused(play("polite"), kInconclusive, why);
  expect_refused(play("polite", {"--dialect", "http"}), kInconclusive, why);
  expect_refused(play("rst-after-connect", {"--dialect", "http", "--json"}), kInconclusive, why);
}

TEST_F(Try, BadInputIsToldInOneLine) {
  go_to("192.0.2.1:80");
  expect_refused(play("polite"), kBadInput, "only with --allow-remote");
  go_to("localhost");
  expect_refused(play("polite"), kBadInput, "'localhost': expected an address such as");
  go_to("127.0.0.1:1");
  expect_refused(play("polit"), kBadInput, "did you mean 'polite'?");
  expect_refused(play("polite", {"--set", "sise=1KiB"}), kBadInput,
                 "--set sise: polite has no such parameter; did you mean 'size'?");
  expect_refused(play("polite", {"--set", "bytes=1KiB"}), kBadInput, "expected size, timeout");
  expect_refused(play("polite", {"--set", "size=10s"}), kBadInput,
                 "--set size: '10s'; expected a size such as 64KiB");
  expect_refused(play("polite", {"--set", "size"}), kBadInput, "--set size: expected ");
  expect_refused(play("polite", {"--timeout", "10"}), kBadInput, "--timeout 10: expected");
}

TEST_F(Try, GoesThroughTls) {
  const std::string both = (folder() / "both.pem").string();
  Program openssl({"/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                   "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost", "-days", "1",
                   "-keyout", both, "-out", (folder() / "cert.pem").string()},
                  folder());
  ASSERT_EQ(openssl.wait(std::chrono::seconds(30)), 0) << openssl.errors();
  serve({"--service", "http", "--listen-tls", "127.0.0.1:0", "--certificate",
         (folder() / "cert.pem").string(), "--key", both});
  const json told = play_json("tls-no-close-notify", 0, {"--tls", "--dialect", "http"});
  EXPECT_EQ(told["tls"], true);
  EXPECT_EQ(told["got"], "all");
  EXPECT_EQ(play_json("tls-abort", 0, {"--tls", "--dialect", "http"})["ends_in"], "RST");
  expect_refused(play("tls-abort", {"--tls"}), kBadInput, "is not found out");
  expect_refused(play("polite", {"--dialect", "http", "--set", "target.tls={verify: on}"}),
                 kInconclusive, "no TLS handshake: certificate verify failed");
}

}  // namespace
}  // namespace closewait
