#include "report/wrap.h"

namespace closewait {
namespace {

constexpr std::size_t kWidth = 98;

}  // namespace

void add_wrapped(std::string& out, std::string_view first_indent, std::string_view indent,
                 std::string_view text) {
  std::string line(first_indent);
  bool empty = true;
  while (!text.empty()) {
    const auto blank = text.find_first_of(" \n");
    const std::string_view word = text.substr(0, blank);
    text.remove_prefix(blank == std::string_view::npos ? text.size() : blank + 1);
    if (word.empty()) continue;
    if (!empty && line.size() + 1 + word.size() > kWidth) {
      out += line + '\n';
      line = indent;
      empty = true;
    }
    if (!empty) line += ' ';
    line += word;
    empty = false;
  }
  out += line + '\n';
}

}  // namespace closewait
