#pragma once

#include <string_view>

namespace closewait {

// Writes "closewait-server: TEXT" and a line's end to standard error. Whether that arrives is not
// asked: a server goes on when nobody listens to it.
void say(std::string_view text) noexcept;

}  // namespace closewait
