// The input path of every service, fed with bytes in arbitrary cuts. The first byte chooses the
// service, the second the longest piece; every input has to end in one counted close with bounded
// memory. Built with -DCLOSEWAIT_FUZZ=ON by clang.
#include <cstdlib>

#include "server/cuts_for_tests.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace closewait;
  if (size < 2) return 0;
  const std::string_view service = data[0] % 4 == 0 ? "echo" : "http";
  const std::size_t step = 1 + data[1] % 64 + size / 64;
  std::string_view input(reinterpret_cast<const char*>(data) + 2, size - 2);
  std::vector<std::string_view> pieces;
  while (!input.empty()) {
    pieces.push_back(input.substr(0, step));
    input.remove_prefix(pieces.back().size());
  }
  const CutsResult result = Cuts(service).play(pieces);
  if (!result.closed || result.buffered_at_most > 1024 * 1024) std::abort();
  return 0;
}
