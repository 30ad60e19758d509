// Watches its listener edge-triggered and accepts one connection for each edge. While they come one
// by one, that is all of them. Of a burst there is one edge, and who is left in the queue then
// stays behind for good: each further connection takes out one that is older.
#include <sys/epoll.h>

#include "specimens/catalogue.h"

namespace closewait {
namespace {

class AcceptsOnceAnEdge : public Skeleton {
  [[nodiscard]] std::uint32_t listener_interest() const override { return EPOLLIN | EPOLLET; }
  [[nodiscard]] int accepts_at_once() const override { return 1; }
};

}  // namespace

std::unique_ptr<Skeleton> accepts_once_an_edge() { return std::make_unique<AcceptsOnceAnEdge>(); }

}  // namespace closewait
