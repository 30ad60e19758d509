#include "tests/rig_run.h"

#include <fmt/format.h>
#include <unistd.h>

#include <fstream>

#include "record/journal.h"

namespace closewait::testing {
namespace {

constexpr std::chrono::seconds kLongestRun(110);

// 127.X.Y.2 to 127.X.Y.5, by the process: ctest runs each test in one of its own.
std::string own_sources() {
  const int pid = ::getpid();
  const int x = 1 + pid / 254 % 254;
  const int y = 1 + pid % 254;
  return fmt::format("127.{0}.{1}.2-127.{0}.{1}.5", x, y);
}

void append(std::vector<std::string>& arguments, std::initializer_list<std::string> more) {
  arguments.insert(arguments.end(), more);
}

}  // namespace

Ended RigRun::closewait(Arguments arguments) const {
  arguments.insert(arguments.begin(), "closewait");
  Program program(arguments, folder());
  return finish(program);
}

std::unique_ptr<Program> RigRun::start_run(Arguments arguments) const {
  append(arguments, {"--out", out().string()});
  return start_run_in_results(std::move(arguments));
}

std::unique_ptr<Program> RigRun::start_run_in_results(Arguments arguments) const {
  arguments.insert(arguments.begin(), {"closewait", "run"});
  // Other tests run beside this one: how late its clients begin is not what is asked.
  append(arguments, {"--set", "load.sources=" + own_sources(), "--set", "load.lag_at_most=10s"});
  return std::make_unique<Program>(arguments, folder());
}

Ended RigRun::finish(Program& program) const {
  Ended ended{.status = program.wait(kLongestRun)};
  ended.output = program.output();
  ended.errors = program.errors();
  const std::string result = text_of(out() / "result.json");
  ended.result = nlohmann::json::parse(result, nullptr, false);
  if (ended.result.is_discarded()) ended.result = nullptr;
  return ended;
}

Ended RigRun::closewait_in_own_network(const std::string& command,
                                       const std::string& before) const {
  const std::string script = fmt::format(
      "set -e; ip link set lo up; {}; exec $CLOSEWAIT_BIN/closewait {}", before, command);
  Program program({"/usr/bin/unshare", "--net", "/bin/sh", "-c", script}, folder());
  return finish(program);
}

std::string RigRun::why_no_own_network() {
  if (::geteuid() != 0) return "only root makes a network of its own";
  if (::access("/usr/sbin/ip", X_OK) != 0) return "/usr/sbin/ip is not installed";
  return "";
}

Ended RigRun::run(Arguments arguments) const {
  const auto program = start_run(std::move(arguments));
  return finish(*program);
}

std::string RigRun::write(const std::string& name, const std::string& text) const {
  std::ofstream(folder() / name) << text;
  return folder() / name;
}

bool RigRun::storm_began() const {
  return eventually([&] {
    const auto read = read_run(record());
    return read && read->run.storm_seconds > 0;
  });
}

pid_t RigRun::target_pid() const {
  const auto read = read_run(record());
  if (!read || read->run.header.target_pids.empty()) return -1;
  return static_cast<pid_t>(read->run.header.target_pids.front());
}

std::string shipped(const std::string& name) {
  return std::string(CLOSEWAIT_SOURCE_DIR) + "/scenarios/" + name + ".yaml";
}

std::vector<std::string> whole_soak() {
  std::vector<std::string> arguments{shipped("soak")};
  for (const char* setting :
       {"warm_up.for=500ms", "cycle.storm.for=2s", "cycle.storm.rate=200/s",
        "cycle.storm.clients.polite-held.hold=1500ms", "cycle.rest.settle=8s",
        "cycle.rest.quiet=500ms", "repeat=2",
        // Other tests run beside this one: what depends on the machine is not what is asked.
        "expect={clients.polite.failed_ratio: < 0.1%}"}) {
    append(arguments, {"--set", setting});
  }
  return arguments;
}

std::vector<std::string> short_soak() {
  std::vector<std::string> arguments = whole_soak();
  append(
      arguments,
      {"--set", "cycle.rest.settle=3s", "--set", "target.promises={half_close: answers}", "--set",
       "cycle.storm.clients={polite: 48, polite-keepalive: 2, polite-held: {weight: 5, "
       "hold: 1500ms}, rst-after-connect: 20, rst-mid-response: 10, half-close: 13, "
       "slow-read: {weight: 2, size: 4MiB, rate: 2MiB/s}}"});
  return arguments;
}

void expect_pass(const Ended& ended, const std::vector<std::string>& behaviours) {
  EXPECT_EQ(ended.status, 0) << ended.output << ended.errors;
  ASSERT_EQ(ended.result["verdict"], "pass");
  EXPECT_TRUE(ended.result["findings"].empty()) << ended.result["findings"].dump(2);
  ASSERT_FALSE(ended.result["rests"].empty());
  for (const nlohmann::json& rest : ended.result["rests"]) {
    EXPECT_TRUE(rest["outstanding"].empty()) << rest.dump(2);
  }
  for (const std::string& behaviour : behaviours) {
    ASSERT_TRUE(ended.result["clients"].contains(behaviour)) << behaviour;
    const nlohmann::json& counts = ended.result["clients"][behaviour];
    EXPECT_GT(counts["delivered"], 0) << behaviour;
    EXPECT_EQ(counts["delivered"], counts["opened"]) << behaviour << counts.dump();
    EXPECT_EQ(counts["wrong"], 0) << behaviour;
  }
}

SocketAddress address_of(const Program& server) {
  constexpr std::string_view kBefore = "listening on ";
  if (!eventually([&] { return server.output().ends_with('\n'); })) {
    ADD_FAILURE() << "the server does not listen: " << server.errors();
    return {};
  }
  const std::string text = server.output();
  const auto address =
      SocketAddress::parse(text.substr(kBefore.size(), text.find(" (") - kBefore.size()));
  if (!address) ADD_FAILURE() << "no address: " << text;
  return address ? *address : SocketAddress();
}

}  // namespace closewait::testing
