#include "faults/raw_pattern.h"

#include <array>
#include <regex>
#include <utility>

namespace closewait {
namespace {

namespace constants = std::regex_constants;

std::string why_of(constants::error_type error) {
  static const std::array<std::pair<constants::error_type, const char*>, 10> kReasons{{
      {constants::error_brack, "a bracket is not closed"},
      {constants::error_paren, "a parenthesis has no other one, or a *, + or ? nothing before it"},
      {constants::error_brace, "a brace is not closed"},
      {constants::error_badbrace, "the count in braces is none"},
      {constants::error_range, "a range in brackets is none"},
      {constants::error_escape, "a backslash stands before what needs none"},
      {constants::error_ctype, "a class of characters is not known"},
      {constants::error_badrepeat, "a *, + or ? has nothing before it"},
      {constants::error_space, "it is too large"},
      {constants::error_complexity, "a back-reference is not supported"},
  }};
  for (const auto& [each, why] : kReasons) {
    if (each == error) return why;
  }
  return "it is no regular expression";
}

// What would look beyond the bytes that are there by now: with it, where a response ends would
// depend on how its bytes are cut.
std::string looks_ahead(std::string_view text) {
  bool in_class = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view rest = text.substr(i);
    if (rest.front() == '\\') {
      if (!in_class && (rest.starts_with("\\b") || rest.starts_with("\\B"))) {
        return "\\b looks ahead, which is not supported";
      }
      ++i;
    } else if (in_class) {
      in_class = rest.front() != ']';
    } else if (rest.front() == '[') {
      in_class = true;
    } else if (rest.front() == '$') {
      return "a $ waits for the end of the connection, and a response ends before it";
    } else if (rest.starts_with("(?=") || rest.starts_with("(?!")) {
      return "(?= and (?! look ahead, which is not supported";
    }
  }
  return "";
}

// libstdc++ reads the numbers of counts and back-references without heed of how large they are.
bool has_huge_number(std::string_view text) {
  constexpr std::size_t kMostDigits = 9;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '{' && text[i] != '\\') continue;
    std::size_t digits = 0;
    for (const char c : text.substr(i + 1)) {
      const bool is_digit = c >= '0' && c <= '9';
      if (!is_digit && c != ',') break;
      digits = is_digit ? digits + 1 : 0;
      if (digits > kMostDigits) return true;
    }
  }
  return false;
}

}  // namespace

struct RawPattern::Automaton {
  std::regex regex;
};

RawPattern::RawPattern(std::unique_ptr<const Automaton> automaton)
    : automaton_(std::move(automaton)) {}

RawPattern::~RawPattern() = default;

RawPattern::Compiled RawPattern::compile(const std::string& text) {
  if (text.empty()) return {nullptr, "it is empty"};
  if (text.size() > kLongest) {
    return {nullptr, "it is longer than " + std::to_string(kLongest) + " bytes"};
  }
  if (has_huge_number(text)) return {nullptr, why_of(constants::error_space)};
  if (std::string why = looks_ahead(text); !why.empty()) return {nullptr, std::move(why)};
  try {
    // libstdc++'s promise of polynomial time; the default backtracks, which a short expression
    // such as (a+)+b can make last for years.
    auto automaton = std::make_unique<const Automaton>(
        Automaton{std::regex(text, constants::ECMAScript | constants::__polynomial)});
    std::shared_ptr<const RawPattern> pattern(new RawPattern(std::move(automaton)));
    if (pattern->shortest_match("")) return {nullptr, "it matches before anything has come"};
    return {std::move(pattern), ""};
  } catch (const std::regex_error& error) {
    return {nullptr, why_of(error.code())};
  }
}

std::optional<std::size_t> RawPattern::shortest_match(std::string_view data) const {
  const auto some_start_matches = [&](std::size_t size) {
    return std::regex_search(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(size),
                             automaton_->regex,
                             constants::match_continuous | constants::match_not_eol);
  };
  if (!some_start_matches(data.size())) return {};
  // As soon as some start of the data matches, so does one of everything longer.
  std::size_t low = 0;
  std::size_t high = data.size();
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (some_start_matches(middle)) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return high;
}

}  // namespace closewait
