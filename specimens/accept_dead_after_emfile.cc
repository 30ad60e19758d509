// Stops watching its listener when there are no descriptors left, to be spared the spin. What was
// to go on when there are some again was never written: it accepts nobody any more, and lives.
// Of this kind: https://github.com/payjoin/rust-payjoin/pull/1608, dom96/httpbeast pull request 27.
#include "specimens/catalogue.h"

namespace closewait {
namespace {

class AcceptDeadAfterEmfile : public Skeleton {
  [[nodiscard]] bool accepts_without_descriptors() override {
    stop_listening();
    return true;
  }
};

}  // namespace

std::unique_ptr<Skeleton> accept_dead_after_emfile() {
  return std::make_unique<AcceptDeadAfterEmfile>();
}

}  // namespace closewait
