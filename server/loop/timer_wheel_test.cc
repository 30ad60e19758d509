#include "server/loop/timer_wheel.h"

#include <gmock/gmock.h>

#include <memory>
#include <vector>

namespace closewait {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

struct Fired : TimerHandler {
  void on_expiry(std::uint32_t key) override {
    keys.push_back(key);
    if (victim) victim.reset();
  }
  std::vector<std::uint32_t> keys;
  std::unique_ptr<Timer> victim;
};

const Instant kStart{seconds(1000)};

TEST(TimerWheel, FiresAtTheDeadlineAndAtMostOneTickLater) {
  TimerWheel wheel(kStart);
  Fired fired;
  Timer timer(wheel, fired, 7);
  timer.expire_at(kStart + milliseconds(220));
  wheel.expire(kStart + milliseconds(219));
  EXPECT_THAT(fired.keys, IsEmpty());
  wheel.expire(kStart + milliseconds(220) + TimerWheel::kTick);
  EXPECT_THAT(fired.keys, ElementsAre(7));
  wheel.expire(kStart + seconds(500));
  EXPECT_THAT(fired.keys, ElementsAre(7)) << "it fires once";
  EXPECT_FALSE(wheel.next());
}

TEST(TimerWheel, FollowsADeadlineThatMovesAwayOrNearer) {
  TimerWheel wheel(kStart);
  Fired fired;
  Timer later(wheel, fired, 1);
  Timer sooner(wheel, fired, 2);
  later.expire_at(kStart + seconds(1));
  later.expire_at(kStart + seconds(9));
  sooner.expire_at(kStart + seconds(9));
  sooner.expire_at(kStart + seconds(1));
  wheel.expire(kStart + seconds(2));
  EXPECT_THAT(fired.keys, ElementsAre(2));
  wheel.expire(kStart + seconds(10));
  EXPECT_THAT(fired.keys, ElementsAre(2, 1));
}

TEST(TimerWheel, KeepsDeadlinesLongerThanOnceAround) {
  TimerWheel wheel(kStart);
  Fired fired;
  Timer timer(wheel, fired, 1);
  timer.expire_at(kStart + seconds(1000));
  for (int second = 1; second < 1000; ++second) wheel.expire(kStart + seconds(second));
  EXPECT_THAT(fired.keys, IsEmpty());
  wheel.expire(kStart + seconds(1001));
  EXPECT_THAT(fired.keys, ElementsAre(1));
}

TEST(TimerWheel, WakesInTimeAndNotForNothing) {
  TimerWheel wheel(kStart);
  Fired fired;
  EXPECT_FALSE(wheel.next());
  Timer timer(wheel, fired, 1);
  timer.expire_at(kStart + seconds(3));
  EXPECT_EQ(wheel.next(), kStart + seconds(3));
  timer.expire_at(kStart + seconds(5));
  wheel.expire(kStart + seconds(3));
  EXPECT_EQ(wheel.next(), kStart + seconds(5));
  timer.cancel();
  wheel.expire(kStart + seconds(6));
  EXPECT_THAT(fired.keys, IsEmpty());
}

TEST(TimerWheel, AHandlerMayDestroyATimerThatIsDueToo) {
  TimerWheel wheel(kStart);
  Fired fired;
  Timer first(wheel, fired, 1);
  first.expire_at(kStart + seconds(1));
  fired.victim = std::make_unique<Timer>(wheel, fired, 2);
  fired.victim->expire_at(kStart + seconds(1));
  wheel.expire(kStart + seconds(2));
  EXPECT_THAT(fired.keys, ElementsAre(1));
}

}  // namespace
}  // namespace closewait
