#pragma once

#include <cstddef>
#include <cstdint>

#include "server/connections/descriptor_reserve.h"
#include "server/connections/seats.h"

namespace closewait {

// How much the workers of one server may take on together. Owned by the server, borrowed by them.
struct Capacity {
  Capacity(std::uint64_t max_connections, std::size_t workers)
      : connections(max_connections), reserve(8 + workers) {}

  Seats connections;
  Seats refusals{32};  // connections beyond those, only to be told so
  DescriptorReserve reserve;
};

}  // namespace closewait
