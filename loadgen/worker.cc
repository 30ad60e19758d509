#include "loadgen/worker.h"

#include <pthread.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <future>

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
               .targets = setup.targets,
               .target_spec = setup.target_spec,
               .http = http_texts(*setup.target_spec, setup.targets),
               .tls = tls_of(*setup.target_spec),
               .sources = setup.sources,
               .ports = setup.ports,
               .worker = setup.index,
               .scratch = scratch_},
      tally_(setup.behaviours),
      work_(asio::make_work_guard(io_)),
      thread_([this] { io_.run(); }) {}

Worker::~Worker() {
  cut();
  run_there([this] {
    place_.reset();
    work_.reset();
  });
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
    place_.reset();
    if (order_->phase.together > 1) place_.emplace(shared_cpu());
    plan_.emplace(PhasePlan::Spec{.phase = &order_->phase,
                                  .arrivals = order_->arrivals,
                                  .seed = order_->seed,
                                  .first_number = order_->first_number,
                                  .worker = setup_.index,
                                  .workers = setup_.workers});
    open_by_mix_.assign(order_->phase.clients.size(), 0);
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
  int in_a_row = 0;
  while (const auto connection = plan_->next()) {
    const Instant planned = order_->start + connection->offset;
    if (Clock::now() < planned) {
      in_a_row = 0;
      if (!over_) co_await until(planned);
    } else if (++in_a_row % kMostInARow == 0) {
      co_await yield();
    }
    launch(*connection);
  }
}

// One of the clients of `rate: max`: as soon as one ends, the next begins.
Client::Awaitable<void> Worker::pump(std::size_t first) {
  const Instant end = order_->start + order_->phase.duration;
  const std::uint64_t step = setup_.workers * kPumps;
  std::uint64_t number = order_->first_number + first * setup_.workers + setup_.index;
  for (int in_a_row = 1; !over_ && Clock::now() < end; ++in_a_row, number += step) {
    const PlannedConnection connection = plan_->of(number);
    const Assignment assignment = assign(connection, Clock::now());
    if (!full(connection.mix) && !is_left_out(assignment)) {
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

void Worker::launch(const PlannedConnection& connection) {
  const Instant planned = order_->start + connection.offset;
  const Assignment assignment = assign(connection, planned);
  ClientTally& tally = tally_.clients[assignment.behaviour];
  const Instant now = Clock::now();
  const bool too_late = over_ || now > order_->start + order_->phase.duration + kLatestStart;
  ++tally.counts.planned;
  if (too_late || full(connection.mix) || is_left_out(assignment)) {
    ++tally.counts.skipped;
    return;
  }
  tally_.lag.record(now - planned);
  spawn(serve(assignment));
}

Assignment Worker::assign(const PlannedConnection& connection, Instant planned) const {
  return {.mix = &order_->phase.clients[connection.mix],
          .behaviour = order_->behaviours[connection.mix],
          .number = connection.number,
          .choices = connection.choices,
          .planned = planned};
}

bool Worker::is_left_out(const Assignment& assignment) const {
  return !setup_.left_out.empty() && setup_.left_out[assignment.behaviour];
}

bool Worker::full(std::size_t mix_index) const {
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
