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
    Specimen{"leaks-one-in-500", "every 500th connection that ends well is not closed",
             leaks_one_in_500},
    Specimen{"forgets-early-half-close", "who ends its side before asking is waited for, for ever",
             forgets_early_half_close},
    Specimen{"keeps-a-duplicate", "a duplicate of the descriptor stays, and a registration with it",
             keeps_a_duplicate},
    Specimen{"object-leak-on-reset", "a reset connection's object is never freed",
             object_leak_on_reset},
    Specimen{"thread-per-reset", "a thread for each reset connection never ends", thread_per_reset},
    Specimen{"helper-per-reset", "a process for each reset connection is never waited for",
             helper_per_reset},
    Specimen{"wakeup-never-read", "after the first reset the loop is woken for ever",
             wakeup_never_read},
    Specimen{"exits-on-eintr", "a stop and a continue end it", exits_on_eintr},
    Specimen{"dies-of-sigpipe", "it answers a reset, and SIGPIPE ends it", dies_of_sigpipe},
    Specimen{"accept-dead-after-emfile", "once without descriptors it accepts nobody any more",
             accept_dead_after_emfile},
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
