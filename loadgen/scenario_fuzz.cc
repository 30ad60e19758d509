// The parser of scenarios, fed with any text and settings: a scenario that can be planned, or lines
// that each say where something is wrong. Built by clang (preset fuzz).
//
// The first lines of an input that begin with "--set " are settings, PATH=VALUE; the rest is YAML.
#include <cstdlib>
#include <string>
#include <string_view>

#include "loadgen/scenario.h"
#include "loadgen/yaml_problems.h"
#include "loadgen/yaml_text.h"

namespace closewait {
namespace {

// In a folder that is not there, so that the includes of an input are nowhere.
constexpr const char* kFile = "/nowhere/fuzz.yaml";
constexpr std::string_view kSet = "--set ";
constexpr std::size_t kMostSettings = 8;

void require(bool holds) {
  if (!holds) std::abort();
}

// As the command line splits them; CLI11 hands over no text with a NUL.
std::vector<Setting> take_settings(std::string_view& text) {
  std::vector<Setting> settings;
  while (text.starts_with(kSet) && settings.size() < kMostSettings) {
    const std::string_view line = text.substr(0, text.find('\n'));
    const std::string_view written = line.substr(kSet.size());
    const std::size_t equals = std::min(written.find('='), written.size());
    settings.emplace_back(written.substr(0, equals),
                          written.substr(std::min(equals + 1, written.size())));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return settings;
}

void check_phase(const Phase& phase) {
  require(!phase.name.empty());
  require((phase.kind == PhaseKind::kRest) == phase.clients.empty());
  require(phase.kind == PhaseKind::kRest ? phase.quiet <= phase.settle
                                         : phase.duration.count() > 0);
  for (const ClientMix& mix : phase.clients) require(mix.behaviour != nullptr && mix.weight > 0);
  static_cast<void>(phase.planned());
}

void check_scenario(const Scenario& scenario) {
  require(!scenario.name.empty() && !scenario.cycle.empty() && !scenario.behaviours().empty());
  require(scenario.planned_cycles() >= 1 && scenario.planned_length().count() > 0);
  if (scenario.warm_up) check_phase(*scenario.warm_up);
  for (const Phase& phase : scenario.cycle) check_phase(phase);
}

void check_message(std::string_view message) {
  require(!message.empty() && !first_bad_byte(message));
  std::size_t lines = 0;
  for (; !message.empty(); ++lines) {
    const std::string_view line = message.substr(0, message.find('\n'));
    require(line.find(": ") != line.npos);
    message.remove_prefix(std::min(line.size() + 1, message.size()));
  }
  require(lines <= Problems::kMostTold);
}

void play(std::string_view text) {
  const std::vector<Setting> settings = take_settings(text);
  try {
    check_scenario(parse_scenario(std::string(text), kFile, settings));
  } catch (const UsageError& error) {
    check_message(error.what());
  }
}

}  // namespace
}  // namespace closewait

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  closewait::play({reinterpret_cast<const char*>(data), size});
  return 0;
}
