#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "specimens/skeleton.h"

namespace closewait {

// A flawed server: its name, what it gets wrong in one line, and how to make one.
struct Specimen {
  std::string_view name;
  std::string_view flaw;
  std::unique_ptr<Skeleton> (*make)();
};

[[nodiscard]] std::span<const Specimen> specimens();
// nullptr when there is none of that name.
[[nodiscard]] const Specimen* find_specimen(std::string_view name);

// One file each.
std::unique_ptr<Skeleton> fd_leak_on_reset();
std::unique_ptr<Skeleton> no_teardown_on_error();
std::unique_ptr<Skeleton> leaks_one_in_500();
std::unique_ptr<Skeleton> forgets_early_half_close();
std::unique_ptr<Skeleton> keeps_a_duplicate();
std::unique_ptr<Skeleton> object_leak_on_reset();
std::unique_ptr<Skeleton> thread_per_reset();
std::unique_ptr<Skeleton> helper_per_reset();
std::unique_ptr<Skeleton> wakeup_never_read();
std::unique_ptr<Skeleton> exits_on_eintr();
std::unique_ptr<Skeleton> dies_of_sigpipe();
std::unique_ptr<Skeleton> accept_dead_after_emfile();
std::unique_ptr<Skeleton> accepts_once_an_edge();
std::unique_ptr<Skeleton> half_close_unanswered();
std::unique_ptr<Skeleton> one_read_is_a_request();
std::unique_ptr<Skeleton> resumes_a_byte_late();
std::unique_ptr<Skeleton> closes_twice();
std::unique_ptr<Skeleton> deletes_twice();
std::unique_ptr<Skeleton> serves_a_stale_event();
std::unique_ptr<Skeleton> two_threads_one_set();
std::unique_ptr<Skeleton> state_by_number();
std::unique_ptr<Skeleton> stale_timer();
std::unique_ptr<Skeleton> end_taken_for_no_input();
std::unique_ptr<Skeleton> keeps_bad_requests();
std::unique_ptr<Skeleton> misses_aborts_of_slow_readers();
std::unique_ptr<Skeleton> buffers_without_bound();
std::unique_ptr<Skeleton> no_idle_timeout();
std::unique_ptr<Skeleton> spins_on_emfile();

}  // namespace closewait
