#pragma once

#include <cstdint>

#include "faults/clients/clients.h"

namespace closewait {

// Where a client cuts its request in two: after so many bytes, at least 1 and less than all of it.
// 0 where it has no two parts.
[[nodiscard]] inline std::uint64_t choose_cut(Client& client, const Exchange& exchange,
                                              const Params& params) {
  const std::uint64_t whole = client.unsent(exchange);
  if (whole < 2) return 0;
  if (params.bytes != 0) return params.bytes < whole ? params.bytes : whole - 1;
  return 1 + client.random().below(whole - 1);
}

}  // namespace closewait
