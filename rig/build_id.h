#pragma once

#include <string>

namespace closewait {

// The GNU build id of an ELF program (its NT_GNU_BUILD_ID note) in hex; "" when it has none or
// cannot be read. 64-bit files of this machine's byte order only.
[[nodiscard]] std::string build_id_of(const std::string& program);

}  // namespace closewait
