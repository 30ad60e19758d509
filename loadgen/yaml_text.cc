#include "loadgen/yaml_text.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace closewait {
namespace {

bool is_control(unsigned char byte) {
  constexpr unsigned char kDelete = 0x7f;
  return (byte < ' ' && byte != '\t' && byte != '\n' && byte != '\r') || byte == kDelete;
}

// How many bytes the well-formed UTF-8 character at the start of `text` has; 0 for none.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) return 0;
  }
  const bool overlong = (lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xf0 && byte(1) < 0x90);
  const bool surrogate = lead == 0xed && byte(1) >= 0xa0;
  const bool beyond = lead == 0xf4 && byte(1) >= 0x90;
  return overlong || surrogate || beyond ? 0 : length;
}

bool is_variable_name(std::string_view name) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !name.empty() && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

// The value of a variable, or "" and a problem.
std::string environment(std::string_view name, const Place& place, Problems& problems) {
  const std::string written = "'${" + std::string(name) + "}'";
  const char* value = std::getenv(std::string(name).c_str());
  if (value == nullptr) {
    problems.add(place, written + " is not set; expected an environment variable of that name, " +
                            "or $$ for a $");
    return {};
  }
  if (first_bad_byte(value)) {
    problems.add(place, "the value of " + written + " is not UTF-8 text; expected text");
    return {};
  }
  return value;
}

}  // namespace

std::string in_quotes(std::string_view text) {
  constexpr std::size_t kLongest = 60;
  std::string result = "'";
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const bool plain = length > 1 || (length == 1 && static_cast<unsigned char>(text[0]) >= ' ' &&
                                      text[0] != '\x7f');
    if (result.size() + length > kLongest) return result + "...'";
    result += plain ? text.substr(0, length) : "?";
    text.remove_prefix(std::max<std::size_t>(1, length));
  }
  return result + "'";
}

std::optional<std::size_t> first_bad_byte(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text.substr(at));
    if (length == 0 || is_control(static_cast<unsigned char>(text[at]))) return at;
    at += length;
  }
  return {};
}

std::string expand_environment(std::string_view text, const Place& place, Problems& problems) {
  std::string result;
  while (!text.empty()) {
    const std::size_t dollar = std::min(text.find('$'), text.size());
    result += text.substr(0, dollar);
    text.remove_prefix(dollar);
    if (text.starts_with("$$")) {
      result += '$';
      text.remove_prefix(2);
    } else if (text.starts_with("${")) {
      const std::size_t end = text.find('}');
      const std::string_view name = text.substr(2, end == text.npos ? end : end - 2);
      if (end == text.npos || !is_variable_name(name)) {
        problems.add(place, in_quotes(text) + " names no environment variable; expected ${NAME}, " +
                                "or $$ for a $");
        return result;
      }
      result += environment(name, place, problems);
      text.remove_prefix(end + 1);
    } else {
      result += text.substr(0, 1);
      text.remove_prefix(std::min<std::size_t>(1, text.size()));
    }
  }
  return result;
}

}  // namespace closewait
