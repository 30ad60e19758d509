#pragma once

#include <cstddef>
#include <cstdint>

namespace closewait {

// What one call to a stream has brought.
struct Transfer {
  enum class Then : std::uint8_t {
    kGoOn,    // more may be possible at once
    kWait,    // an event will tell when there is more to do
    kEnded,   // the peer has ended its sending
    kFailed,  // it is over: `error` says why
  };
  std::size_t size = 0;  // bytes; 0 when ended or failed
  Then then = Then::kWait;
  int error = 0;  // an errno; EPROTO for what is no TLS, or broken
};

}  // namespace closewait
