#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "loadgen/scenario.h"
#include "record/run.h"
#include "rig/interrupt.h"

namespace closewait {

// A finding of which what was seen does not tell whose doing it is, and playing parts of the mix
// may: no behaviour is named, or a polite one that is the victim of others.
[[nodiscard]] bool lacks_its_cause(const Finding& finding, const Scenario& scenario);

// Finds the behaviour that causes a finding: plays halves of the mix, each by a rig of its own and
// on a target that it starts anew, until one behaviour is left that shows it alone. Runs are kept
// in FOLDER/cause/1, 2 and so on. Where polite ones are the victims they are in every part. Borrows
// all of its setup.
class CauseSearch {
 public:
  struct Setup {
    const Scenario& scenario;
    const Run& run;
    std::filesystem::path folder;
    const Interrupt& interrupt;
    std::function<void()> end_target;  // called before the first part is played
    // The command that plays the kept scenario with these settings.
    std::function<std::vector<std::string>(const std::vector<Setting>&)> command;
  };

  explicit CauseSearch(const Setup& setup);

  // The behaviour that shows it, with what was seen as evidence, and the size of what one of its
  // connections does; named in the finding too, unless that names a victim. "" where none alone
  // shows it, or the search is broken off: then only the evidence.
  std::string name(Finding& finding);

 private:
  // The finding of that kind among a part of the mix; nothing when it is not there.
  [[nodiscard]] std::optional<Finding> found_among(const std::vector<std::string>& names,
                                                   const Finding& finding);
  [[nodiscard]] std::vector<Setting> settings_for(const std::vector<std::string>& part,
                                                  const Finding& finding) const;
  [[nodiscard]] bool played(const std::vector<std::string>& command,
                            const std::filesystem::path& out);
  [[nodiscard]] std::vector<std::string> suspects(const Finding& finding) const;

  Setup setup_;
  Instant deadline_;
  std::uint64_t runs_ = 0;
  std::string broken_off_;  // why
};

}  // namespace closewait
