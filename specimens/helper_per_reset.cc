// Starts a helper process for each reset connection, to log it, and never waits for one: they end
// and stay as zombies until there are no process numbers left.
// Of this kind: https://github.com/pgexporter/pgexporter/issues/425, herdrdev/herdr issue 1360.
#include <unistd.h>

#include "specimens/catalogue.h"

namespace closewait {
namespace {

class HelperPerReset : public Skeleton {
  void on_failure(Connection* connection, int) override {
    destroy(connection);
    if (::fork() == 0) ::_exit(0);
  }
};

}  // namespace

std::unique_ptr<Skeleton> helper_per_reset() { return std::make_unique<HelperPerReset>(); }

}  // namespace closewait
