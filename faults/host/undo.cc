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

}  // namespace

error_code carry_out(const Undo& undo) {
  if (!lives(undo.process)) return {};
  const error_code error = undo.what == Undo::What::kWake ? wake(undo) : put_limit_back(undo);
  return error && !lives(undo.process) ? error_code{} : error;
}

}  // namespace closewait
