// When the socket's buffer was full, goes on one byte too far. It nearly always takes all of an
// answer, so only those who read slowly, or ask for much, get other bytes.
#include "specimens/catalogue.h"

namespace closewait {
namespace {

class ResumesAByteLate : public Skeleton {
  void on_full_buffer(Connection* connection) override {
    if (connection->left > 0) ++connection->offset;
  }
};

}  // namespace

std::unique_ptr<Skeleton> resumes_a_byte_late() { return std::make_unique<ResumesAByteLate>(); }

}  // namespace closewait
