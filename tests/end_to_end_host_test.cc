// What is done to the target's own process while clients are there: it happens, it is told, and it
// is undone whatever becomes of the rig.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/unique_fd.h"
#include "metrics/scrape_for_tests.h"
#include "record/journal.h"
#include "tests/rig_run.h"

namespace closewait {
namespace {

using nlohmann::json;
using testing::address_of;
using ::testing::AllOf;
using testing::Ended;
using testing::eventually;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Program;
using ::testing::SizeIs;

bool is_stopped(pid_t pid) {
  return testing::text_of(fmt::format("/proc/{}/stat", pid)).find(") T ") != std::string::npos;
}

rlim_t descriptor_limit(pid_t pid) {
  rlimit limit{};
  EXPECT_EQ(::prlimit(pid, RLIMIT_NOFILE, nullptr, &limit), 0);
  return limit.rlim_cur;
}

class OnTheHost : public testing::RigRun {
 protected:
  // One storm of `length` with clients and `host`, of a server that the rig starts.
  [[nodiscard]] std::string scenario(const std::string& length, const std::string& clients,
                                     const std::string& host,
                                     const std::string& server = "") const {
    return write("host.yaml",
                 fmt::format("name: host\n"
                             "seed: 1\n"
                             "target: {{start: closewait-server --service http --listen "
                             "127.0.0.1:0 {}}}\n"
                             "load: {{grace: 3s}}\n"
                             "cycle:\n"
                             "  - {{name: storm, for: {}, rate: 100/s, clients: {}, host: {}}}\n"
                             "  - {{name: rest, settle: 5s, quiet: 200ms}}\n",
                             server, length, clients, host));
  }
  // Eventually the record has a fault, and it is the only one.
  [[nodiscard]] HostFault recorded() const {
    const auto read = read_run(record());
    return read && read->run.host_faults.size() == 1 ? read->run.host_faults.front() : HostFault();
  }
};

TEST_F(OnTheHost, AFreezeStopsTheServerAndItAnswersAfterwards) {
  const auto rig = start_run({scenario("3s", "{polite: 1}", "[{freeze: {for: 1s, at: 1s}}]")});
  ASSERT_TRUE(eventually([&] { return is_stopped(target_pid()); })) << rig->errors();
  const pid_t target = target_pid();
  ASSERT_TRUE(eventually([&] { return !is_stopped(target); }));
  const Ended ended = finish(*rig);
  EXPECT_EQ(ended.status, 0) << ended.output << ended.errors;
  EXPECT_EQ(ended.result["verdict"], "pass");
  ASSERT_THAT(ended.result["host_faults"], SizeIs(1));
  const json& fault = ended.result["host_faults"][0];
  EXPECT_EQ(fault["fault"], "freeze");
  EXPECT_EQ(fault["phase"], "storm");
  EXPECT_EQ(fault["cycle"], 1);
  EXPECT_EQ(fault["processes"], 1);
  EXPECT_EQ(fault["undone"], true);
  EXPECT_EQ(fault["error"], "");
  EXPECT_NEAR(fault["until"].get<double>() - fault["at"].get<double>(), 1, 0.2);
  // Who came while it stood still has waited for the rest of it, and was answered.
  const json& polite = ended.result["clients"]["polite"];
  EXPECT_EQ(polite["delivered"], polite["opened"]) << polite.dump();
  EXPECT_GT(ended.result["latency"]["polite"]["response"]["max"], 0.9);
  EXPECT_THAT(ended.errors, HasSubstr("storm 1/1: freeze of 1 process for "));
  EXPECT_THAT(ended.output, HasSubstr("in storm of cycle 1: freeze of 1 process for "));
}

TEST_F(OnTheHost, AFreezeIsOfEveryProcessOfTheTarget) {
  const Ended ended = run({scenario("2s", "{polite: 1}", "[{freeze: 300ms}]", "--processes 2")});
  EXPECT_EQ(ended.status, 0) << ended.output << ended.errors;
  EXPECT_EQ(ended.result["host_faults"][0]["processes"], 3) << "the supervisor and two workers";
}

TEST_F(OnTheHost, FewDescriptorsAreMetByAcceptAndThenThereAreManyAgain) {
  const Program server({"closewait-server", "--service", "http", "--listen", "127.0.0.1:0",
                        "--metrics", "127.0.0.1:0"},
                       folder());
  const SocketAddress address = address_of(server);
  const std::string text = server.output();
  const auto metrics_at = text.find("metrics at http://");
  ASSERT_NE(metrics_at, std::string::npos) << text;
  const rlim_t before = descriptor_limit(server.pid());
  const auto rig = start_run({scenario("4s", "{polite: 1, polite-held: {weight: 1, hold: 1s}}",
                                       "[{few_descriptors: {for: 1s, at: 1s}}]"),
                              "--target", address.to_string()});
  ASSERT_TRUE(eventually([&] { return descriptor_limit(server.pid()) < before; })) << rig->errors();
  ASSERT_TRUE(eventually([&] { return descriptor_limit(server.pid()) == before; }));
  const Ended ended = finish(*rig);
  EXPECT_EQ(ended.status, 0) << ended.output << ended.errors;
  EXPECT_EQ(ended.result["host_faults"][0]["error"], "");
  EXPECT_EQ(ended.result["host_faults"][0]["undone"], true);
  EXPECT_GT(ended.result["clients"]["polite"]["preempted"], 0) << "turned away meanwhile";
  EXPECT_GT(ended.result["clients"]["polite"]["delivered"], 100) << "served before and after";
  const auto end = text.find_first_of("/\n", metrics_at + 18);
  const auto metrics =
      SocketAddress::parse(text.substr(metrics_at + 18, end - metrics_at - 18)).value();
  EXPECT_GT(value_of(scrape(metrics), "closewait_server_accept_errors_total{errno=\"EMFILE\"}"), 0);
}

TEST_F(OnTheHost, KilledSocketsAreGoneAtBothEndsAndNothingLeaks) {
  if (::geteuid() != 0) GTEST_SKIP() << "killing sockets needs CAP_NET_ADMIN";
  const Ended ended = run({scenario("4s", "{polite-held: {weight: 1, hold: 3s, every: 100ms}}",
                                    "[{kill_sockets: {count: 20, at: 2s}}]")});
  EXPECT_EQ(ended.status, 0) << ended.output << ended.errors;
  const json& fault = ended.result["host_faults"][0];
  EXPECT_EQ(fault["fault"], "kill_sockets");
  EXPECT_EQ(fault["sockets"], 20) << fault.dump();
  EXPECT_EQ(fault["error"], "");
  EXPECT_EQ(ended.result["clients"]["polite-held"]["preempted"], 20)
      << ended.result["clients"].dump(2);
  for (const json& rest : ended.result["rests"]) EXPECT_THAT(rest["outstanding"], IsEmpty());
}

// Undone whatever happens.

class Killed : public OnTheHost {
 protected:
  // A server of the test's own, and a rig that would keep it stopped and short of descriptors for a
  // minute: it is so now.
  void SetUp() override {
    server_ = std::make_unique<Program>(std::vector<std::string>{"closewait-server", "--service",
                                                                 "http", "--listen", "127.0.0.1:0"},
                                        folder());
    const std::string target = address_of(*server_).to_string();
    before_ = descriptor_limit(server_->pid());
    rig_ = start_run({scenario("90s", "{polite: 1}",
                               "[{few_descriptors: {for: 60s, at: 100ms}}, "
                               "{freeze: {for: 60s, at: 500ms}}]"),
                      "--target", target});
    ASSERT_TRUE(eventually([&] { return is_stopped(server_->pid()); })) << rig_->errors();
    ASSERT_LT(descriptor_limit(server_->pid()), before_);
  }
  void expect_all_undone() const {
    EXPECT_TRUE(eventually([&] { return !is_stopped(server_->pid()); }));
    EXPECT_TRUE(eventually([&] { return descriptor_limit(server_->pid()) == before_; }));
  }

