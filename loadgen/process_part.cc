#include "loadgen/process_part.h"

#include <sys/resource.h>

#include <array>
#include <exception>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <vector>

#include "loadgen/engine.h"
#include "record/journal.h"

namespace closewait {
namespace {

constexpr const char* kDone = "done";

double cpu_seconds_so_far() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

class Part {
 public:
  Part(const ProcessPart& part, SharedMemory memory) : part_(part), memory_(std::move(memory)) {}

  std::string follow(const std::string& line) {
    std::istringstream order(line);
    std::string word;
    order >> word;
    for (const Order& each : kOrders) {
      if (word == each.word) return (this->*each.follow)(order);
    }
    throw std::invalid_argument("no such order: " + line);
  }

 private:
  struct Order {
    std::string_view word;
    std::string (Part::*follow)(std::istream& rest);
  };
  static const std::array<Order, 6> kOrders;

  static SocketAddress address(const std::string& text) {
    return SocketAddress::parse(text).value();
  }

  std::string leave_out(std::istream& rest) {
    for (bool each = false; rest >> each;) left_out_.push_back(each);
    return kDone;
  }

  std::string aim(std::istream& rest) {
    std::string source;
    std::getline(rest >> std::ws, source, '\t');
    for (std::string target; std::getline(rest, target, '\t');) {
      targets_.push_back(address(target));
    }
    if (source != "-") {
      const auto& given = part_.scenario->load.sources;
      ports_.emplace(given.empty() ? std::vector{address(source)} : given, part_.ports,
                     part_.spread.workers(), std::move(memory_));
    }
    engine_.emplace(Engine::Setup{.scenario = part_.scenario,
                                  .targets = targets_,
                                  .ports = ports_ ? &*ports_ : nullptr,
                                  .process = part_.process,
                                  .processes = part_.spread.processes,
                                  .workers = part_.spread.workers_each,
                                  .left_out = left_out_});
    return kDone;
  }

  std::string begin(std::istream& rest) {
    std::size_t phase = 0;
    std::int64_t start = 0;
    rest >> phase >> start;
    engine_->begin(
        phase == 0 ? part_.scenario->warm_up.value() : part_.scenario->cycle.at(phase - 1),
        Instant(Nanoseconds(start)));
    return kDone;
  }

  std::string idle(std::istream&) { return engine_->idle() ? "1" : "0"; }

  std::string cut(std::istream&) {
    engine_->cut();
    return kDone;
  }

  std::string report(std::istream&) {
    Generator::Report counted = engine_->report();
    const double cpu = cpu_seconds_so_far();
    return to_json_text(SecondLine{.open = counted.open,
                                   .rig_cpu_seconds = cpu - std::exchange(cpu_seconds_, cpu),
                                   .busiest_worker = counted.busiest_worker,
                                   .tally = std::move(counted.tally)});
  }

  ProcessPart part_;
  SharedMemory memory_;
  std::vector<bool> left_out_;
  std::vector<SocketAddress> targets_;
  std::optional<PortTable> ports_;
  std::optional<Engine> engine_;
  double cpu_seconds_ = 0;
};

const std::array<Part::Order, 6> Part::kOrders{
    Order{"leave_out", &Part::leave_out}, Order{"aim", &Part::aim}, Order{"begin", &Part::begin},
    Order{"idle", &Part::idle},           Order{"cut", &Part::cut}, Order{"report", &Part::report}};

}  // namespace

void play_part(const ProcessPart& part, ProcessLink link, SharedMemory memory) {
  Part played(part, std::move(memory));
  while (const auto order = link.receive()) {
    std::string answer;
    try {
      answer = played.follow(*order);
    } catch (const std::exception& error) {
      // The other end ends this process when it reads that; should it be gone, so is the reader.
      static_cast<void>(link.send(std::string("error: ") + error.what()));
      return;
    }
    if (link.send(answer)) return;
  }
}

}  // namespace closewait
