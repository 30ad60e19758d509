#include "loadgen/processes.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <optional>
#include <utility>

#include "base/open_files.h"
#include "loadgen/process_part.h"
#include "record/journal.h"

namespace closewait {
namespace {

// For the answer to an order; a process that needs longer does not work.
constexpr Nanoseconds kPatience = std::chrono::seconds(10);
// For its end, once its link is closed or it was killed.
constexpr Nanoseconds kEndPatience = std::chrono::seconds(3);

[[noreturn]] void live_as(const ProcessPart& part, ProcessLink link, SharedMemory memory) {
  ::prctl(PR_SET_NAME, "closewait-part");
  raise_open_files();
  int status = 0;
  try {
    play_part(part, std::move(link), std::move(memory));
  } catch (const std::exception& error) {
    fmt::print(stderr, "closewait: process {} of the rig: {}\n", ::getpid(), error.what());
    status = 3;
  }
  // Nothing of the process that this is a copy of is undone here.
  ::_exit(status);
}

std::optional<int> status_within(pid_t pid, int pidfd, Nanoseconds patience) {
  pollfd wait{pidfd, POLLIN, 0};
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(patience).count();
  static_cast<void>(::poll(&wait, 1, static_cast<int>(milliseconds)));
  int status = 0;
  if (::waitpid(pid, &status, WNOHANG) != pid) return {};
  return status;
}

void kill_and_wait(pid_t pid) {
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
}

}  // namespace

Processes::Processes(const Setup& setup)
    : setup_(setup),
      memory_(PortTable::memory_for(std::max<std::size_t>(1, setup.scenario->load.sources.size()),
                                    setup.ports)),
      behaviours_(setup.scenario->behaviours().size()),
      ended_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!ended_) throw SetupError("epoll_create1: " + describe(last_error()));
  processes_.reserve(setup.spread.processes);
  for (std::size_t i = 0; i < setup.spread.processes; ++i) start(i);
}

void Processes::start(std::size_t index) {
  auto [mine, its] = ProcessLink::make();
  const pid_t owner = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) {
    throw SetupError(fmt::format("cannot start process {} of {} of the rig: fork: {}", index + 1,
                                 setup_.spread.processes, describe(last_error())));
  }
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != owner) ::_exit(0);  // it ended before that took effect
    ended_.reset();
    processes_.clear();  // the links of others; forgotten, not ended
    { const ProcessLink closed = std::move(mine); }
    live_as({setup_.scenario, setup_.spread, index, setup_.ports}, std::move(its),
            std::move(memory_));
  }
  UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  epoll_event interest{.events = EPOLLIN, .data = {.u64 = index}};
  const bool watched =
      pidfd && ::epoll_ctl(ended_.get(), EPOLL_CTL_ADD, pidfd.get(), &interest) == 0;
  const error_code error = last_error();
  processes_.push_back({pid, std::move(pidfd), std::move(mine)});
  if (!watched) throw SetupError("cannot watch a process of the rig: " + describe(error));
}

Processes::~Processes() {
  std::vector<std::pair<pid_t, UniqueFd>> ending;
  for (Process& each : processes_) {
    if (!each.lost) ending.emplace_back(each.pid, std::move(each.pidfd));
  }
  processes_.clear();  // closes the links, which ends them
  for (const auto& [pid, pidfd] : ending) {
    if (!status_within(pid, pidfd.get(), kEndPatience)) kill_and_wait(pid);
  }
}

std::unique_ptr<PortTable> Processes::aim(const std::vector<SocketAddress>& targets,
                                          const std::vector<SocketAddress>& sources) {
  std::string line = "aim " + (sources.empty() ? "-" : sources.front().to_string());
  // A path may have spaces.
  for (const SocketAddress& target : targets) line += "\t" + target.to_string();
  order(line);
  if (sources.empty()) return nullptr;
  return std::make_unique<PortTable>(sources, setup_.ports, setup_.spread.workers(),
                                     std::move(memory_));
}

