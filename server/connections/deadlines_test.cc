#include "server/connections/deadlines.h"

#include <gtest/gtest.h>

namespace closewait {
namespace {

using Input = Deadlines::Input;
using std::chrono::seconds;

constexpr Timeouts kTimeouts{.idle = seconds(1),
                             .head = seconds(2),
                             .body = seconds(3),
                             .write = seconds(4),
                             .linger = seconds(5)};

Instant at(int second) { return Instant(seconds(second)); }

TEST(Deadlines, EachInputHasItsOwn) {
  struct Row {
    Input input;
    int by;
    CloseReason reason;
  };
  for (const Row& row : {Row{Input::kRequest, 101, CloseReason::kIdle},
                         Row{Input::kHead, 102, CloseReason::kSlowHead},
                         Row{Input::kBody, 103, CloseReason::kSlowBody},
                         Row{Input::kClose, 105, CloseReason::kSlowClose}}) {
    Deadlines deadlines(kTimeouts);
    deadlines.expect(row.input, 1, 0, at(100));
    EXPECT_EQ(deadlines.next(), at(row.by));
    EXPECT_EQ(deadlines.missed(), row.reason);
    deadlines.expect(Input::kNothing, 1, 0, at(100));
    EXPECT_EQ(deadlines.next(), Instant::max());
  }
}

TEST(Deadlines, AByteNowAndThenMovesNone) {
  for (const Input input : {Input::kHead, Input::kClose}) {
    Deadlines deadlines(kTimeouts);
    deadlines.expect(input, 1, 0, at(100));
    const Instant first = deadlines.next();
    deadlines.expect(input, 1, 0, at(101));
    EXPECT_EQ(deadlines.next(), first);
  }
}

TEST(Deadlines, ABodyIsNeverLateWhileItComesAtAKibibyteASecond) {
  Deadlines deadlines(kTimeouts);
  deadlines.expect(Input::kBody, 1, 0, at(100));
  deadlines.expect(Input::kBody, 1, 10, at(102));
  EXPECT_LT(deadlines.next(), at(104));
  deadlines.expect(Input::kBody, 1, 10 * 1024, at(110));
  EXPECT_EQ(deadlines.next(), at(113));
}

TEST(Deadlines, StartAgainWithEachStep) {
  Deadlines deadlines(kTimeouts);
  deadlines.expect(Input::kHead, 1, 0, at(100));
  deadlines.expect(Input::kHead, 2, 0, at(101));
  EXPECT_EQ(deadlines.next(), at(103)) << "the head of the next request";
}

TEST(Deadlines, TakingAnythingOwedMovesOnlyThatOne) {
  Deadlines deadlines(kTimeouts);
  deadlines.expect(Input::kNothing, 1, 0, at(100));
  deadlines.expect_reading(true, false, at(100));
  EXPECT_EQ(deadlines.next(), at(104));
  EXPECT_EQ(deadlines.missed(), CloseReason::kSlowRead);
  deadlines.expect_reading(true, false, at(101));
  EXPECT_EQ(deadlines.next(), at(104));
  deadlines.expect_reading(true, true, at(102));
  EXPECT_EQ(deadlines.next(), at(106));
  deadlines.expect(Input::kBody, 1, 0, at(102));
  EXPECT_EQ(deadlines.next(), at(105));
  deadlines.expect_reading(true, true, at(104));
  EXPECT_EQ(deadlines.next(), at(105)) << "reading slowly must not buy time for the body";
  EXPECT_EQ(deadlines.missed(), CloseReason::kSlowBody);
  deadlines.expect_reading(false, true, at(104));
  EXPECT_EQ(deadlines.next(), at(105));
}

}  // namespace
}  // namespace closewait
