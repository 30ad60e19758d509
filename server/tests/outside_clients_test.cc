#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "server/tests/command_for_tests.h"
#include "server/tests/peer_for_tests.h"
#include "server/tests/program_for_tests.h"

namespace closewait {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

// The real server, plain and through TLS, under load by a client that is not ours.
class OutsideClient : public testing::Test {
 protected:
  OutsideClient(std::string name, std::string package)
      : name_(std::move(name)), package_(std::move(package)) {}

  void SetUp() override {
    const std::string obstacle = obstacle_to(name_, package_);
    if (!obstacle.empty()) GTEST_SKIP() << obstacle;
  }
  // Whoever came went by himself: the server had nobody to close.
  void TearDown() override {
    if (IsSkipped()) return;
    program_.signal(SIGTERM);
    EXPECT_EQ(program_.wait(), 0);
    EXPECT_THAT(
        program_.errors(),
        HasSubstr(" closed_idle=0 closed_slow_head=0 closed_slow_body=0"
                  " closed_slow_read=0 closed_slow_close=0 closed_slow_handshake=0"
                  " closed_tls=0 closed_limit=0 closed_refused=0 closed_evicted=0 closed_error=0"
                  " closed_shutdown=0"));
  }

  // What the client writes, given these arguments; $HTTP and $HTTPS are the server's.
  [[nodiscard]] std::string run(const std::string& arguments) const {
    const Outcome outcome =
        outcome_of(fmt::format("HTTP=http://{} ; HTTPS=https://{} ; {} {}", plain_.to_string(),
                               tls_.to_string(), name_, arguments));
    EXPECT_EQ(outcome.status, 0) << name_ << " " << arguments;
    return outcome.text;
  }

 private:
  std::string name_;
  std::string package_;
  Program program_{std::vector<std::string>{"--listen", "127.0.0.1:0", "--listen-tls",
                                            "127.0.0.1:0", "--service", "http", "--linger-timeout",
                                            "20s"}};
  SocketAddress plain_ = program_.address();
  SocketAddress tls_ = program_.address();
};

// Speaks HTTP/1.0, so that it has to be told when a connection stays open.
struct Ab : OutsideClient {
  Ab() : OutsideClient("ab", "apache2-utils") {}

  // Expects so many answers, all of them good and of this size.
  void expect(const std::string& text, int requests, int size) const {
    EXPECT_THAT(text, ContainsRegex(fmt::format("Complete requests: +{}\n", requests)));
    EXPECT_THAT(text, ContainsRegex("Failed requests: +0\n"));
    EXPECT_THAT(text, Not(HasSubstr("Non-2xx responses:")));
    EXPECT_THAT(text, ContainsRegex(fmt::format("Document Length: +{} bytes\n", size)));
    EXPECT_THAT(text, ContainsRegex(fmt::format("HTML transferred: +{} bytes\n", requests * size)));
  }
};

TEST_F(Ab, GetsOnAConnectionEach) {
  const std::string text = run("-q -n 1000 -c 20 $HTTP/bytes/1000");
  expect(text, 1000, 1000);
}

TEST_F(Ab, GetsOnConnectionsThatStay) {
  const std::string text = run("-q -k -n 1000 -c 20 $HTTP/bytes/1000");
  expect(text, 1000, 1000);
  EXPECT_THAT(text, ContainsRegex("Keep-Alive requests: +1000\n"));
}

TEST_F(Ab, Uploads) {
  const std::string path = testing::TempDir() + fmt::format("closewait-ab-{}", ::getpid());
  std::ofstream(path, std::ios::binary) << pattern_text(100'000);
  const std::string upload = fmt::format("-q -n 200 -c 20 -p {} ", path);
  expect(run(upload + "$HTTP/echo"), 200, 100'000);
  expect(run(upload + "$HTTP/count"), 200, 7);
  const std::string text = run(upload + "-k $HTTP/count");
  expect(text, 200, 7);
  EXPECT_THAT(text, ContainsRegex("Keep-Alive requests: +200\n"));
  std::filesystem::remove(path);
}

TEST_F(Ab, GetsThroughTls) {
  expect(run("-q -n 200 -c 20 $HTTPS/bytes/1000"), 200, 1000);
  const std::string text = run("-q -k -f TLS1.2 -n 1000 -c 20 $HTTPS/bytes/1000");
  expect(text, 1000, 1000);
  EXPECT_THAT(text, HasSubstr("TLSv1.2"));
  EXPECT_THAT(text, ContainsRegex("Keep-Alive requests: +1000\n"));
}

struct H2load : OutsideClient {
  H2load() : OutsideClient("h2load", "nghttp2-client") {}

  // Expects so many answers, all of them good and with so many bytes together.
  void expect(const std::string& text, int requests, int bytes) const {
    EXPECT_THAT(text, HasSubstr(fmt::format("requests: {0} total, {0} started, {0} done, {0} "
                                            "succeeded, 0 failed, 0 errored, 0 timeout\n",
                                            requests)));
    EXPECT_THAT(text, HasSubstr(fmt::format("status codes: {} 2xx,", requests)));
    EXPECT_THAT(text, HasSubstr(fmt::format("({}) data\n", bytes)));
  }
};

TEST_F(H2load, GetsOneAnswerAfterAnother) {
  expect(run("--h1 -n 1000 -c 20 $HTTP/bytes/1000"), 1000, 1'000'000);
}

TEST_F(H2load, AsksAheadOfTheAnswers) {
  expect(run("--h1 -n 1000 -c 20 -m 8 $HTTP/bytes/100000"), 1000, 100'000'000);
}

TEST_F(H2load, GetsThroughTls) {
  const std::string text = run("--h1 -n 1000 -c 20 -m 8 $HTTPS/bytes/1000");
  expect(text, 1000, 1'000'000);
  EXPECT_THAT(text, HasSubstr("TLS Protocol: TLSv1.3\n"));
}

}  // namespace
}  // namespace closewait
