// Takes a read of 0 for "nothing there yet". Who has ended its side stays, in CLOSE_WAIT, and as
// level-triggered epoll tells of the end for ever, the loop spins.
// Of this kind: https://github.com/meyfa/CobolCraft/pull/415, nodejs/node issue 11307.
#include "specimens/catalogue.h"

namespace closewait {
namespace {

class EndTakenForNoInput : public Skeleton {
  void on_end(Connection*) override {}
};

}  // namespace

std::unique_ptr<Skeleton> end_taken_for_no_input() {
  return std::make_unique<EndTakenForNoInput>();
}

}  // namespace closewait
