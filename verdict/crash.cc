#include "verdict/crash.h"

#include <fmt/format.h>
#include <string.h>  // sigabbrev_np is no part of <cstring>
#include <sys/wait.h>

namespace closewait {

std::string describe_wait_status(int wait_status) {
  if (WIFSIGNALED(wait_status)) {
    const int signal = WTERMSIG(wait_status);
    const char* name = sigabbrev_np(signal);
    return fmt::format("signal {} (SIG{})", signal, name != nullptr ? name : "?");
  }
  return fmt::format("exit status {}", WEXITSTATUS(wait_status));
}

Finding crash_finding(const ProcessEnd& end) {
  Finding finding{.kind = FindingKind::kCrash, .confidence = "exact"};
  finding.evidence.push_back(
      end.is_child
          ? fmt::format("the target ended by {} after {:.1f} s, in phase {}",
                        describe_wait_status(end.wait_status), end.t, end.phase)
          : fmt::format("the target's process ended after {:.1f} s, in phase {}; it was not "
                        "started here, so its status is not known",
                        end.t, end.phase));
  if (end.behaviours.size() == 1) finding.behaviour = end.behaviours.front();
  if (!end.behaviours.empty()) {
    finding.evidence.push_back(
        fmt::format("clients of that phase: {}", fmt::join(end.behaviours, ", ")));
  }
  if (!end.last_delivered.empty()) {
    std::vector<std::string> last;
    for (const auto& [name, count] : end.last_delivered) {
      last.push_back(fmt::format("{} {}", count, name));
    }
    finding.evidence.push_back(fmt::format("the last that did what they do, in a second or two: {}",
                                           fmt::join(last, ", ")));
  }
  for (const HostFault& each : end.host_faults) {
    finding.evidence.push_back(
        fmt::format("the rig did {} to its process from {:.1f} s to {:.1f} s", name_of(each.fault),
                    each.at, each.until));
  }
  for (const std::string& line : end.log_tail) finding.evidence.push_back("its log: " + line);
  return finding;
}

}  // namespace closewait
