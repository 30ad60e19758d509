#pragma once

#include <cstdint>

namespace closewait {

// Whether a client of TLS tells by close_notify that it sends nothing more.
enum class Farewell : std::uint8_t { kSaid, kNone };

}  // namespace closewait
