#include "specimens/catalogue.h"

#include <algorithm>
#include <array>

namespace closewait {
namespace {

constexpr std::array kSpecimens = {
    Specimen{"fd-leak-on-reset", "a reset connection's descriptor is never closed",
             fd_leak_on_reset},
    Specimen{"no-teardown-on-error", "a connection whose read fails stays, and the loop spins",
             no_teardown_on_error},
};

}  // namespace

std::span<const Specimen> specimens() { return kSpecimens; }

const Specimen* find_specimen(std::string_view name) {
  const auto found = std::ranges::find(kSpecimens, name, &Specimen::name);
  return found == kSpecimens.end() ? nullptr : &*found;
}

}  // namespace closewait
