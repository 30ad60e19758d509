#include "faults/readiness.h"

#include <array>
#include <utility>

#include "base/unique_fd.h"

namespace closewait {
namespace {

namespace asio = boost::asio;

constexpr std::uint32_t kReading = EPOLLIN | EPOLLRDHUP | EPOLLPRI | EPOLLET;
// Said once, and true from then on.
constexpr std::uint32_t kEnds = EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLPRI;

constexpr std::uint64_t handle(std::uint32_t slot, std::uint32_t generation) {
  return std::uint64_t{generation} << 32U | slot;
}

UniqueFd make_set() {
  UniqueFd set(::epoll_create1(EPOLL_CLOEXEC));
  if (!set) throw SetupError("epoll_create1: " + describe(last_error()));
  return set;
}

}  // namespace

asio::execution_context::id Readiness::id;

Readiness::Readiness(asio::execution_context& context)
    : asio::execution_context::service(context),
      set_(std::in_place, static_cast<asio::io_context&>(context), make_set().release()) {}

void Readiness::shutdown() { set_.reset(); }

// While somebody waits. One that is asked to end and then wanted again is armed by its handler.
void Readiness::arm() {
  if (armed_) return;
  armed_ = true;
  set_->async_wait(asio::posix::stream_descriptor::wait_read, [this](error_code error) {
    armed_ = false;
    if (!error) dispatch();
    if (waiting_ > 0) arm();
  });
}

// Whom it wakes runs later, so that no slot changes meanwhile.
void Readiness::dispatch() {
  std::array<epoll_event, 256> batch;
  int count = 0;
  do {
    count = ::epoll_wait(set_->native_handle(), batch.data(), static_cast<int>(batch.size()), 0);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = batch[static_cast<std::size_t>(i)];
      const Slot& slot = slots_[static_cast<std::uint32_t>(event.data.u64)];
      if (slot.watch == nullptr || slot.generation != event.data.u64 >> 32U) continue;
      slot.watch->on_events(event.events);
    }
  } while (count == static_cast<int>(batch.size()));
}

std::uint32_t Readiness::take_slot(Watch& watch) {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const std::uint32_t slot = free_.back();
  free_.pop_back();
  slots_[slot].watch = &watch;
  return slot;
}

void Readiness::give_back(std::uint32_t slot) {
  slots_[slot].watch = nullptr;
  ++slots_[slot].generation;
  free_.push_back(slot);
}

error_code Readiness::control(int operation, int fd, const Watch& watch) {
  const std::uint32_t slot = *watch.slot_;
  epoll_event event{.events = kReading | (watch.watches_writes_ ? EPOLLOUT : 0U),
                    .data = {.u64 = handle(slot, slots_[slot].generation)}};
  if (::epoll_ctl(set_->native_handle(), operation, fd, &event) != 0) return last_error();
  return {};
}

Readiness::Watch::Watch(asio::io_context& io, asio::steady_timer& timer)
    : readiness_(asio::use_service<Readiness>(io)), timer_(timer) {}

Readiness::Watch::~Watch() {
  end_wait();
  if (slot_) readiness_.give_back(*slot_);
}

error_code Readiness::Watch::begin_wait(int fd, Direction direction) {
  direction_ = direction;
  const bool is_new = !slot_;
  // Who does not write against a full socket is not told of every room in it.
  const bool adds_writes = direction == Direction::kWrite && !std::exchange(watches_writes_, true);
  if (is_new) slot_ = readiness_.take_slot(*this);
  if (is_new || adds_writes) {
    const auto error = readiness_.control(is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, *this);
    if (error) return error;
  }
  waiting_ = true;
  ++readiness_.waiting_;
  readiness_.arm();
  return {};
}

void Readiness::Watch::end_wait() {
  if (!std::exchange(waiting_, false)) return;
  if (--readiness_.waiting_ == 0 && readiness_.armed_) readiness_.set_->cancel();
}

void Readiness::Watch::on_events(std::uint32_t events) {
  const bool reads = (events & (EPOLLIN | kEnds)) != 0;
  if (reads) readable_ = true;
  if ((events & kEnds) != 0) sticky_ = true;
  const bool writes = (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0;
  if (!waiting_ || !(direction_ == Direction::kRead ? reads : writes)) return;
  events_ = events;
  end_wait();
  timer_.cancel();
}

}  // namespace closewait
