#include "tests/source_text.h"

#include <algorithm>
#include <cctype>
#include <regex>

namespace closewait {
namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

bool is_blank(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

std::string trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return std::string(text);
}

// Walks once over a source and deals its characters out to the code and to the comments.
// Borrows the source for its own lifetime.
class Splitter {
 public:
  explicit Splitter(std::string_view source) : source_(source) {}

  SourceText split() {
    while (at_ < source_.size()) step();
    return std::move(text_);
  }

 private:
  void step() {
    if (starts("//")) return comment_until(source_.find('\n', at_));
    if (starts("/*")) {
      const auto end = source_.find("*/", at_ + 2);
      return comment_until(end == std::string_view::npos ? end : end + 2);
    }
    if (starts("R\"") && (at_ == 0 || !is_word(source_[at_ - 1]))) return raw_string();
    const char c = source_[at_];
    const bool digit_separator = c == '\'' && at_ > 0 && is_word(source_[at_ - 1]);
    if (c == '"' || (c == '\'' && !digit_separator)) return quoted(c);
    code(c);
  }

  bool starts(std::string_view what) const { return source_.substr(at_).starts_with(what); }

  void put(char in_code, char in_comments) {
    const bool ends_line = source_[at_] == '\n';
    text_.code += ends_line ? '\n' : in_code;
    text_.comments += ends_line ? '\n' : in_comments;
    ++at_;
  }
  void code(char c) { put(c, ' '); }
  void skip() { put(' ', ' '); }

  void comment_until(std::size_t end) {
    end = std::min(end, source_.size());
    while (at_ < end) put(' ', source_[at_]);
  }

  void quoted(char quote) {
    const bool path = on_include_line();
    code(quote);
    while (at_ < source_.size() && source_[at_] != quote && source_[at_] != '\n') {
      if (source_[at_] == '\\' && at_ + 1 < source_.size()) skip();
      path ? code(source_[at_]) : skip();
    }
    if (at_ < source_.size()) code(source_[at_]);
  }

  bool on_include_line() const {
    const auto begin = text_.code.rfind('\n') + 1;  // npos + 1 is the start
    return trim(std::string_view(text_.code).substr(begin)) == "#include";
  }

  void raw_string() {
    code('R');
    code('"');
    const auto open = source_.find('(', at_);
    if (open == std::string_view::npos) return;
    const std::string closing = ")" + std::string(source_.substr(at_, open - at_)) + "\"";
    const auto end = std::min(source_.find(closing, open), source_.size());
    while (at_ < std::min(end + closing.size() - 1, source_.size())) skip();
    if (at_ < source_.size()) code('"');
  }

  std::string_view source_;
  std::size_t at_ = 0;
  SourceText text_;
};

// Preprocessor lines with their continuations, made blank.
std::string without_directives(std::string_view code) {
  std::string text(code);
  bool inside = false;
  std::size_t begin = 0;
  for (const std::string_view line : lines_of(code)) {
    inside = inside || trim(line).starts_with('#');
    if (inside) std::fill_n(text.begin() + static_cast<std::ptrdiff_t>(begin), line.size(), ' ');
    inside = inside && line.ends_with('\\');
    begin += line.size() + 1;
  }
  return text;
}

// Finds function bodies by their braces. Between the functions it collects the head of what
// comes next; an opening brace asks the head what it opens. Borrows the code.
class FunctionFinder {
 public:
  explicit FunctionFinder(std::string_view code) : code_(code) {}

  std::vector<Function> find() {
    for (at_ = 0; at_ < code_.size(); ++at_) step(code_[at_]);
    return std::move(found_);
  }

 private:
  void step(char c) {
    if (c == '{') return open();
    if (c == '}' || (c == ';' && balanced())) return start_head();
    if (c == ':' && ends_access_specifier()) return start_head();
    if (head_.empty() && is_blank(c)) return;
    if (head_.empty()) head_begin_ = at_;
    head_ += c;
  }

  void open() {
    if (opens_scope()) return start_head();
    const std::size_t end = closing_brace();
    if (opens_function()) {
      const std::size_t first = line_at(code_, head_begin_);
      found_.push_back({head_name(), first, line_at(code_, end) - first + 1});
      at_ = end;
      return start_head();
    }
    head_ += "{}";  // an initializer: the head goes on after it
    at_ = end;
  }

  void start_head() { head_.clear(); }

  bool balanced() const { return std::ranges::count(head_, '(') == std::ranges::count(head_, ')'); }

  bool ends_access_specifier() const {
    const std::string word = trim(head_);
    return word == "public" || word == "protected" || word == "private";
  }

  bool opens_scope() const {
    static const std::regex kScope(R"re(^(inline\s+)?(namespace|extern\s*"\s*"$))re"
                                   R"re(|^(template\s*<[^;]*>\s*)?(class|struct|union|enum)\b)re");
    static const std::regex kCall(R"(\w\s*\()");
    static const std::regex kNotCalls(R"((alignas|requires|decltype)\s*\()");
    if (!std::regex_search(head_, kScope)) return false;
    const std::string calls = std::regex_replace(head_, kNotCalls, "[");
    return head_.starts_with("extern") || !std::regex_search(calls, kCall);
  }

  bool opens_function() const {
    if (head_.find('(') == std::string::npos || !balanced()) return false;
    if (!in_member_initializers()) return true;
    const std::string head = trim(head_);
    return head.ends_with(')') || head.ends_with('}');
  }

  // After the colon of `Name(...) : member_{...}`: a brace after a name is a member's.
  bool in_member_initializers() const {
    static const std::regex kColon(R"(\)\s*(noexcept\s*)?:(?!:))");
    return std::regex_search(head_, kColon);
  }

  std::size_t closing_brace() const {
    std::size_t depth = 0;
    for (std::size_t i = at_; i < code_.size(); ++i) {
      if (code_[i] == '{') ++depth;
      if (code_[i] == '}' && --depth == 0) return i;
    }
    return code_.size() - 1;
  }

  std::string head_name() const {
    static const std::regex kName(R"(([\w:~]+|operator\s*[^\s\w(]+|operator\(\))\s*\()");
    std::smatch match;
    return std::regex_search(head_, match, kName) ? match[1].str() : trim(head_);
  }

  std::string_view code_;
  std::size_t at_ = 0;
  std::string head_;
  std::size_t head_begin_ = 0;
  std::vector<Function> found_;
};

}  // namespace

SourceText take_apart(std::string_view source) { return Splitter(source).split(); }

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::size_t line_at(std::string_view text, std::size_t offset) {
  return 1 + static_cast<std::size_t>(std::ranges::count(text.substr(0, offset), '\n'));
}

std::vector<Function> functions_of(std::string_view code) {
  const std::string plain = without_directives(code);
  return FunctionFinder(plain).find();
}

}  // namespace closewait
