#pragma once

#include "base/unique_fd.h"

namespace closewait {

// SIGINT and SIGTERM as a descriptor that becomes readable and stays so. Make it before any thread
// is started: the signals are blocked for all of them. SIGPIPE is ignored.
class Interrupt {
 public:
  Interrupt();

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] bool came() const;
  // Takes the signals that came, so that fd() tells the next one.
  void take() const;

 private:
  UniqueFd fd_;
};

}  // namespace closewait
