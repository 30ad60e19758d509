#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"
#include "faults/host/undo.h"

namespace closewait {

// Undoes what is done to the target's processes when the rig ends without having undone it, by
// SIGKILL too. Owns a small process that has no descriptor but the other end of a link: what is
// promised and released goes down the link, and when that ends, so has the rig, and what is still
// promised is carried out. It leads a session of its own and heeds no signal that can be
// blocked, so that what ends the rig does not end it. Only what kills both at once (the end of
// their container) is beyond it. One thread.
class Guardian {
 public:
  // Forks: before any thread is started, and before any connection. Throws SetupError.
  Guardian();
  // Waits for its end; what is promised still is undone then.
  ~Guardian();
  Guardian(const Guardian&) = delete;
  Guardian& operator=(const Guardian&) = delete;

  // To be called before it is done. An error: the guardian is gone, and nothing must be done.
  [[nodiscard]] error_code promise(const Undo& undo);
  // It has been undone.
  void release(const Undo& undo);

  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  UniqueFd link_;
  pid_t pid_ = -1;
};

// What one fault has to undo. Owns the list, and undoes what is left of it in its destructor;
// borrows the guardian, which knows the same list. One thread.
class UndoList {
 public:
  explicit UndoList(Guardian& guardian) : guardian_(guardian) {}
  ~UndoList() { static_cast<void>(undo()); }  // asked for by undo(), or nobody is there to tell
  UndoList(const UndoList&) = delete;
  UndoList& operator=(const UndoList&) = delete;

  // Before it is done; an error: it must not be.
  [[nodiscard]] error_code promise(const Undo& undo);
  [[nodiscard]] const std::vector<Undo>& all() const { return all_; }
  // Undoes all, the last thing first. "" or what could not be undone, which stays promised.
  [[nodiscard]] std::string undo();

 private:
  Guardian& guardian_;
  std::vector<Undo> all_;
};

}  // namespace closewait
