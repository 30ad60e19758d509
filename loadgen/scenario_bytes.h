#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "loadgen/yaml_reader.h"

namespace closewait {

// How bytes that are sent or looked for are written: text, {hex: 0a0b ff}, and where it does not
// matter what they are, {size: 4KiB}, which is so many of the byte pattern.
struct BytesKind {
  std::string_view expected;
  std::size_t size_at_most = 0;  // 0: {size: } is not known
};

// "" when the key is not there or is a problem.
[[nodiscard]] std::string read_bytes(const MapReader& reader, std::string_view key,
                                     const BytesKind& kind);

}  // namespace closewait
