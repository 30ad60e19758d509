#include "tests/source_rules.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <regex>
#include <span>
#include <string_view>
#include <utility>

#include "tests/source_text.h"

namespace closewait {
namespace {

constexpr std::size_t kFunctionLines = 70;  // under
constexpr std::size_t kFileLines = 400;     // under
constexpr std::size_t kColumns = 100;       // at most

// Who may use whom, besides itself: one row a folder.
struct Folder {
  std::string_view name;
  std::string_view uses;  // the names of folders; "*" is all
};
constexpr std::array kFolders{
    Folder{"base", ""},
    Folder{"record", "base"},
    Folder{"metrics", "base"},
    Folder{"server", "base metrics"},
    Folder{"specimens", "base"},
    Folder{"faults", "base record"},
    Folder{"loadgen", "base record faults"},
    Folder{"observe", "base record"},
    Folder{"verdict", "base record"},
    Folder{"report", "base record metrics"},
    Folder{"atlas", "base record observe"},
    Folder{"rig", "base record metrics faults loadgen observe verdict report atlas"},
    Folder{"bench", "*"},
    Folder{"tests", "*"},
};

// Where every descriptor has its one owner, and the files that may close one all the same.
constexpr std::array<std::string_view, 8> kOwnedFolders{"base",    "record", "metrics", "server",
                                                        "observe", "rig",    "verdict", "report"};
constexpr std::array<std::string_view, 2> kClosers{"base/unique_fd.cc", "base/unique_fd_test.cc"};

// The headers that are about Asio itself. The others leave it to their .cc, which keeps builds
// short: a header with Asio costs each file that includes it seconds.
constexpr std::array<std::string_view, 6> kAsioHeaders{
    "faults/asio_headers.h", "faults/client.h",   "faults/exchange.h",
    "faults/readiness.h",    "loadgen/session.h", "loadgen/worker.h"};

template <class Names>
bool among(const Names& names, std::string_view name) {
  return std::ranges::find(names, name) != std::ranges::end(names);
}

// What a rule looks at, and where it complains. Borrows the file while the rules run.
struct Inspection {
  const SourceFile& file;
  SourceText text;
  std::vector<std::string> complaints;

