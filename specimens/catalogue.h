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

}  // namespace closewait
