#include "server/service.h"

#include <algorithm>
#include <array>

namespace closewait {
namespace {

constexpr std::array kServices = {
    Service{"echo", serve_echo},
    Service{"http", serve_http},
};

}  // namespace

std::span<const Service> services() { return kServices; }

const Service* find_service(std::string_view name) {
  const auto found = std::ranges::find(kServices, name, &Service::name);
  return found == kServices.end() ? nullptr : &*found;
}

// Here because it is all there is to it.
std::size_t serve_echo(ServiceState&, std::string_view input, Output& output) {
  if (output.full()) return 0;
  output.append(input);
  return input.size();
}

}  // namespace closewait
