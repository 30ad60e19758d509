#include "report/host_fault_sentence.h"

#include <gtest/gtest.h>

namespace closewait {
namespace {

TEST(HostFaultSentence, SaysWhatWasDoneToHowMany) {
  HostFault freeze{.at = 2, .until = 2.5, .processes = 1, .undone = true};
  EXPECT_EQ(sentence_of(freeze), "freeze of 1 process for 500ms");
  freeze.processes = 5;
  EXPECT_EQ(sentence_of(freeze), "freeze of 5 processes for 500ms");
  const HostFault kill{.fault = HostFaultKind::kKillSockets, .sockets = 1'200, .undone = true};
  EXPECT_EQ(sentence_of(kill), "kill_sockets of 1,200 sockets");
}

TEST(HostFaultSentence, SaysWhatWentWrong) {
  EXPECT_EQ(sentence_of({.fault = HostFaultKind::kFewDescriptors,
                         .processes = 1,
                         .undone = true,
                         .error = "no process was seen at its limit"}),
            "few_descriptors of 1 process; it does not count: no process was seen at its "
            "limit");
  EXPECT_EQ(sentence_of({.at = 1, .until = 2, .processes = 2}),
            "freeze of 2 processes for 1s; NOT UNDONE");
}

}  // namespace
}  // namespace closewait
