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
    Specimen{"accepts-once-an-edge",
             "of connections that come together one is accepted, and the others wait",
             accepts_once_an_edge},
    Specimen{"half-close-unanswered",
             "who has ended its side is taken for gone, and gets no answer", half_close_unanswered},
    Specimen{"one-read-is-a-request", "a request that comes in two parts is a bad one",
             one_read_is_a_request},
    Specimen{"resumes-a-byte-late", "after the socket's buffer was full, a byte is left out",
             resumes_a_byte_late},
};

}  // namespace

std::span<const Specimen> specimens() { return kSpecimens; }

const Specimen* find_specimen(std::string_view name) {
  const auto found = std::ranges::find(kSpecimens, name, &Specimen::name);
  return found == kSpecimens.end() ? nullptr : &*found;
}

}  // namespace closewait
