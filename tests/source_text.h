#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace closewait {

// A C++ source taken apart. Both texts are as long as the source and keep its line breaks, so
// that a line means the same in all three; what belongs to the other is blank. The insides of
// strings and characters are blank in `code`, but for the paths of #include lines.
struct SourceText {
  std::string code;
  std::string comments;
};

[[nodiscard]] SourceText take_apart(std::string_view source);

[[nodiscard]] std::vector<std::string_view> lines_of(std::string_view text);

// The line, from 1, on which the character at `offset` stands.
[[nodiscard]] std::size_t line_at(std::string_view text, std::size_t offset);

// A function with a body, from the first line of its head to its closing brace.
struct Function {
  std::string name;  // as written before its parameters: "Client::connect"
  std::size_t first_line = 0;
  std::size_t lines = 0;
};

// The functions of a namespace or a class, of `code` as above. It counts braces and knows no
// C++, so it may miss one in code that nobody should write; lambdas count to what is around them.
[[nodiscard]] std::vector<Function> functions_of(std::string_view code);

}  // namespace closewait
