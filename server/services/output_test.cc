#include "server/services/output.h"

#include <gtest/gtest.h>

#include <array>

#include "server/tests/peer_for_tests.h"

namespace closewait {
namespace {

// What a peer gets that takes `step` bytes at a time.
std::string written(Output& output, std::size_t step) {
  std::string all;
  std::array<iovec, 3> pieces;
  while (!output.empty()) {
    const std::size_t count = output.gather(pieces);
    std::string some;
    for (std::size_t i = 0; i < count; ++i) {
      some.append(static_cast<const char*>(pieces[i].iov_base), pieces[i].iov_len);
    }
    some.resize(std::min(step, some.size()));
    output.consume(some.size());
    all += some;
  }
  return all;
}

TEST(Output, IsWrittenInOrderHoweverItIsCut) {
  for (const std::size_t step : {1UL, 2UL, 3UL, 7UL, 1000UL, 1UL << 20}) {
    Output output;
    output.append("one");
    output.append_pattern(0, 70000);
    output.append("two");
    output.append("three");
    output.append_pattern(5, 10);
    EXPECT_EQ(written(output, step),
              "one" + pattern_text(70000) + "twothree" + pattern_text(15).substr(5))
        << step;
  }
}

TEST(Output, OwesATerabyteInAFewBytes) {
  Output output;
  output.append_pattern(0, std::uint64_t{1} << 40);
  EXPECT_EQ(output.owed(), std::uint64_t{1} << 40);
  EXPECT_EQ(output.buffered(), 0U);
  EXPECT_TRUE(output.full());
}

TEST(Output, IsFullFromTheHighMarkToTheLowOne) {
  Output output;
  output.append(std::string(Output::kHighMark - 1, 'x'));
  EXPECT_FALSE(output.full());
  output.append("x");
  EXPECT_TRUE(output.full());
  output.consume(Output::kHighMark - Output::kLowMark - 1);
  EXPECT_TRUE(output.full());
  output.consume(1);
  EXPECT_FALSE(output.full());
}

TEST(Output, ForgetsWhatIsWrittenThoughItNeverRunsEmpty) {
  Output output;
  output.append(std::string(1000, 'x'));
  for (int i = 0; i < 10000; ++i) {
    output.append(std::string(1000, 'x'));
    output.consume(1000);
    ASSERT_LE(output.buffered(), 2000U);
  }
}

}  // namespace
}  // namespace closewait
