#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "loadgen/yaml_problems.h"

namespace closewait {

// What was written, for a message: in quotes, on one line, cut when it is long.
[[nodiscard]] std::string in_quotes(std::string_view text);

// The offset of the first byte that is no text: a control character other than tab and line
// breaks, or no UTF-8 (RFC 3629). yaml-cpp takes byte 4 for the end of the file and would drop
// the rest without a word.
[[nodiscard]] std::optional<std::size_t> first_bad_byte(std::string_view text);

// `text` with each ${NAME} replaced by the environment variable and `$$` by `$`. A `$` before
// anything else stays. What cannot be replaced is a problem at `place`.
[[nodiscard]] std::string expand_environment(std::string_view text, const Place& place,
                                             Problems& problems);

}  // namespace closewait
