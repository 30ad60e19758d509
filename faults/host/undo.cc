#include "faults/host/undo.h"

#include <signal.h>

namespace closewait {
namespace {

error_code wake(const Undo& undo) {
  return ::kill(undo.process.pid, SIGCONT) != 0 ? last_error() : error_code{};
}

error_code put_limit_back(const Undo& undo) {
  const auto now = descriptor_limit(undo.process.pid);
  if (!now) return now.error();
  if (*now != undo.ours) return {};
  return set_descriptor_limit(undo.process.pid, undo.limit);
}

error_code give_cpus_back(const Undo& undo) {
  const auto now = cpus_of(undo.process.pid);
  if (!now) return now.error();
  if (*now != undo.our_cpus) return {};
  return set_cpus(undo.process.pid, undo.cpus);
}

error_code carry_out_now(const Undo& undo) {
  switch (undo.what) {
    case Undo::What::kWake:
      return wake(undo);
    case Undo::What::kLimit:
      return put_limit_back(undo);
    case Undo::What::kCpus:
      return give_cpus_back(undo);
  }
  return {};
}

}  // namespace

error_code carry_out(const Undo& undo) {
  if (!lives(undo.process)) return {};
  const error_code error = carry_out_now(undo);
  return error && !lives(undo.process) ? error_code{} : error;
}

}  // namespace closewait
