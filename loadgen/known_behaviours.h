#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "faults/composed_behaviour.h"
#include "loadgen/yaml_problems.h"
#include "loadgen/yaml_tree.h"

namespace closewait {

using ComposedBehaviours = std::vector<std::shared_ptr<const ComposedBehaviour>>;

inline constexpr std::size_t kMostComposed = 32;

// The behaviours that a scenario may name: the catalogue's, those that it composes itself, and
// those of files NAME.yaml in behaviours/ beside it or in a folder of CLOSEWAIT_BEHAVIOURS, which
// has them separated by colons. Borrows the problems; one thread.
class KnownBehaviours {
 public:
  // `folder` is the scenario's, "" for that of the call.
  KnownBehaviours(std::string folder, Problems& problems)
      : folder_(std::move(folder)), problems_(problems) {}

  // The scenario's own: the value of its key `behaviours`.
  void read(const YamlNode& behaviours);
  // Nullptr when there is none. What is wrong with the file of one is a problem.
  [[nodiscard]] const Behaviour* find(std::string_view name);
  // Of all that are known by now.
  [[nodiscard]] std::vector<std::string_view> names() const;
  [[nodiscard]] const ComposedBehaviours& composed() const { return composed_; }

 private:
  void add(std::shared_ptr<const ComposedBehaviour> behaviour, const Place& place);
  [[nodiscard]] const Behaviour* find_composed(std::string_view name) const;

  std::string folder_;
  Problems& problems_;
  ComposedBehaviours composed_;
  std::vector<std::string> broken_;  // names of files and keys that told their problems already
};

// The file that describes a behaviour of this name, of those that KnownBehaviours would look into.
[[nodiscard]] std::optional<std::string> behaviour_file(std::string_view name,
                                                        const std::string& folder);

// One from its file, for who plays it without a scenario. Nullptr when there is no such file;
// throws UsageError for one that cannot be.
[[nodiscard]] std::shared_ptr<const ComposedBehaviour> load_behaviour(std::string_view name);

}  // namespace closewait
