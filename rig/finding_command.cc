#include "rig/finding_command.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "rig/child.h"

namespace closewait {
namespace {

constexpr int kLongestCommand = 60'000;  // milliseconds
constexpr std::string_view kPid = "$PID";

}  // namespace

FindingCommand::FindingCommand(std::vector<std::string> words, pid_t pid,
                               const std::filesystem::path& folder)
    : words_(std::move(words)), pid_(pid), log_(folder / "on_finding.log") {
  const std::string number = std::to_string(pid);
  for (std::string& word : words_) {
    for (auto at = word.find(kPid); at != std::string::npos; at = word.find(kPid, at)) {
      word.replace(at, kPid.size(), number);
    }
  }
}

void FindingCommand::run_once() {
  const std::vector<std::string> words = std::exchange(words_, {});
  if (words.empty()) return;
  if (pid_ == 0 || ::kill(pid_, 0) != 0) {
    fmt::print(stderr, "closewait: on_finding.run: the target {}, so {} is not run\n",
               pid_ == 0 ? "cannot be seen" : "has ended", words.front());
    return;
  }
  try {
    Child child({.command = words, .log = log_});
    pollfd wait{child.pidfd(), POLLIN, 0};
    while (::poll(&wait, 1, kLongestCommand) < 0 && errno == EINTR) {
    }
    const auto status = child.status();
    if (!status) {
      fmt::print(stderr, "closewait: on_finding.run: {} was ended after a minute\n", words.front());
    } else if (*status != 0) {
      fmt::print(stderr, "closewait: on_finding.run: {} ended with {} {} (see {})\n", words.front(),
                 WIFSIGNALED(*status) ? "signal" : "status",
                 WIFSIGNALED(*status) ? WTERMSIG(*status) : WEXITSTATUS(*status), log_.string());
    }
  } catch (const SetupError& error) {
    fmt::print(stderr, "closewait: on_finding.run: {}\n", error.what());
  }
}

}  // namespace closewait
