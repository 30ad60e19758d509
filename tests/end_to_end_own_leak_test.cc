// A rig that leaks sees it in itself, and relies on nothing that it measured.

#include <gmock/gmock.h>

#include <cstdlib>

#include "tests/rig_run.h"

namespace closewait {
namespace {

using ::testing::Contains;
using testing::Ended;
using ::testing::HasSubstr;

class OwnLeak : public testing::RigRun {
 protected:
  // Six short cycles of a rig that leaks this; nothing when it does not.
  [[nodiscard]] Ended run_leaking(const char* what) {
    // AddressSanitizer wants to be the first library, and keeps what was freed for a while.
    ::setenv("ASAN_OPTIONS", "verify_asan_link_order=0:quarantine_size_mb=1", 1);
    if (what != nullptr) {
      ::setenv("CLOSEWAIT_TEST_LEAK", what, 1);
      ::setenv("LD_PRELOAD", CLOSEWAIT_LEAKING_CLOSE, 1);
    }
    const auto program =
        start_run({write("own.yaml",
                         "name: own\n"
                         "seed: 7\n"
                         "target: {start: closewait-server --service http --listen 127.0.0.1:0}\n"
                         "load: {arrivals: even}\n"
                         "warm_up: {for: 200ms, rate: 50/s, clients: {polite: 1}}\n"
                         "cycle:\n"
                         "  - {name: storm, for: 1s, rate: 600/s, clients: {polite: 1}}\n"
                         "  - {name: rest, settle: 10s, quiet: 200ms}\n"
                         "repeat: 6\n")});
    ::unsetenv("LD_PRELOAD");
    ::unsetenv("CLOSEWAIT_TEST_LEAK");
    return finish(*program);
  }
  static std::vector<std::string> reasons(const Ended& ended) {
    return ended.result["inconclusive_because"];
  }
};

TEST_F(OwnLeak, OfDescriptors) {
  const Ended ended = run_leaking("fd");
  EXPECT_EQ(ended.status, 3) << ended.output << ended.errors;
  EXPECT_THAT(reasons(ended), Contains(HasSubstr("the rig itself leaked descriptors")));
}

TEST_F(OwnLeak, OfMemory) {
  const Ended ended = run_leaking("memory");
  EXPECT_EQ(ended.status, 3) << ended.output << ended.errors;
  EXPECT_THAT(reasons(ended), Contains(HasSubstr("the rig itself leaked memory")));
}

TEST_F(OwnLeak, IsNotSeenInTheRigAsItIs) {
  const Ended ended = run_leaking(nullptr);
  EXPECT_EQ(ended.status, 0) << ended.output << ended.errors;
  for (const auto& rest : ended.result["rests"]) EXPECT_EQ(rest["rig"]["processes"], 1);
}

}  // namespace
}  // namespace closewait
