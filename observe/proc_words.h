#pragma once

#include <algorithm>
#include <charconv>
#include <string_view>

namespace closewait {

// What the readers of /proc's texts cut them up with.

inline constexpr std::string_view kBlanks = " \t\n";

// Cuts the next word off; "" at the end.
inline std::string_view next_word(std::string_view& text) {
  const auto begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return text = {};
  text.remove_prefix(begin);
  const std::string_view word = text.substr(0, text.find_first_of(kBlanks));
  text.remove_prefix(word.size());
  return word;
}

// Cuts the next line off, without its end.
inline std::string_view next_line(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

// False, and `number` as it was or cut off, when the word is none.
template <class Number>
bool read_number(std::string_view word, Number& number, int base = 10) {
  const char* last = word.data() + word.size();
  const auto [end, error] = std::from_chars(word.data(), last, number, base);
  return error == std::errc{} && end == last;
}

}  // namespace closewait