  std::string_view folder() const {
    return std::string_view(file.path).substr(0, file.path.find('/'));
  }
  bool is_header() const { return file.path.ends_with(".h"); }
  void complain(std::size_t line, const std::string& what) {
    complaints.push_back(file.path + ":" + std::to_string(line) + ": " + what);
  }
};

// Calls `found(line, match)` for each match of the pattern in the text.
template <class Found>
void for_each_match(const std::string& text, const std::regex& pattern, Found found) {
  for (auto it = std::sregex_iterator(text.begin(), text.end(), pattern);
       it != std::sregex_iterator(); ++it) {
    found(line_at(text, static_cast<std::size_t>(it->position())), *it);
  }
}

const Folder* folder_named(std::string_view name) {
  const auto* row = std::ranges::find(kFolders, name, &Folder::name);
  return row == kFolders.end() ? nullptr : row;
}

bool may_use(const Folder& folder, std::string_view used) {
  if (folder.uses == "*" || folder.name == used) return true;
  const std::string padded = " " + std::string(folder.uses) + " ";
  return padded.find(" " + std::string(used) + " ") != std::string::npos;
}

void direction_of_includes(Inspection& it) {
  const Folder* folder = folder_named(it.folder());
  if (folder == nullptr) {
    it.complain(1,
                "the folder is new; give it a row in kFolders of tests/source_rules.cc that "
                "says whom it may use, and a line in ARCHITECTURE.md");
    return;
  }
  static const std::regex kInclude(R"re(#\s*include\s*"([^"]*)")re");
  for_each_match(it.text.code, kInclude, [&](std::size_t line, const std::smatch& match) {
    const std::string path = match[1].str();
    const std::string used = path.substr(0, path.find('/'));
    if (used == path || folder_named(used) == nullptr) {
      it.complain(line, "include \"" + path + "\" by its path from the top of the repository, " +
                            "or in <> when it is not ours");
    } else if (!may_use(*folder, used)) {
      it.complain(line, std::string(folder->name) + "/ may not use " + used + "/, only itself" +
                            (folder->uses.empty() ? "" : ", " + std::string(folder->uses)) +
                            "; move what both need down, or pass it in from rig/");
    }
  });
}

void direction_of_links(Inspection& it) {
  const Folder* folder = folder_named(it.folder());
  if (folder == nullptr) return;
  static const std::regex kLibrary(R"(\bclosewait_([a-z]+)\b)");
  for_each_match(it.text.code, kLibrary, [&](std::size_t line, const std::smatch& match) {
    const std::string used = match[1].str();
    if (folder_named(used) == nullptr || may_use(*folder, used)) return;
    it.complain(line, std::string(folder->name) + "/ may not link closewait_" + used +
                          "; it links only what it may include");
  });
}

// Whether `close(` after this code is a call of the global close(), and not a member of something
// (after a dot, an arrow or a class name) or a declaration (after a type).
bool calls_global(std::string_view before) {
  static const std::regex kQualified(R"((\.|->|[\w>]\s*::)\s*$)");
  static const std::regex kKeyword(R"(\b(return|else|do|case|throw|co_return)\s+$)");
  static const std::regex kType(R"(([\w>*]|[^&]&)\s*$)");
  // What decides stands right before; a bounded tail keeps the search short.
  constexpr std::size_t kTail = 100;
  const std::string tail(before.substr(before.size() - std::min(before.size(), kTail)));
  if (std::regex_search(tail, kQualified)) return false;
  return std::regex_search(tail, kKeyword) || !std::regex_search(tail, kType);
}

void one_owner_closes(Inspection& it) {
  if (!among(kOwnedFolders, it.folder()) || among(kClosers, it.file.path)) return;
  static const std::regex kClose(R"(\bclose\s*\(\s*[^)\s])");  // close(2) has an argument
  for_each_match(it.text.code, kClose, [&](std::size_t line, const std::smatch& match) {
    const auto at = static_cast<std::size_t>(match.position());
    if (!calls_global(std::string_view(it.text.code).substr(0, at))) return;
    it.complain(line, "only base/unique_fd.cc calls close(); let a UniqueFd own the descriptor");
  });
}

void server_owns_by_value(Inspection& it) {
  if (it.folder() != "server") return;
  static const std::regex kOwning(
      R"((=\s*delete\b)|\b(shared_ptr|weak_ptr|make_shared|enable_shared_from_this|new|delete)\b)");
  for_each_match(it.text.code, kOwning, [&](std::size_t line, const std::smatch& match) {
    if (match[1].matched) return;  // a deleted function
    it.complain(line, "no '" + match.str() + "' in server/; own by value or unique_ptr " +
                          "(make_unique), and let the connection table destroy connections");
  });
}

void short_functions(Inspection& it) {
  for (const Function& function : functions_of(it.text.code)) {
    if (function.lines < kFunctionLines) continue;
    it.complain(function.first_line, function.name + " has " + std::to_string(function.lines) +
                                         " lines; split it into functions under " +
                                         std::to_string(kFunctionLines) + " (aim at 40)");
  }
}

void short_files(Inspection& it) {
  const std::size_t lines = lines_of(it.file.text).size();
  if (lines < kFileLines) return;
  it.complain(lines, "the file has " + std::to_string(lines) + " lines; split it by its nouns " +
                         "into files under " + std::to_string(kFileLines) + " (aim at 250)");
}

void short_lines(Inspection& it) {
  std::size_t number = 0;
  for (const std::string_view line : lines_of(it.file.text)) {
    ++number;
    const auto continues = [](char c) { return (static_cast<unsigned char>(c) >> 6) == 2; };
    const auto columns =
        line.size() - static_cast<std::size_t>(std::ranges::count_if(line, continues));
    if (columns <= kColumns) continue;
    it.complain(number, "the line has " + std::to_string(columns) + " columns; break it at " +
                            std::to_string(kColumns) + " (clang-format does)");
  }
}

// A word that must not be there, and what to do instead.
struct Word {
  std::regex pattern;
  bool in_comments;
  std::string_view remedy;
};

const std::vector<Word>& banned_words() {
  constexpr std::string_view kWait =
      "wait for what is meant instead: a descriptor, a timer, or 'eventually, by a deadline'";
  static const std::vector<Word> kWords{
      {std::regex(R"(\b(TODO|FIXME|XXX)\b)"), true, "do it now, or open an issue that says it"},
      {std::regex(R"(\bDISABLED_\w*)"), false, "no test is disabled; repair it or remove it"},
      {std::regex(R"(\b(sleep_for|sleep_until|usleep)\b)"), false, kWait},
      {std::regex(R"(#\s*if\s+(0|false)\b)"), false, "remove the code; git remembers it"},
  };
  return kWords;
}

void no_banned_words(Inspection& it) {
  for (const Word& word : banned_words()) {
    const std::string& text = word.in_comments ? it.text.comments : it.text.code;
    for_each_match(text, word.pattern, [&](std::size_t line, const std::smatch& match) {
      it.complain(line, "'" + match.str() + "': " + std::string(word.remedy));
    });
  }
}

void headers_start_with_pragma_once(Inspection& it) {
  if (!it.is_header()) return;
  const auto first = it.text.code.find_first_not_of(" \n");
  if (first != std::string::npos &&
      std::string_view(it.text.code).substr(first).starts_with("#pragma once")) {
    return;
  }
  it.complain(1, "a header starts with #pragma once");
}

void asio_stays_out_of_headers(Inspection& it) {
  const bool exempt = it.folder() == "tests" || it.folder() == "bench";
  if (!it.is_header() || exempt || among(kAsioHeaders, it.file.path)) return;
  static const std::regex kAsio(R"(#\s*include\s*<boost/(asio|beast)\b)");
  for_each_match(it.text.code, kAsio, [&](std::size_t line, const std::smatch&) {
    it.complain(line,
                "include Asio in the .cc and declare in the header what it names; if the "
                "header is about Asio itself, add it to kAsioHeaders in "
                "tests/source_rules.cc");
  });
}

using Rule = void (*)(Inspection&);
constexpr std::array<Rule, 9> kSourceRules{direction_of_includes,
                                           one_owner_closes,
                                           server_owns_by_value,
                                           short_functions,
                                           short_files,
                                           short_lines,
                                           no_banned_words,
                                           headers_start_with_pragma_once,
                                           asio_stays_out_of_headers};
constexpr std::array<Rule, 1> kBuildRules{direction_of_links};

bool is_build_file(std::string_view path) { return path.ends_with("CMakeLists.txt"); }

// CMake's comments run from # to the end of the line.
SourceText take_build_file_apart(const std::string& text) {
  static const std::regex kComment("#[^\n]*");
  return {std::regex_replace(text, kComment, ""), ""};
}

std::string read_all(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool is_ours(const std::filesystem::path& folder) {
  constexpr std::array<std::string_view, 3> kNotOurs{"build", "results", "node_modules"};
  const std::string name = folder.filename().string();
  return !name.starts_with('.') && !among(kNotOurs, name);
}

bool has_rules(const std::filesystem::path& path) {
  return path.extension() == ".h" || path.extension() == ".cc" ||
         path.filename() == "CMakeLists.txt";
}

}  // namespace

std::vector<std::string> complaints_about(const SourceFile& file) {
  const bool build_file = is_build_file(file.path);
  Inspection inspection{
      file, build_file ? take_build_file_apart(file.text) : take_apart(file.text), {}};
  const auto rules =
      build_file ? std::span<const Rule>(kBuildRules) : std::span<const Rule>(kSourceRules);
  for (const Rule rule : rules) rule(inspection);
  return std::move(inspection.complaints);
}

std::vector<SourceFile> sources_below(const std::filesystem::path& root) {
  std::vector<SourceFile> sources;
  auto it = std::filesystem::recursive_directory_iterator(root);
  for (; it != std::filesystem::recursive_directory_iterator(); ++it) {
    if (it->is_directory() && !is_ours(it->path())) it.disable_recursion_pending();
    const auto path = it->path().lexically_relative(root);
    if (!it->is_regular_file() || !has_rules(path) || !path.has_parent_path()) continue;
    sources.push_back({path.generic_string(), read_all(it->path())});
  }
  std::ranges::sort(sources, {}, &SourceFile::path);
  return sources;
}

}  // namespace closewait
