// Every 500th connection that ends as it should is not closed: a counter for the log is right but
// for one path. Nobody sees that in a test of minutes.
// Of this kind: https://github.com/dlundquist/sniproxy/pull/6.
#include "specimens/catalogue.h"

namespace closewait {
namespace {

class LeaksOneIn500 : public Skeleton {
  void on_end(Connection* connection) override {
    if (++ended_ % 500 != 0) return destroy(connection);
    unregister(connection);
    delete connection;
  }

  int ended_ = 0;
};

}  // namespace

std::unique_ptr<Skeleton> leaks_one_in_500() { return std::make_unique<LeaksOneIn500>(); }

}  // namespace closewait
