#include "loadgen/worker.h"

#include <pthread.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <future>
#include <numeric>

namespace closewait {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kScratchBytes = 256 * 1024;

// Of a worker under `rate: max`: so many clients at a time.
constexpr std::size_t kPumps = 64;

// Connections that are begun before other work gets its turn.
constexpr int kMostInARow = 16;

// An arrival that is this late when the phase is over is not tried any more.
constexpr Nanoseconds kLatestStart = std::chrono::milliseconds(250);

}  // namespace

Worker::Worker(const Setup& setup)
    : io_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO),
      timer_(io_),
      scratch_(kScratchBytes),
      setup_(setup),
      context_{.io = &io_,
               .target = setup.target,
               .target_spec = setup.target_spec,
               .host = setup.target->is_unix() ? "localhost" : setup.target->to_string(),
               .sources = setup.sources,
               .ports = setup.ports,
               .worker = setup.index,
               .scratch = scratch_},
      tally_(setup.behaviours),
      work_(asio::make_work_guard(io_)),
      thread_([this] { io_.run(); }) {}

Worker::~Worker() {
  cut();
  run_there([this] { work_.reset(); });
  thread_.join();
}

// Runs `function` on the worker's thread and waits until it is done.
template <class Function>
void Worker::run_there(Function function) {
  std::promise<void> done;
  asio::post(io_, [&] {
    function();
    done.set_value();
  });
  done.get_future().wait();
}

void Worker::begin(const PhaseOrder& order) {
  run_there([&] {
    order_ = order;
    const auto& clients = order_->phase.clients;
    open_by_mix_.assign(clients.size(), 0);
    mix_bounds_.clear();
    const double sum =
        std::accumulate(clients.begin(), clients.end(), 0.0,
                        [](double total, const ClientMix& mix) { return total + mix.weight; });
    double bound = 0;
    for (const ClientMix& mix : clients) mix_bounds_.push_back(bound += mix.weight / sum);
    over_ = false;
    spawn(arrive());
  });
}

void Worker::end_arrivals() {
  run_there([this] {
    over_ = true;
    timer_.cancel();
  });
}

void Worker::cut() {
  run_there([this] {
    over_ = true;
    timer_.cancel();
    for (Session& session : sessions_) session.cut();
  });
}

void Worker::collect(Tally& tally) {
  run_there([&] {
    tally = tally_;
    tally_.clear();
  });
}

Nanoseconds Worker::cpu_time() const {
  clockid_t clock{};
  timespec time{};
  const auto handle = const_cast<std::thread&>(thread_).native_handle();
  if (::pthread_getcpuclockid(handle, &clock) != 0) return Nanoseconds(0);
  if (::clock_gettime(clock, &time) != 0) return Nanoseconds(0);
  return std::chrono::seconds(time.tv_sec) + Nanoseconds(time.tv_nsec);
}

// The task group: every coroutine of the worker is counted here, and nothing is thrown away.
void Worker::spawn(Client::Awaitable<void> task) {
  tasks_.fetch_add(1, std::memory_order_acq_rel);
  asio::co_spawn(io_, std::move(task), [this](std::exception_ptr error) {
    tasks_.fetch_sub(1, std::memory_order_acq_rel);
    if (error) std::rethrow_exception(error);
  });
}

Client::Awaitable<void> Worker::arrive() {
  if (order_->phase.rate.unbounded) {
    for (std::size_t i = 1; i < kPumps; ++i) spawn(pump(i));
    co_await pump(0);
  } else {
    co_await arrive_by_plan();
  }
}

Client::Awaitable<void> Worker::arrive_by_plan() {
  const Phase& phase = order_->phase;
  ArrivalPlan plan({.rate = phase.rate,
                    .duration = phase.duration,
                    .kind = order_->arrivals,
                    .count = phase.planned(),
                    .seed = hash(order_->seed, order_->first_number)});
  int in_a_row = 0;
  for (std::uint64_t number = order_->first_number; auto offset = plan.next(); ++number) {
    if (number % setup_.workers != setup_.index) continue;
    const Instant planned = order_->start + *offset;
    if (Clock::now() < planned) {
      in_a_row = 0;
      if (!over_) co_await until(planned);
    } else if (++in_a_row % kMostInARow == 0) {
      co_await yield();
    }
    launch(number, planned);
  }
}

// One of the clients of `rate: max`: as soon as one ends, the next begins.
Client::Awaitable<void> Worker::pump(std::size_t first) {
  const Instant end = order_->start + order_->phase.duration;
  const std::uint64_t step = setup_.workers * kPumps;
  std::uint64_t number = order_->first_number + first * setup_.workers + setup_.index;
  for (int in_a_row = 1; !over_ && Clock::now() < end; ++in_a_row, number += step) {
    const Assignment assignment = assign(number, Clock::now());
    const auto mix_index =
        static_cast<std::uint32_t>(assignment.mix - order_->phase.clients.data());
    if (!full(mix_index)) {
      ++tally_.clients[assignment.behaviour].counts.planned;
      co_await serve(assignment);
    }
    if (in_a_row % kMostInARow == 0) co_await yield();
  }
}

Client::Awaitable<void> Worker::until(Instant instant) {
  timer_.expires_at(instant);
  const auto [error] = co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
  static_cast<void>(error);  // cancelled by end_arrivals(), which over_ tells
}

Client::Awaitable<void> Worker::yield() { co_await asio::post(io_, asio::use_awaitable); }

void Worker::launch(std::uint64_t number, Instant planned) {
  const Assignment assignment = assign(number, planned);
  ClientTally& tally = tally_.clients[assignment.behaviour];
  const Instant now = Clock::now();
  const bool too_late = over_ || now > order_->start + order_->phase.duration + kLatestStart;
  const auto mix_index = static_cast<std::uint32_t>(assignment.mix - order_->phase.clients.data());
  ++tally.counts.planned;
  if (too_late || full(mix_index)) {
    ++tally.counts.skipped;
    return;
  }
  tally_.lag.record(now - planned);
  spawn(serve(assignment));
}

Assignment Worker::assign(std::uint64_t number, Instant planned) const {
  const std::uint64_t choices = hash(order_->seed, number);
  const double point = Random(choices).unit();
  const auto bound = std::ranges::lower_bound(mix_bounds_, point);
  const auto found = static_cast<std::size_t>(bound - mix_bounds_.begin());
  const std::size_t index = std::min(found, mix_bounds_.size() - 1);
  return {.mix = &order_->phase.clients[index],
          .behaviour = order_->behaviours[index],
          .number = number,
          .choices = choices,
          .planned = planned};
}

bool Worker::full(std::uint32_t mix_index) const {
  // A limit of all workers is shared out evenly; the first ones take what is left over.
  const auto reaches = [this](std::uint64_t here, std::uint64_t limit) {
    return here * setup_.workers + setup_.index >= limit;
  };
  const auto& at_most = order_->phase.clients[mix_index].at_most;
  return reaches(open(), order_->open_at_most) ||
         (at_most && reaches(open_by_mix_[mix_index], *at_most));
}

Client::Awaitable<void> Worker::serve(Assignment assignment) {
  const auto mix_index = static_cast<std::size_t>(assignment.mix - order_->phase.clients.data());
  open_.fetch_add(1, std::memory_order_acq_rel);
  ++open_by_mix_[mix_index];
  Session session(context_, assignment, tally_.clients[assignment.behaviour]);
  sessions_.push_back(session);
  co_await session.run();
  --open_by_mix_[mix_index];
  open_.fetch_sub(1, std::memory_order_acq_rel);
}

}  // namespace closewait
