// Before a run: a target that is not there yet, and where the results go.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/socket.h>

#include "base/unique_fd.h"
#include "tests/rig_run.h"

namespace closewait {
namespace {

namespace fs = std::filesystem;

using testing::Ended;
using testing::eventually;
using ::testing::HasSubstr;
using testing::Program;

class BeforeARun : public testing::RigRun {
 protected:
  // An address of this machine at which nobody listens, though its port is taken.
  BeforeARun() : holder_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int yes = 1;
    ::setsockopt(holder_.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    const auto any_port = SocketAddress::parse_ip("127.0.0.1", 0);
    EXPECT_EQ(::bind(holder_.get(), any_port->data(), any_port->size()), 0);
    quiet_ = SocketAddress::local_of(holder_.get())->to_string();
  }

  [[nodiscard]] Arguments short_run(const std::string& target) const {
    return {"--target", target,  "--mix", "polite:1", "--rate",
            "50/s",     "--for", "600ms", "--set",    "target.dialect=http"};
  }

  UniqueFd holder_;
  std::string quiet_;
};

TEST_F(BeforeARun, ATargetThatComesLateIsWaitedFor) {
  Arguments arguments = short_run(quiet_);
  arguments.insert(arguments.end(), {"--wait-for-target", "30s"});
  const auto rig = start_run(arguments);
  EXPECT_FALSE(rig->wait(std::chrono::seconds(1))) << rig->errors();
  holder_.reset();
  const Program server({"closewait-server", "--service", "http", "--listen", quiet_}, folder());
  const Ended ended = finish(*rig);
  EXPECT_EQ(ended.status, 0) << ended.output << ended.errors << server.errors();
}

TEST_F(BeforeARun, ATargetThatNeverComesIsTold) {
  Arguments arguments = short_run(quiet_);
  arguments.insert(arguments.end(), {"--wait-for-target", "200ms"});
  const auto rig = start_run(arguments);
  const Ended ended = finish(*rig);
  EXPECT_EQ(ended.status, 3);
  EXPECT_THAT(ended.errors, HasSubstr("nothing listens at " + quiet_ + " after 200ms"));
}

TEST_F(BeforeARun, WhoWaitsForATargetCanBeInterrupted) {
  Arguments arguments = short_run(quiet_);
  arguments.insert(arguments.end(), {"--wait-for-target", "1h"});
  const auto rig = start_run(arguments);
  ASSERT_TRUE(eventually([&] { return fs::exists(out()); }));
  rig->signal(SIGINT);
  EXPECT_EQ(rig->wait(std::chrono::seconds(5)), 3) << rig->errors();
}

TEST_F(BeforeARun, ResultsHaveTheNameAndLatestLeadsToThem) {
  const Program server({"closewait-server", "--service", "http", "--listen", "127.0.0.1:0"},
                       folder());
  const std::string target = testing::address_of(server).to_string();
  const fs::path results = folder() / "results";
  for (const std::string expected : {"nightly", "nightly-2"}) {
    Arguments arguments = short_run(target);
    arguments.insert(arguments.end(), {"--name", "nightly"});
    const auto rig = start_run_in_results(arguments);
    EXPECT_EQ(rig->wait(std::chrono::seconds(60)), 0) << rig->errors();
    EXPECT_TRUE(fs::exists(results / expected / "result.json"));
    EXPECT_EQ(fs::read_symlink(results / "latest"), expected) << "relative: it may be moved";
  }
}

TEST_F(BeforeARun, ANameIsOneWord) {
  for (const std::string name : {"../elsewhere", "two words", "-x", "ni\xff"}) {
    const Ended ended = closewait({"run", testing::shipped("smoke"), "--name=" + name});
    EXPECT_EQ(ended.status, 2);
    EXPECT_THAT(ended.errors, HasSubstr("--name " + name));
  }
}

}  // namespace
}  // namespace closewait
