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
    Specimen{"closes-twice",
             "a reset connection's descriptor is closed again when another has its number",
             closes_twice},
    Specimen{"deletes-twice", "a reset connection's object is deleted twice", deletes_twice},
    Specimen{"serves-a-stale-event", "an event of the same batch goes to a connection that is gone",
             serves_a_stale_event},
    Specimen{"two-threads-one-set", "two threads are told of the same reset, and both tear down",
             two_threads_one_set},
    Specimen{"state-by-number",
             "what was owed to a reset connection goes to the next of its number", state_by_number},
    Specimen{"stale-timer", "the idle timer of a reset connection ends the next of its number",
             stale_timer},
    Specimen{"end-taken-for-no-input",
             "the peer's end is taken for nothing there yet, and the loop spins",
             end_taken_for_no_input},
    Specimen{"keeps-bad-requests", "who sent no request is answered and never closed",
             keeps_bad_requests},
    Specimen{"misses-aborts-of-slow-readers", "a reset is not noticed while the peer does not read",
             misses_aborts_of_slow_readers},
    Specimen{"buffers-without-bound", "what a peer does not read is kept, however much it is",
             buffers_without_bound},
    Specimen{"no-idle-timeout", "who is silent is never ended", no_idle_timeout},
    Specimen{"spins-on-emfile", "once without descriptors it accepts nobody, and the loop spins",
             spins_on_emfile},
};

}  // namespace

std::span<const Specimen> specimens() { return kSpecimens; }

const Specimen* find_specimen(std::string_view name) {
  const auto found = std::ranges::find(kSpecimens, name, &Specimen::name);
  return found == kSpecimens.end() ? nullptr : &*found;
}

}  // namespace closewait
