// Takes every failure of epoll_wait() for the end. After a stop and a continue (a debugger, a
// suspended machine, a freezer) it gives EINTR, with no handler anywhere.
// Of this kind: https://github.com/pistacheio/pistache/pull/565, vicinaehq/vicinae pull request
// 1960.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

#include "base/error.h"
#include "specimens/catalogue.h"

namespace closewait {
namespace {

class ExitsOnEintr : public Skeleton {
  void on_failed_wait(int error) override {
    fmt::print(stderr, "epoll_wait: {}\n", describe(errno_error(error)));
    std::exit(1);
  }
};

}  // namespace

std::unique_ptr<Skeleton> exits_on_eintr() { return std::make_unique<ExitsOnEintr>(); }

}  // namespace closewait
