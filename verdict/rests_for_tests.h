#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "record/census.h"

namespace closewait::testing {

using Served = std::map<std::string, std::uint64_t>;

// A rest of a target whose descriptors could be listed and whose destroy events were all seen.
inline Census rest_with(std::uint64_t fds, Served served = {},
                        std::vector<Outstanding> outstanding = {}) {
  Census rest{.sample = {.fds = fds},
              .fds_by_kind = {{"socket", fds}},
              .feed_available = true,
              .settled = true,
              .outstanding = std::move(outstanding)};
  for (const auto& [behaviour, count] : served) rest.served += count;
  rest.served_by_behaviour = std::move(served);
  return rest;
}

// Connections of one behaviour, all with their sockets in one state.
struct Left {
  std::string behaviour;
  std::uint64_t count = 0;
  std::uint64_t confirmed = 0;
  std::string state = "ESTABLISHED";
  bool abandoned = false;
};
inline Outstanding outstanding(const Left& left) {
  return {.behaviour = left.behaviour,
          .abandoned = left.abandoned,
          .count = left.count,
          .confirmed = left.confirmed,
          .numbers = {7},
          .states = {{left.state, left.count}}};
}

}  // namespace closewait::testing
