#include "rig/results_folder.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <fstream>

#include "base/error.h"

namespace closewait {
namespace {

namespace fs = std::filesystem;

// As one word of a shell.
std::string shell_word(const std::string& text) {
  constexpr const char* kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=@%+,";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) return text;
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

// results/NAME, or results/NAME-2 and so on when that is taken.
fs::path free_folder(const std::string& name) {
  const std::string base = "results/" + name;
  fs::path path = base;
  for (int i = 2; fs::exists(path); ++i) path = fmt::format("{}-{}", base, i);
  return path;
}

std::string not_writable(const fs::path& folder, const std::error_code& error) {
  return fmt::format("{}: {} (uid {}); let this user write there, or give another --out",
                     folder.string(), error.message(), ::geteuid());
}

}  // namespace

std::string utc_time(const char* format) {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 64> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), format, &parts);
  return {text.data(), size};
}

ResultsFolder::ResultsFolder(const RunOptions& options, const std::string& out,
                             const std::string& scenario)
    : path_(out) {
  if (out.empty()) {
    path_ =
        free_folder(options.name.empty() ? scenario + utc_time("-%Y%m%d-%H%M%S") : options.name);
  }
  if (!path_.has_filename()) path_ = path_.parent_path();  // "out/" is "out"
  if (fs::exists(path_ / "run.jsonl")) {
    throw UsageError(path_.string() + " holds a run already; give another --out");
  }
  std::error_code error;
  fs::create_directories(path_, error);
  if (error) throw UsageError(not_writable(path_, error));
}

std::string ResultsFolder::name() const {
  const std::string own = path_.filename().string();
  // OUT/1, OUT/2 of --repeat: numbers alone would name every such run the same.
  const bool numbered = own.find_first_not_of("0123456789") == std::string::npos;
  const std::string parent = path_.parent_path().filename().string();
  return numbered && !parent.empty() ? parent + "-" + own : own;
}

void ResultsFolder::lead_latest_here() const {
  if (path_.parent_path() != "results") return;
  const fs::path link = path_.parent_path() / "latest";
  const fs::path fresh = path_.parent_path() / fmt::format(".latest-{}", ::getpid());
  std::error_code error;
  fs::create_symlink(path_.filename(), fresh, error);
  if (!error) fs::rename(fresh, link, error);
  if (!error) return;
  std::error_code ignored;
  fs::remove(fresh, ignored);
  fmt::print(stderr, "closewait: {} does not lead to this run: {}\n", link.string(),
             error.message());
}

void ResultsFolder::write(const std::string& name, const std::string& text) const {
  std::ofstream file(path_ / name, std::ios::binary);
  file << text;
  file.close();
  if (!file) fmt::print(stderr, "closewait: {}: not written\n", (path_ / name).string());
}

void ResultsFolder::write_scenario(const std::string& text, const Scenario& scenario) const {
  write("scenario.yaml", text);
  for (const auto& each : scenario.composed) {
    if (each->file_text().empty()) continue;
    std::error_code error;
    std::filesystem::create_directory(path_ / "behaviours", error);
    write(fmt::format("behaviours/{}.yaml", each->row().name), each->file_text());
  }
}

void ResultsFolder::write_program(const std::string& name, const std::string& text) const {
  write(name, text);
  std::error_code ignored;  // it can still be run by `sh NAME`
  fs::permissions(path_ / name, fs::perms::owner_exec, fs::perm_options::add, ignored);
}

std::vector<Setting> with_instead(const std::vector<Setting>& settings,
                                  const std::vector<Setting>& instead) {
  std::vector<Setting> all;
  std::ranges::copy_if(settings, std::back_inserter(all), [&](const Setting& setting) {
    return std::ranges::none_of(instead, [&](const Setting& each) {
      return setting.first == each.first || setting.first.starts_with(each.first + ".");
    });
  });
  all.insert(all.end(), instead.begin(), instead.end());
  return all;
}

std::vector<std::string> again_command(const fs::path& folder, const RunOptions& options,
                                       std::uint64_t seed, const std::vector<Setting>& instead) {
  std::vector<std::string> words{"closewait", "run",
                                 fs::absolute(folder / "scenario.yaml").string(), "--seed",
                                 std::to_string(seed)};
  if (!options.target.empty()) words.insert(words.end(), {"--target", options.target});
  if (options.pid) words.insert(words.end(), {"--pid", std::to_string(*options.pid)});
  if (options.allow_remote) words.emplace_back("--allow-remote");
  for (const auto& [path, value] : with_instead(options.settings, instead)) {
    words.insert(words.end(), {"--set", path + "=" + value});
  }
  return words;
}

std::string shell_command(const std::vector<std::string>& words) {
  std::string command;
  for (const std::string& each : words) {
    command += (command.empty() ? "" : " ") + shell_word(each);
  }
  return command;
}

}  // namespace closewait
