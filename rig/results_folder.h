#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "loadgen/scenario.h"
#include "rig/options.h"

namespace closewait {

// The folder of one run: everything that is kept of it goes here. Plain files.
class ResultsFolder {
 public:
  // Makes it: --out, or results/NAME (NAME-2 when there is one), or results/SCENARIO-DATE-TIME.
  // Throws UsageError when it cannot be made or holds a run
  // already; nothing is ever written over.
  ResultsFolder(const RunOptions& options, const std::string& out, const std::string& scenario);

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  // What the run is called: its last part, with the one before when that is a mere number.
  [[nodiscard]] std::string name() const;
  // Makes results/latest a link to it, where it is in results/: a relative one, so that it is right
  // in a container and outside. Where that is impossible it is told on standard error.
  void lead_latest_here() const;
  // A file that cannot be written is told on standard error; the run goes on.
  void write(const std::string& name, const std::string& text) const;
  // scenario.yaml as run, with the files of the behaviours that it does not compose itself.
  void write_scenario(const std::string& text, const Scenario& scenario) const;
  void write_program(const std::string& name, const std::string& text) const;

 private:
  std::filesystem::path path_;
};

// The words of the command that runs a kept scenario again, with the settings of this run but those
// that `instead` replaces.
[[nodiscard]] std::vector<std::string> again_command(const std::filesystem::path& folder,
                                                     const RunOptions& options, std::uint64_t seed,
                                                     const std::vector<Setting>& instead);
// Settings of a run without those that `instead` replaces, and then these.
[[nodiscard]] std::vector<Setting> with_instead(const std::vector<Setting>& settings,
                                                const std::vector<Setting>& instead);

// As a person types it in a shell.
[[nodiscard]] std::string shell_command(const std::vector<std::string>& words);

// The wall clock in UTC, as strftime(3) writes it.
[[nodiscard]] std::string utc_time(const char* format);

}  // namespace closewait
