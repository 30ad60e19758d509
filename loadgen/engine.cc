#include "loadgen/engine.h"

#include <algorithm>

#include "loadgen/plan.h"
#include "loadgen/worker.h"

namespace closewait {
Engine::Engine(const Setup& setup)
    : setup_(setup),
      behaviours_(setup.scenario->behaviours()),
      collected_(behaviours_.size()),
      part_(behaviours_.size()),
      cpu_read_(Clock::now()) {
  const LoadSpec& load = setup.scenario->load;
  const std::size_t here = setup.workers != 0 ? setup.workers : load.workers;
  for (std::size_t i = 0; i < here; ++i) {
    workers_.push_back(
        std::make_unique<Worker>(Worker::Setup{.index = setup.process * here + i,
                                               .workers = setup.processes * here,
                                               .targets = setup.targets,
                                               .target_spec = &setup.scenario->target,
                                               .sources = &load.sources,
                                               .ports = setup.ports,
                                               .behaviours = behaviours_.size(),
                                               .left_out = setup.left_out}));
  }
  cpu_times_.resize(workers_.size());
}

Engine::~Engine() = default;

void Engine::begin(const Phase& phase, Instant start) {
  PhaseOrder order{.phase = phase,
                   .behaviours = {},
                   .start = start,
                   .first_number = next_number_,
                   .seed = setup_.scenario->seed,
                   .arrivals = setup_.scenario->load.arrivals,
                   .open_at_most = setup_.scenario->load.open_at_most};
  for (const ClientMix& mix : phase.clients) {
    const auto found = std::ranges::find(behaviours_, mix.behaviour);
    order.behaviours.push_back(static_cast<std::uint32_t>(found - behaviours_.begin()));
  }
  next_number_ += numbers_of(phase);
  for (const auto& worker : workers_) worker->begin(order);
}

bool Engine::idle() {
  return std::ranges::all_of(workers_, [](const auto& worker) { return worker->idle(); });
}

void Engine::end_arrivals() {
  for (const auto& worker : workers_) worker->end_arrivals();
}

void Engine::cut() {
  for (const auto& worker : workers_) worker->cut();
}

const Tally& Engine::collect() {
  collected_.clear();
  for (const auto& worker : workers_) {
    worker->collect(part_);
    collected_.merge(part_);
  }
  return collected_;
}

Generator::Report Engine::report() {
  return {.tally = collect(), .open = open(), .busiest_worker = busiest_worker()};
}

std::uint64_t Engine::open() const {
  std::uint64_t open = 0;
  for (const auto& worker : workers_) open += worker->open();
  return open;
}

double Engine::busiest_worker() {
  const Instant now = Clock::now();
  const Nanoseconds passed = now - std::exchange(cpu_read_, now);
  double busiest = 0;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    const Nanoseconds time = workers_[i]->cpu_time();
    const Nanoseconds used = time - std::exchange(cpu_times_[i], time);
    if (passed.count() > 0) busiest = std::max(busiest, to_seconds(used) / to_seconds(passed));
  }
  return busiest;
}

}  // namespace closewait
