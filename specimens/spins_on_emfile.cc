// Gives up accepting when there are no descriptors left, and leaves its listener in the epoll set:
// level-triggered epoll tells of the queue for ever. It accepts nobody any more, and burns a core.
// Of this kind: https://github.com/ninenines/ranch/issues/36, nanomsg/nanomsg issue 152.
#include "specimens/catalogue.h"

namespace closewait {
namespace {

class SpinsOnEmfile : public Skeleton {
  [[nodiscard]] bool accepts_without_descriptors() override { return gave_up_ = true; }
  [[nodiscard]] int accepts_at_once() const override {
    return gave_up_ ? 0 : Skeleton::accepts_at_once();
  }

  bool gave_up_ = false;
};

}  // namespace

std::unique_ptr<Skeleton> spins_on_emfile() { return std::make_unique<SpinsOnEmfile>(); }

}  // namespace closewait
