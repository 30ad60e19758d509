#include "server/processes/supervisor.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <utility>

#include "server/say.h"

namespace closewait {
namespace {

// By its path and not by what is open: a reload starts the program that has its name then.
std::string own_program() {
  std::error_code error;
  std::string path = std::filesystem::read_symlink("/proc/self/exe", error).string();
  constexpr std::string_view kReplaced = " (deleted)";
  if (path.ends_with(kReplaced)) path.resize(path.size() - kReplaced.size());
  return path;
}

// How long a process may take to begin to serve, and to end when it should.
constexpr Nanoseconds kStart = std::chrono::seconds(30);
constexpr Nanoseconds kEnd = std::chrono::seconds(2);

Watch watched(EventLoop& loop, int fd, ReadyHandler& handler) {
  auto watch = loop.watch(fd, EPOLLIN, handler);
  if (!watch) throw SetupError("epoll_ctl: " + describe(watch.error()));
  return std::move(*watch);
}

}  // namespace

pid_t Supervisor::pid_of(const Child& child) { return child.process.pid(); }

Supervisor::Child::Child(Supervisor& supervisor, unsigned first_loop)
    : process(supervisor.command_, supervisor.listeners_, first_loop),
      supervisor_(supervisor),
      channel_(watched(supervisor.control_, process.channel(), *this)),
      end_(watched(supervisor.control_, process.end(), *this)),
      patience_(supervisor.control_.timers(), *this, 0) {
  patience_.expire_at(Clock::now() + kStart);
}

void Supervisor::Child::serve() noexcept {
  phase = Phase::kServing;
  patience_.cancel();
}

void Supervisor::Child::retire() {
  phase = Phase::kEnding;
  process.drain();
  patience_.expire_at(Clock::now() + supervisor_.options_.drain_timeout + kEnd);
}

void Supervisor::Child::give_up() {
  phase = Phase::kGivenUp;
  process.kill();
}

void Supervisor::Child::stop() {
  phase = Phase::kEnding;
  process.stop();
  patience_.expire_at(Clock::now() + kEnd);
}

void Supervisor::Child::on_ready(std::uint32_t slot, std::uint32_t) {
  if (slot == end_.handle().slot) return supervisor_.on_ended(*this);
  const bool serves = process.hear();
  channel_.reset();  // it says no more than this, and its end is told by the other
  if (!serves || phase != Phase::kStarting) return;
  phase = Phase::kReady;
  supervisor_.on_ready();
}

void Supervisor::Child::on_expiry(std::uint32_t) {
  say(fmt::format("process {} does not {}; it is killed", process.pid(),
                  phase == Phase::kStarting ? "begin to serve" : "end"));
  process.kill();
}

Supervisor::Supervisor(EventLoop& control, const ServerOptions& options,
                       std::vector<std::string> arguments)
    : control_(control),
      options_(options),
      command_{own_program(), std::move(arguments), options.workers},
      listeners_(options.listen, options.processes * options.workers),
      own_counters_(options.workers) {
  if (options.processes > 1) return;
  std::vector<std::vector<Listener>> shares;
  for (unsigned i = 0; i < options.workers; ++i) shares.push_back(listeners_.share(i));
  server_.emplace(options_, own_counters_.workers(), std::move(shares));
}

const std::vector<ListenAddress>& Supervisor::addresses() const { return listeners_.addresses(); }

void Supervisor::start() {
  if (!server_) return start_children();
  server_->start([this] {
    own_ended_ = true;
    control_.wake();
  });
  state_ = State::kServing;
}

void Supervisor::on_wake() {
  if (!own_ended_.exchange(false)) return;
  server_.reset();
  end_when_nobody_serves();
}

void Supervisor::reload() {
  if (state_ == State::kDraining) return;
  if (any(Child::Phase::kStarting)) {
    reload_again_ = true;
    return;
  }
  try {
    start_children();
  } catch (const SetupError& error) {
    say(fmt::format("cannot reload, goes on as before: {}", error.what()));
    give_up_start();
  }
}

void Supervisor::drain() {
  if (state_.exchange(State::kDraining) == State::kDraining) return stop();
  listeners_.close();
  if (server_) server_->drain();
  for (Child& child : children_) child.retire();
}

void Supervisor::stop() {
  state_ = State::kDraining;
  listeners_.close();
  if (server_) server_->stop();
  for (Child& child : children_) child.stop();
}

Totals Supervisor::totals() const {
  const std::lock_guard lock(mutex_);
  Totals totals = past_;
  totals.add(own_counters_.workers());
  for (const Child& child : children_) totals.add(child.process.counters());
  return totals;
}

std::vector<pid_t> Supervisor::children() const {
  const std::lock_guard lock(mutex_);
  std::vector<pid_t> pids;
  std::ranges::transform(children_, std::back_inserter(pids), pid_of);
  return pids;
}

void Supervisor::start_children() {
  for (unsigned i = 0; i < options_.processes; ++i) {
    const std::lock_guard lock(mutex_);
    children_.emplace_back(*this, i * options_.workers);
  }
}

void Supervisor::give_up_start() {
  reload_again_ = false;
  for (Child& child : children_) {
    const bool new_one =
        child.phase == Child::Phase::kStarting || child.phase == Child::Phase::kReady;
    if (new_one) child.give_up();
  }
}

// Those who served before go when all of the new ones are there.
void Supervisor::on_ready() {
  if (any(Child::Phase::kStarting)) return;
  if (server_) server_->drain();
  for (Child& child : children_) {
    if (child.phase == Child::Phase::kServing) child.retire();
    if (child.phase == Child::Phase::kReady) child.serve();
  }
  state_ = State::kServing;
  if (std::exchange(reload_again_, false)) reload();
}

void Supervisor::on_ended(const Child& ended) {
  std::list<Child> gone;  // its handler is running
  {
    const std::lock_guard lock(mutex_);
    past_.add(ended.process.counters());
    past_.end_what_is_open();
    gone.splice(gone.end(), children_, std::ranges::find(children_, ended.process.pid(), pid_of));
  }
  const Child::Phase phase = ended.phase;
  std::string why = gone.front().process.wait();
  if (why.empty() && phase != Child::Phase::kEnding) why = "a process ended unasked";
  if (!why.empty() && phase != Child::Phase::kGivenUp) judge_end(phase, why);
  end_when_nobody_serves();
}

// One that could not start leaves those that serve as they are. After any other such end the server
// is not what it was asked to be, and says so by ending.
void Supervisor::judge_end(Child::Phase phase, const std::string& why) {
  const bool served = phase == Child::Phase::kServing || phase == Child::Phase::kEnding;
  if (!served && state_ == State::kServing) {
    say(fmt::format("cannot reload, goes on as before: {}", why));
    return give_up_start();
  }
  say(why);
  failed_ = true;
  if (state_ != State::kDraining) drain();
}

void Supervisor::end_when_nobody_serves() {
  if (!server_ && children_.empty()) control_.stop();
}

bool Supervisor::any(Child::Phase phase) const {
  return std::ranges::find(children_, phase, &Child::phase) != children_.end();
}

}  // namespace closewait
