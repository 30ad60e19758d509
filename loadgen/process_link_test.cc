#include "loadgen/process_link.h"

#include <gtest/gtest.h>

#include <thread>

namespace closewait {
namespace {

namespace errc = boost::system::errc;

TEST(ProcessLink, CarriesLinesInTheirOrderOneByOne) {
  auto [one, other] = ProcessLink::make();
  EXPECT_FALSE(one.send("first"));
  EXPECT_FALSE(one.send(""));
  EXPECT_FALSE(one.send("third"));
  EXPECT_EQ(other.receive().value(), "first");
  EXPECT_EQ(other.receive().value(), "");
  EXPECT_EQ(other.receive().value(), "third");
}

// More than the kernel holds, so that both ends wait for each other.
TEST(ProcessLink, CarriesALineOfAnyLength) {
  auto [one, other] = ProcessLink::make();
  const std::string line(20'000'000, 'x');
  std::thread sender([&one = one, &line] { EXPECT_FALSE(one.send(line)); });
  EXPECT_EQ(other.receive().value(), line);
  sender.join();
}

TEST(ProcessLink, WaitsNoLongerThanTheDeadline) {
  auto [one, other] = ProcessLink::make();
  const Instant deadline = Clock::now() + std::chrono::milliseconds(20);
  EXPECT_EQ(other.receive(deadline).error(), errc::timed_out);
  EXPECT_EQ(one.send(std::string(20'000'000, 'x'), deadline), errc::timed_out);
}

TEST(ProcessLink, TellsThatTheOtherEndIsGone) {
  auto [one, other] = ProcessLink::make();
  EXPECT_FALSE(one.send("last words"));
  { const ProcessLink closed = std::move(one); }
  EXPECT_EQ(other.receive().value(), "last words");
  EXPECT_EQ(other.receive().error(), errc::broken_pipe);
  EXPECT_EQ(other.send("too late"), errc::broken_pipe);
}

}  // namespace
}  // namespace closewait
