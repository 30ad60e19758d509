#pragma once

#include <atomic>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "server/counting/totals.h"
#include "server/loop/event_loop.h"
#include "server/processes/child_process.h"
#include "server/server.h"

namespace closewait {

// The processes of one server. With one process it serves by itself, with several by children; and
// at every reload new children take over the sockets, which stay open meanwhile, so that nobody is
// refused, and who served before finishes what it owes and ends. Owns the sockets, the counters and
// the processes; borrows the control loop, whose thread alone calls it, save where it says so.
class Supervisor {
 public:
  // `arguments` are those of this program. Throws SetupError.
  Supervisor(EventLoop& control, const ServerOptions& options, std::vector<std::string> arguments);
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  [[nodiscard]] const std::vector<ListenAddress>& addresses() const;

  // Serves until nobody does any more, and then stops the control loop. Throws SetupError.
  void start();
  // Call it when the control loop was woken.
  void on_wake();
  // Starts successors. When one of them cannot serve it says so, and all stays as it was.
  void reload();
  // Stops accepting, finishes what is owed, then ends; at once when it is told so again.
  void drain();
  // Ends at once.
  void stop();

  // Whether any process ended as it should not have.
  [[nodiscard]] bool failed() const noexcept { return failed_; }

  // These are for any thread.
  enum class State : std::uint8_t { kStarting, kServing, kDraining };
  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] Totals totals() const;
  [[nodiscard]] std::vector<pid_t> children() const;

 private:
  // One of the processes, and what it is expected to do next, by when: one that does not is killed.
  class Child final : private ReadyHandler, private TimerHandler {
   public:
    // kReady: it serves, and waits for those that were started with it. kGivenUp: one of those
    // could not.
    enum class Phase : std::uint8_t { kStarting, kReady, kServing, kEnding, kGivenUp };

    Child(Supervisor& supervisor, unsigned first_loop);
    void serve() noexcept;
    void retire();
    void give_up();
    void stop();

    ChildProcess process;
    Phase phase = Phase::kStarting;

   private:
    void on_ready(std::uint32_t slot, std::uint32_t events) override;
    void on_expiry(std::uint32_t key) override;

    Supervisor& supervisor_;
    Watch channel_;
    Watch end_;
    Timer patience_;
  };

  void start_children();
  void give_up_start();
  void on_ready();
  void on_ended(const Child& ended);
  void judge_end(Child::Phase phase, const std::string& why);
  void end_when_nobody_serves();
  [[nodiscard]] static pid_t pid_of(const Child& child);
  [[nodiscard]] bool any(Child::Phase phase) const;

  EventLoop& control_;
  ServerOptions options_;
  ChildCommand command_;
  Listeners listeners_;
  CounterMemory own_counters_;
  std::optional<Server> server_;  // while it serves by itself
  std::list<Child> children_;
  mutable std::mutex mutex_;  // of the list and the past, which whoever asks for totals reads
  Totals past_;               // of children that are no more
  std::atomic<State> state_{State::kStarting};
  std::atomic<bool> own_ended_{false};  // set by the last of the server's threads
  bool reload_again_ = false;
  bool failed_ = false;
};

}  // namespace closewait
