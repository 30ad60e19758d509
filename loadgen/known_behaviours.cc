#include "loadgen/known_behaviours.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <utility>

#include "loadgen/scenario_steps.h"
#include "loadgen/scenario_values.h"
#include "loadgen/yaml_reader.h"
#include "loadgen/yaml_text.h"
#include "record/run.h"

namespace closewait {
namespace {

constexpr std::array<std::string_view, 4> kComposedKeys{"story", "size", "timeout", "steps"};
constexpr std::string_view kDefaultTimeout = "10s";
constexpr std::uint64_t kLeastSize = 1024;  // of the default response

// Kept as it was written: it is the default of a parameter.
struct WrittenTime {
  std::string text;
  Nanoseconds value{0};
};

WrittenTime read_timeout(const MapReader& reader) {
  WrittenTime timeout{std::string(kDefaultTimeout), std::chrono::seconds(10)};
  if (reader.read("timeout", kTime, timeout.value)) {
    timeout.text = reader.find("timeout")->value.text;
  }
  return timeout;
}

// A response of which a part is received has more than that part.
std::string size_for(const std::vector<Step>& steps) {
  return std::to_string(std::max(kLeastSize, 2 * received_in_part(steps))) + "B";
}

// Nothing when there is a problem.
std::shared_ptr<const ComposedBehaviour> read_composed(const std::string& name,
                                                       const YamlNode& node, std::string file_text,
                                                       Problems& problems) {
  Problems of_it;
  const MapReader reader(node, in_quotes(name), kComposedKeys, of_it);
  ComposedBehaviour::Description description{.name = name,
                                             .story = "As the scenario composes it.",
                                             .size = "",
                                             .timeout = "",
                                             .steps = {},
                                             .file_text = std::move(file_text)};
  if (is_polite(name)) {
    of_it.add(node.place, in_quotes(name) +
                              " begins as the polite ones do, which others are "
                              "compared with; expected another name");
  }
  reader.read("story", kSentence, description.story);
  const WrittenTime timeout = read_timeout(reader);
  description.timeout = timeout.text;
  if (const YamlEntry* steps =
          reader.require("steps", "a list such as [connect, send, receive, close]")) {
    description.steps = read_steps(steps->value, timeout.value, of_it);
  }
  constexpr ValueKind<std::uint64_t> kSize{parse_bytes, "a size such as 64KiB"};
  std::uint64_t size = 0;
  description.size = reader.read("size", kSize, size) ? reader.find("size")->value.text
                                                      : size_for(description.steps);
  problems.add(of_it);
  if (!of_it.empty()) return nullptr;
  return std::make_shared<const ComposedBehaviour>(std::move(description));
}

// Of the file at `path`; nothing when there is a problem.
std::shared_ptr<const ComposedBehaviour> read_file(const std::string& name, const std::string& path,
                                                   Problems& problems) {
  const Result<std::string> text = read_yaml_file(path);
  if (!text) {
    problems.add({path, 1, 1}, describe(text.error()) + "; expected a file that has steps");
    return nullptr;
  }
  Problems of_file;
  const YamlNode root = read_yaml(*text, path, true, of_file);
  std::shared_ptr<const ComposedBehaviour> read;
  if (of_file.empty()) read = read_composed(name, root, *text, of_file);
  problems.add(of_file);
  return read;
}

// No name leads out of the folder.
bool is_name(std::string_view name) { return static_cast<bool>(kName.parse(name)); }

}  // namespace

std::optional<std::string> behaviour_file(std::string_view name, const std::string& folder) {
  if (!is_name(name)) return {};
  std::vector<std::filesystem::path> folders{std::filesystem::path(folder) / "behaviours"};
  const char* more = std::getenv("CLOSEWAIT_BEHAVIOURS");
  for (std::string_view rest = more != nullptr ? more : ""; !rest.empty();) {
    const std::string_view one = rest.substr(0, rest.find(':'));
    if (!one.empty()) folders.emplace_back(one);
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
  }
  for (const std::filesystem::path& each : folders) {
    const auto path = each / (std::string(name) + ".yaml");
    std::error_code error;
    if (std::filesystem::is_regular_file(path, error)) return path.string();
  }
  return {};
}

std::shared_ptr<const ComposedBehaviour> load_behaviour(std::string_view name) {
  const auto path = behaviour_file(name, "");
  if (!path) return nullptr;
  Problems problems;
  auto read = read_file(std::string(name), *path, problems);
  problems.throw_if_any();
  return read;
}

void KnownBehaviours::read(const YamlNode& behaviours) {
  if (behaviours.kind != YamlNode::Kind::kMap || behaviours.entries.empty()) {
    problems_.add(behaviours.place,
                  mismatch("behaviours", behaviours, "a map of names to {steps: [...]}"));
    return;
  }
  for (const YamlEntry& entry : behaviours.entries) {
    if (!is_name(entry.key)) {
      problems_.add(entry.place,
                    in_quotes(entry.key) + " is no name; expected " + std::string(kName.expected));
    } else if (find_behaviour(entry.key) != nullptr) {
      problems_.add(entry.place, in_quotes(entry.key) +
                                     " is a behaviour of the catalogue; expected another name");
    } else if (auto composed = read_composed(entry.key, entry.value, "", problems_)) {
      add(std::move(composed), entry.place);
      continue;
    }
    broken_.push_back(entry.key);
  }
}

const Behaviour* KnownBehaviours::find_composed(std::string_view name) const {
  const auto found =
      std::ranges::find_if(composed_, [&](const auto& each) { return each->row().name == name; });
  return found == composed_.end() ? nullptr : &(*found)->row();
}

const Behaviour* KnownBehaviours::find(std::string_view name) {
  if (const Behaviour* behaviour = find_behaviour(name)) return behaviour;
  if (const Behaviour* behaviour = find_composed(name)) return behaviour;
  if (std::ranges::count(broken_, name) > 0) return nullptr;
  const auto path = behaviour_file(name, folder_);
  if (!path) return nullptr;
  auto read = read_file(std::string(name), *path, problems_);
  if (read == nullptr) {
    broken_.emplace_back(name);
    return nullptr;
  }
  add(std::move(read), {*path, 1, 1});
  return find_composed(name);
}

void KnownBehaviours::add(std::shared_ptr<const ComposedBehaviour> behaviour, const Place& place) {
  if (composed_.size() == kMostComposed) {
    problems_.add(place, "more than 32 behaviours are composed; expected at most 32");
    broken_.emplace_back(behaviour->row().name);
    return;
  }
  composed_.push_back(std::move(behaviour));
}

std::vector<std::string_view> KnownBehaviours::names() const {
  const auto catalogue = behaviour_names();
  std::vector<std::string_view> all(catalogue.begin(), catalogue.end());
  for (const auto& each : composed_) all.push_back(each->row().name);
  all.insert(all.end(), broken_.begin(), broken_.end());
  return all;
}

}  // namespace closewait
