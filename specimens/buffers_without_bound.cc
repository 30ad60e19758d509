// What the socket does not take is made at once and kept, however much it is: the peer decides how
// much memory that costs.
// Of this kind: https://github.com/Qihoo360/evpp/issues/6, http-kit/http-kit issue 180.
#include <algorithm>

#include "base/pattern.h"
#include "specimens/catalogue.h"

namespace closewait {
namespace {

class BuffersWithoutBound : public Skeleton {
  void on_full_buffer(Connection* connection) override {
    while (connection->left > 0) {
      const auto part = pattern(connection->offset, std::min(connection->left, kPatternChunk));
      connection->head.append(reinterpret_cast<const char*>(part.data()), part.size());
      connection->offset += part.size();
      connection->left -= part.size();
    }
  }
};

}  // namespace

std::unique_ptr<Skeleton> buffers_without_bound() {
  return std::make_unique<BuffersWithoutBound>();
}

}  // namespace closewait
