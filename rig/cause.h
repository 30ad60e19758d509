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

// A finding whose behaviour is not known from what was seen, and that halving the mix may tell.
[[nodiscard]] bool lacks_its_cause(const Finding& finding, const Scenario& scenario);

// Finds the behaviour that causes a finding: plays halves of the mix, each by a rig of its own and
// on a target that it starts anew, until one behaviour is left that shows it alone. Runs are kept
// in FOLDER/cause/1, 2 and so on. The target of the run itself has to be ended before. Borrows all
// of its setup.
class CauseSearch {
 public:
  struct Setup {
    const Scenario& scenario;
    const Run& run;
    std::filesystem::path folder;
    const Interrupt& interrupt;
    // The command that plays the kept scenario with these settings.
    std::function<std::vector<std::string>(const std::vector<Setting>&)> command;
  };

  explicit CauseSearch(const Setup& setup);

  // Names the behaviour and the size of what one connection of it does, with what was seen as
  // evidence; where no behaviour alone shows it, or the search is interrupted or takes too long,
  // only the evidence.
  void name(Finding& finding);

 private:
  // The finding of that kind among a part of the mix; nothing when it is not there.
  [[nodiscard]] std::optional<Finding> found_among(const std::vector<std::string>& part,
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
