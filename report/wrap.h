#pragma once

#include <string>
#include <string_view>

namespace closewait {

// Adds lines of less than 100 columns to `out`: the first begins with `first_indent`, the others
// with `indent`. Breaks between words; a word that is longer than a line stays whole.
void add_wrapped(std::string& out, std::string_view first_indent, std::string_view indent,
                 std::string_view text);

}  // namespace closewait
