// Servers that are not ours, by a description of what they speak.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

#include "tests/outside_server.h"
#include "tests/rig_run.h"

namespace closewait {
namespace {

using testing::Ended;
using testing::eventually;
using ::testing::HasSubstr;
using testing::Program;
using testing::shipped;

class Protocols : public testing::RigRun {
 protected:
  // Starts an installed server and waits until it listens; skips the test when there is none.
  void start(const std::string& package, const Arguments& options) {
    const std::string path = "/usr/bin/" + package;
    if (::access(path.c_str(), X_OK) != 0) {
      GTEST_SKIP() << path << " is not there; install the package " << package;
    }
    Arguments command{path};
    command.insert(command.end(), options.begin(), options.end());
    server_ = std::make_unique<Program>(command, folder());
    ASSERT_TRUE(eventually([&] { return testing::accepts(address_); }))
        << server_->output() << server_->errors();
  }
  void start_redis(const Arguments& more = {}) {
    Arguments options{"--bind",       "127.0.0.1", "--port",           port(), "--save", "",
                      "--appendonly", "no",        "--protected-mode", "no"};
    options.insert(options.end(), more.begin(), more.end());
    start("redis-server", options);
  }
  void start_memcached() {
    Arguments options{"-l", "127.0.0.1", "-p", port(), "-U", "0", "-c", "2000"};
    if (::geteuid() == 0) options.insert(options.end(), {"-u", "root"});
    start("memcached", options);
  }

  // Sends all of a request, and reads as much as the answer has.
  [[nodiscard]] std::string ask(const std::string& request, std::size_t answer_size) const {
    const UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(socket.get(), address_.data(), address_.size()) != 0) return "no connection";
    for (std::size_t at = 0; at < request.size();) {
      const auto sent =
          ::send(socket.get(), request.data() + at, request.size() - at, MSG_NOSIGNAL);
      if (sent <= 0) return "not sent";
      at += static_cast<std::size_t>(sent);
    }
    std::string answer(answer_size, '\0');
    const auto got = ::recv(socket.get(), answer.data(), answer.size(), MSG_WAITALL);
    answer.resize(static_cast<std::size_t>(std::max<ssize_t>(0, got)));
    return answer;
  }

  // The shipped scenario, in seconds, with the server that runs here.
  [[nodiscard]] Ended short_run(const Arguments& settings) const {
    Arguments arguments{shipped("redis"), "--target", address_.to_string()};
    for (const char* setting : {"warm_up.for=500ms", "cycle.storm.for=2s", "cycle.storm.rate=200/s",
                                "cycle.storm.clients.polite-held.hold=1500ms",
                                "cycle.rest.settle=5s", "cycle.rest.quiet=500ms", "repeat=2"}) {
      arguments.insert(arguments.end(), {"--set", setting});
    }
    for (const std::string& setting : settings) {
      arguments.insert(arguments.end(), {"--set", setting});
    }
    return run(arguments);
  }

  void kill_server() { server_->signal(SIGKILL); }

  [[nodiscard]] std::string port() const { return std::to_string(address_.port()); }

 private:
  SocketAddress address_ = testing::free_address();
  std::unique_ptr<Program> server_;
};

const std::vector<std::string> kBehaviours{"polite",           "polite-held", "rst-after-connect",
                                           "rst-mid-response", "half-close",  "slow-read"};

TEST_F(Protocols, RedisPasses) {
  start_redis();
  if (IsSkipped() || HasFatalFailure()) return;
  testing::expect_pass(short_run({}), kBehaviours);
}

TEST_F(Protocols, RedisPassesOnItsUnixSocket) {
  if (::access("/usr/bin/redis-server", X_OK) != 0) GTEST_SKIP() << "install redis-server";
  const std::string file = (folder() / "redis.sock").string();
  const Ended ended = closewait(
      {"run",
       write(
           "unix.yaml",
           fmt::format("name: unix\nseed: 3\ntarget:\n"
                       "  start: redis-server --port 0 --unixsocket {0} --save '' --appendonly no\n"
                       "  address: 'unix:{0}'\n"
                       "  dialect: raw\n"
                       "  protocol: {{include: '{1}'}}\n"
                       "cycle:\n"
                       "  - for: 2s\n"
                       "    rate: 200/s\n"
                       "    clients: {{polite: 60, half-close: 30, slow-read: 5, polite-held: "
                       "{{weight: 5, hold: 1500ms}}}}\n"
                       "  - {{settle: 10s, quiet: 500ms}}\n"
                       "repeat: 2\n",
                       file, shipped("protocols/redis"))),
       "--out", out().string()});
  testing::expect_pass(ended, {"polite", "half-close", "slow-read", "polite-held"});
}

TEST_F(Protocols, MemcachedPasses) {
  start_memcached();
  if (IsSkipped() || HasFatalFailure()) return;
  const std::string value(1'000'000, 'a');
  ASSERT_EQ(ask("set closewait:large 0 0 1000000\r\n" + value + "\r\n", 8), "STORED\r\n");
  testing::expect_pass(short_run({"target.protocol.include=" + shipped("protocols/memcached")}),
                       kBehaviours);
}

// The password comes from the environment; with a wrong one nothing is a pass.
TEST_F(Protocols, ALoginOpensRedisOrSaysThatItDoesNot) {
  start_redis({"--requirepass", "sesame"});
  if (IsSkipped() || HasFatalFailure()) return;
  const std::string protocol = write(
      "login.yaml",
      "login: [{request: \"AUTH ${CLOSEWAIT_TEST_PASSWORD}\\r\\n\", response: {until: \"\\r\\n\", "
      "starts: '+OK'}}]\n"
      "request: \"PING\\r\\n\"\n"
      "response: {pattern: \"\\\\+PONG\\r\\n\"}\n");
  const Arguments settings{"target.protocol.include=" + protocol, "repeat=1", "expect={}",
                           "cycle.storm.clients={polite: 1}"};
  ::setenv("CLOSEWAIT_TEST_PASSWORD", "sesame", 1);
  const Ended right = short_run(settings);
  EXPECT_EQ(right.status, 0) << right.output << right.errors;
  std::filesystem::rename(out(), folder() / "right");
  ::setenv("CLOSEWAIT_TEST_PASSWORD", "wrong", 1);
  const Ended wrong = short_run(settings);
  EXPECT_EQ(wrong.status, 3) << wrong.output;
  EXPECT_THAT(wrong.output + wrong.errors, HasSubstr("every response was wrong"));
}

// The copy of the scenario in the results lies elsewhere than the protocol that it includes.
TEST_F(Protocols, WhatShowsAFindingAgainFindsTheProtocol) {
  start_redis();
  if (IsSkipped() || HasFatalFailure()) return;
  std::filesystem::copy_file(shipped("protocols/redis"), folder() / "redis-protocol.yaml");
  const auto rig = start_run(
      {write("mine.yaml",
             "name: mine\n"
             "target: {address: '127.0.0.1:" +
                 port() +
                 "', dialect: raw, protocol: "
                 "{include: redis-protocol.yaml}}\n"
                 "cycle: [{for: 60s, rate: 50/s, clients: {polite: 1}}, {settle: 2s}]\n")});
  ASSERT_TRUE(storm_began()) << rig->errors();
  kill_server();
  const Ended ended = finish(*rig);
  EXPECT_EQ(ended.status, 1) << ended.output << ended.errors;
  EXPECT_THAT(
      testing::text_of(out() / "again.sh"),
      HasSubstr("target.protocol.include=\"" + (folder() / "redis-protocol.yaml").string()));
}

}  // namespace
}  // namespace closewait