void Processes::leave_out(const std::vector<bool>& behaviours) {
  std::string line = "leave_out";
  for (const bool each : behaviours) line += each ? " 1" : " 0";
  order(line);
}

void Processes::begin(const Phase& phase) {
  const Scenario& scenario = *setup_.scenario;
  std::size_t place = 0;
  if (!scenario.warm_up || &phase != &*scenario.warm_up) {
    place = static_cast<std::size_t>(&phase - scenario.cycle.data()) + 1;
  }
  order(fmt::format("begin {} {}", place, Clock::now().time_since_epoch().count()));
}

bool Processes::idle() {
  const auto answers = order("idle");
  return std::ranges::all_of(answers, [](const std::string& answer) { return answer == "1"; });
}

void Processes::cut() { order("cut"); }

Generator::Report Processes::report() {
  Report sum{.tally = Tally(behaviours_)};
  for (const std::string& answer : order("report")) {
    const auto line = parse_line(answer);
    if (!line || !std::holds_alternative<SecondLine>(*line)) {
      trouble_ = "a process of the rig sent a report that cannot be read: " + answer.substr(0, 80);
      continue;
    }
    const auto& second = std::get<SecondLine>(*line);
    sum.tally.merge(second.tally);
    sum.open += second.open;
    sum.busiest_worker = std::max(sum.busiest_worker, second.busiest_worker);
    sum.cpu_seconds += second.rig_cpu_seconds;
  }
  return sum;
}

std::vector<std::string> Processes::order(const std::string& line) {
  const Instant deadline = Clock::now() + kPatience;
  const auto failed = [this](Process& process, const error_code error) {
    const bool gone = error != boost::system::errc::timed_out;
    lose(process,
         gone ? how_it_ended(process)
              : fmt::format("did not answer for {} s",
                            std::chrono::duration_cast<std::chrono::seconds>(kPatience).count()));
  };
  for (Process& each : processes_) {
    if (each.lost) continue;
    if (const error_code error = each.link.send(line, deadline)) failed(each, error);
  }
  std::vector<std::string> answers;
  for (Process& each : processes_) {
    if (each.lost) continue;
    auto answer = each.link.receive(deadline);
    if (!answer) {
      failed(each, answer.error());
    } else if (answer->starts_with("error: ")) {
      lose(each, "failed: " + answer->substr(std::strlen("error: ")));
    } else {
      answers.push_back(std::move(*answer));
    }
  }
  return answers;
}

std::string Processes::how_it_ended(Process& process) {
  const auto status = status_within(process.pid, process.pidfd.get(), kEndPatience);
  if (!status) return "closed its link";
  process.waited = true;
  if (WIFSIGNALED(*status)) {
    return fmt::format("was killed by signal {} ({})", WTERMSIG(*status),
                       ::strsignal(WTERMSIG(*status)));
  }
  return fmt::format("ended with status {}", WEXITSTATUS(*status));
}

// It is ended, and waited for; the first loss is the one that is told.
void Processes::lose(Process& process, const std::string& why) {
  process.lost = true;
  const auto index = static_cast<std::size_t>(&process - processes_.data());
  if (trouble_.empty()) {
    trouble_ = fmt::format("process {} of the rig ({} of {}) {}", process.pid, index + 1,
                           processes_.size(), why);
  }
  if (!process.waited) kill_and_wait(process.pid);
  process.pidfd.reset();  // and epoll forgets it
}

std::vector<pid_t> Processes::processes() const {
  std::vector<pid_t> pids;
  for (const Process& each : processes_) {
    if (!each.lost) pids.push_back(each.pid);
  }
  return pids;
}

std::string Processes::trouble() {
  for (Process& each : processes_) {
    pollfd ended{each.pidfd.get(), POLLIN, 0};
    if (!each.lost && ::poll(&ended, 1, 0) == 1) lose(each, how_it_ended(each));
  }
  return trouble_;
}

}  // namespace closewait