  std::unique_ptr<Program> server_;
  std::unique_ptr<Program> rig_;
  rlim_t before_ = 0;
};

TEST_F(Killed, ARigKilledByMinusNineLeavesTheTargetAsItWas) {
  rig_->signal(SIGKILL);
  EXPECT_EQ(rig_->wait(std::chrono::seconds(5)), 128 + SIGKILL);
  expect_all_undone();
  std::filesystem::remove_all(out());
  const Ended ended = run({"--target", address_of(*server_).to_string(), "--mix", "polite:1",
                           "--rate", "50/s", "--for", "600ms", "--set", "target.dialect=http"});
  EXPECT_EQ(ended.status, 0) << ended.output << ended.errors;
}

TEST_F(Killed, AnInterruptedRigUndoesItAndSaysSo) {
  rig_->signal(SIGINT);
  EXPECT_EQ(rig_->wait(std::chrono::seconds(10)), 3) << rig_->errors();
  EXPECT_FALSE(is_stopped(server_->pid()));
  EXPECT_EQ(descriptor_limit(server_->pid()), before_);
  const auto read = read_run(record());
  ASSERT_TRUE(read);
  ASSERT_THAT(read->run.host_faults, SizeIs(2));
  for (const HostFault& each : read->run.host_faults) EXPECT_TRUE(each.undone) << each.error;
}

TEST_F(Killed, AKilledTargetIsACrashAndNotAHang) {
  server_->signal(SIGKILL);
  const Ended ended = finish(*rig_);
  EXPECT_EQ(ended.status, 1) << ended.output << ended.errors;
  EXPECT_EQ(ended.result["findings"][0]["kind"], "crash");
}

// What did not happen was not survived.

TEST_F(OnTheHost, AFaultThatDidNotHappenIsNoPass) {
  const Ended ended =
      run({scenario("2s", "{polite: 1}", "[{few_descriptors: {for: 500ms, spare: 1000}}]")});
  EXPECT_EQ(ended.status, 3) << ended.output << ended.errors;
  EXPECT_EQ(ended.result["verdict"], "inconclusive");
  EXPECT_THAT(ended.result["inconclusive_because"].dump(),
              HasSubstr("few_descriptors in storm of cycle 1 does not count: no process was seen "
                        "at its limit, 1000 descriptors more than it had, and no client was turned "
                        "away"));
  EXPECT_EQ(ended.result["host_faults"][0]["undone"], true);
}

// A target that is left as it is not: nothing that is seen of it then says anything.
TEST_F(OnTheHost, WhatCannotBeUndoneEndsTheRun) {
  const auto rig = start_run({scenario("3s", "{polite: 1}", "[{few_descriptors: 500ms}]")});
  pid_t target = -1;
  rlimit limit{};
  ASSERT_TRUE(eventually([&] {
    target = target_pid();
    const bool known = target > 0 && ::prlimit(target, RLIMIT_NOFILE, nullptr, &limit) == 0;
    return known && limit.rlim_cur < 100;
  })) << rig->errors();
  limit.rlim_max = limit.rlim_cur;  // the old one is more than it may have now
  ASSERT_EQ(::prlimit(target, RLIMIT_NOFILE, &limit, nullptr), 0);
  const Ended ended = finish(*rig);
  EXPECT_EQ(ended.status, 3) << ended.output << ended.errors;
  EXPECT_EQ(ended.result["host_faults"][0]["undone"], false);
  EXPECT_THAT(ended.result["host_faults"][0]["error"].get<std::string>(),
              HasSubstr("could not be put back: Invalid argument"));
  EXPECT_THAT(ended.result["inconclusive_because"].dump(),
              AllOf(HasSubstr("few_descriptors in storm of cycle 1 was not undone"),
                    HasSubstr("what was done to the target's process could not be undone")));
  EXPECT_THAT(ended.output, HasSubstr("NOT UNDONE"));
  EXPECT_THAT(ended.result["rests"], SizeIs(1)) << "the one before the storm";
}

// Refused before there is any load.

class Refused : public OnTheHost {
 protected:
  // As a user without any right beside those of its own.
  [[nodiscard]] Ended as_nobody(const std::string& arguments) const {
    std::filesystem::permissions(folder(), std::filesystem::perms::all);
    Program program({"/bin/sh", "-c",
                     "exec setpriv --reuid=65534 --regid=65534 --clear-groups "
                     "$CLOSEWAIT_BIN/closewait " +
                         arguments},
                    folder());
    return finish(program);
  }
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root starts programs of another user";
    if (::access("/usr/bin/setpriv", X_OK) != 0) GTEST_SKIP() << "setpriv is not installed";
    if (as_nobody("--version").status != 0) {
      GTEST_SKIP() << "the programs that were built are not to be read by other users";
    }
  }
  void expect_refused(const std::string& arguments, const std::string& because) const {
    for (const std::string command : {"check ", "run "}) {
      const Ended ended = as_nobody(command + arguments);
      EXPECT_EQ(ended.status, 3) << command << ended.output << ended.errors;
      EXPECT_THAT(ended.errors, HasSubstr(because)) << command;
      EXPECT_TRUE(ended.result.is_null());
    }
  }
};

TEST_F(Refused, KillingSocketsWithoutTheRightToIt) {
  expect_refused(scenario("1s", "{polite: 1}", "[{kill_sockets: 1}]"),
                 "kill_sockets cannot be done to the target: the kernel does not let the rig kill "
                 "sockets: grant CAP_NET_ADMIN in the network namespace of the target");
}

TEST_F(Refused, AnotherUsersServerIsNotEvenKnown) {
  const Program server({"closewait-server", "--service", "http", "--listen", "127.0.0.1:0"},
                       folder());
  expect_refused(
      scenario("1s", "{polite: 1}", "[{freeze: 100ms}]") + " --target " +
          address_of(server).to_string(),
      "freeze cannot be done to the target: the rig does not know its process: something "
      "listens at this address, but no process that could be looked into holds the "
      "socket: run as the same user as the target, grant CAP_SYS_PTRACE");
  EXPECT_FALSE(is_stopped(server.pid()));
}

// The rig is a descendant of this process: it would stop itself, and the guardian with it.
TEST_F(OnTheHost, IsNotDoneToATargetThatHasStartedTheRig) {
  const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto any = SocketAddress::parse("127.0.0.1:0").value();
  ASSERT_EQ(::bind(listener.get(), any.data(), any.size()), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  const std::string path = scenario("1s", "{polite: 1}", "[{freeze: 100ms}]");
  const std::string target = SocketAddress::local_of(listener.get())->to_string();
  for (const char* command : {"check", "run"}) {
    const Ended ended = closewait({command, path, "--target", target});
    EXPECT_EQ(ended.status, 3) << ended.output;
    EXPECT_EQ(ended.errors,
              "closewait: freeze cannot be done to the target: the rig is one of its processes\n");
  }
}

TEST_F(OnTheHost, CheckSaysWhatWillBeDone) {
  const Ended ended = closewait({"check", scenario("3s", "{polite: 1}",
                                                   "[{freeze: 500ms}, {few_descriptors: {for: 1s, "
                                                   "spare: 4, at: 0s}}]")});
  EXPECT_EQ(ended.status, 0) << ended.errors;
  EXPECT_THAT(ended.output, AllOf(HasSubstr("  host: freeze at 1s for 500ms\n"),
                                  HasSubstr("  host: few_descriptors at 0s for 1s, 4 to spare\n")));
}

}  // namespace
}  // namespace closewait
