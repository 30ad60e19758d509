#include "server/loop/event_loop.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <string>
#include <utility>

namespace closewait {
namespace {

constexpr Handle kWakeHandle{0xffff'ffff, 0xffff'ffff};

std::uint64_t pack(Handle handle) { return std::bit_cast<std::uint64_t>(handle); }
Handle unpack(std::uint64_t data) { return std::bit_cast<Handle>(data); }

UniqueFd checked(int fd, const char* what) {
  if (fd < 0) throw SetupError(std::string(what) + ": " + describe(last_error()));
  return UniqueFd(fd);
}

}  // namespace

EventLoop::EventLoop(LoopCounters& counters)
    : epoll_(checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      wake_(checked(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")),
      now_(Clock::now()),
      timers_(now_),
      counters_(counters) {
  epoll_event event{.events = EPOLLIN, .data = {.u64 = pack(kWakeHandle)}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) != 0) {
    throw SetupError("epoll_ctl: " + describe(last_error()));
  }
}

Result<Watch> EventLoop::watch(int fd, std::uint32_t interest, ReadyHandler& handler) {
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const Handle handle{free_slots_.back(), slots_[free_slots_.back()].generation};
  epoll_event event{.events = interest, .data = {.u64 = pack(handle)}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return last_error();
  free_slots_.pop_back();
  slots_[handle.slot].handler = &handler;
  return Watch(*this, fd, interest, handle);
}

error_code EventLoop::change(int fd, std::uint32_t interest, Handle handle) noexcept {
  epoll_event event{.events = interest, .data = {.u64 = pack(handle)}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) != 0) return last_error();
  return {};
}

void EventLoop::forget(int fd, Handle handle) noexcept {
  // Cannot fail: the registration was made and the descriptor is still open.
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  Slot& slot = slots_[handle.slot];
  slot.handler = nullptr;
  ++slot.generation;  // what is left of this batch for the old registration is stale now
  free_slots_.push_back(handle.slot);
}

void EventLoop::run(const std::function<void()>& on_wake) {
  while (!stopped_.load(std::memory_order_acquire)) {
    turn(Nanoseconds::max());
    if (std::exchange(woken_, false) && on_wake) on_wake();
  }
}

void EventLoop::turn(Nanoseconds longest) {
  const int ready = ::epoll_wait(epoll_.get(), batch_.data(), static_cast<int>(batch_.size()),
                                 timeout_ms(longest));
  now_ = Clock::now();
  // -1 is EINTR here (a debugger, SIGCONT): an empty batch.
  for (int i = 0; i < ready; ++i) dispatch(batch_[static_cast<std::size_t>(i)]);
  timers_.expire(now_);
  counters_.batches.record(Clock::now() - now_);
}

void EventLoop::dispatch(const epoll_event& event) {
  const Handle handle = unpack(event.data.u64);
  if (handle.slot == kWakeHandle.slot) return hear_wake();
  const Slot& slot = slots_[handle.slot];
  if (slot.generation != handle.generation) return counters_.stale_events.add();
  slot.handler->on_ready(handle.slot, event.events);
}

void EventLoop::hear_wake() noexcept {
  std::uint64_t times = 0;
  // Non-blocking and only ever read here; nothing to read would mean nothing to do.
  [[maybe_unused]] const auto size = ::read(wake_.get(), &times, sizeof times);
  woken_ = true;
}

void EventLoop::stop() noexcept {
  stopped_.store(true, std::memory_order_release);
  wake();
}

void EventLoop::wake() noexcept {
  const std::uint64_t once = 1;
  // EAGAIN means that 2^64 - 2 wake-ups wait already.
  [[maybe_unused]] const auto size = ::write(wake_.get(), &once, sizeof once);
}

int EventLoop::timeout_ms(Nanoseconds longest) const {
  const auto next = timers_.next();
  if (!next && longest == Nanoseconds::max()) return -1;
  constexpr Nanoseconds kLongest = std::chrono::hours(1);
  Nanoseconds wait = std::min(longest, kLongest);
  if (next) wait = std::min<Nanoseconds>(wait, *next - now_);
  wait = std::max(wait, Nanoseconds(0));
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(wait).count());
}

}  // namespace closewait
