// Each reset connection gets a thread that is to clean up after it, and which waits for a signal
// that nobody gives. Nobody joins it either.
// Of this kind: https://github.com/netty/netty/issues/2727, exense/djigger issue 104.
#include <unistd.h>

#include <thread>

#include "specimens/catalogue.h"

namespace closewait {
namespace {

class ThreadPerReset : public Skeleton {
  void on_failure(Connection* connection, int) override {
    destroy(connection);
    std::thread([] {
      for (;;) ::pause();
    }).detach();
  }
};

}  // namespace

std::unique_ptr<Skeleton> thread_per_reset() { return std::make_unique<ThreadPerReset>(); }

}  // namespace closewait
