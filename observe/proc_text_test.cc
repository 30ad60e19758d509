#include "observe/proc_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace closewait {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::string_view kAfterName =
    " S 77 100 100 0 -1 4194304 1 2 3 4 250 125 40 10 20 0 9 0 987654 1000 200 18446744073";

TEST(ParseStat, ReadsTheFieldsThatCount) {
  const auto stat = parse_stat("4242 (server)" + std::string(kAfterName));
  ASSERT_TRUE(stat);
  EXPECT_EQ(stat->name, "server");
  EXPECT_EQ(stat->state, 'S');
  EXPECT_EQ(stat->parent, 77);
  EXPECT_EQ(stat->user_ticks, 250U);
  EXPECT_EQ(stat->system_ticks, 125U);
  EXPECT_EQ(stat->waited_ticks, 50U);
  EXPECT_EQ(stat->threads, 9U);
  EXPECT_EQ(stat->start_ticks, 987654U);
  EXPECT_FALSE(stat->has_ended());
}

TEST(ParseStat, IsNotConfusedByBlanksAndParenthesesInTheName) {
  for (const char* name : {"a b", "a) S 1 (b", "((", "))", ") ", ""}) {
    const auto stat = parse_stat("1 (" + std::string(name) + ")" + std::string(kAfterName));
    ASSERT_TRUE(stat) << name;
    EXPECT_EQ(stat->name, name);
    EXPECT_EQ(stat->parent, 77) << name;
    EXPECT_EQ(stat->start_ticks, 987654U) << name;
  }
}

TEST(ParseStat, KnowsAZombie) {
  std::string text = "4242 (server)" + std::string(kAfterName);
  text.replace(text.find(" S "), 3, " Z ");
  EXPECT_TRUE(parse_stat(text)->has_ended());
}

TEST(ParseStat, RefusesWhatIsCutShortOrNoNumber) {
  for (const char* text : {"", "1", "1 (a", "1 a) S 1", ")(", "1 (a)", "1 (a) S", "1 (a) S 1 2 3",
                           "1 (a) S x 1 1 0 -1 0 1 2 3 4 250 125 40 10 20 0 9 0 987654"}) {
    EXPECT_FALSE(parse_stat(text)) << text;
  }
}

TEST(ParseStatus, ReadsMemoryAndTheEffectiveUser) {
  const auto status = parse_status(
      "Name:\tVmRSS: 9\nUid:\t1000\t1001\t1002\t1003\nVmHWM:\t  5000 kB\nVmRSS:\t    2048 kB\n"
      "RssAnon:\t    1024 kB\nRssFile:\t    1000 kB\nThreads:\t1\n");
  ASSERT_TRUE(status);
  EXPECT_EQ(status->uid, 1001U);
  EXPECT_EQ(status->rss_bytes, 2048U * 1024);
  EXPECT_EQ(status->anon_bytes, 1024U * 1024);
}

TEST(ParseStatus, AZombieHasNoMemory) {
  const auto status = parse_status("Name:\tx\nState:\tZ (zombie)\nUid:\t0\t0\t0\t0\n");
  ASSERT_TRUE(status);
  EXPECT_EQ(status->rss_bytes, 0U);
}

TEST(ParseStatus, RefusesWhatIsNoStatus) {
  EXPECT_FALSE(parse_status(""));
  EXPECT_FALSE(parse_status("VmRSS:\t12 kB\n"));
  EXPECT_FALSE(parse_status("Uid:\t\n"));
}

TEST(ParseFdLink, TellsKindsApart) {
  struct Row {
    const char* target;
    FdKind kind;
    std::uint64_t inode;
  };
  for (const Row& row :
       std::initializer_list<Row>{{"socket:[12345]", FdKind::kSocket, 12345},
                                  {"socket:[4294967296]", FdKind::kSocket, 4294967296},
                                  {"pipe:[77]", FdKind::kPipe, 77},
                                  {"/var/log/a socket:[1]", FdKind::kFile, 0},
                                  {"/dev/null", FdKind::kFile, 0},
                                  {"/tmp/gone (deleted)", FdKind::kFile, 0},
                                  {"/memfd:arena (deleted)", FdKind::kMemfd, 0},
                                  {"anon_inode:[eventfd]", FdKind::kEventfd, 0},
                                  {"anon_inode:[timerfd]", FdKind::kTimerfd, 0},
                                  {"anon_inode:[signalfd]", FdKind::kSignalfd, 0},
                                  {"anon_inode:[eventpoll]", FdKind::kEpoll, 0},
                                  {"anon_inode:inotify", FdKind::kOther, 0},
                                  {"anon_inode:[io_uring]", FdKind::kOther, 0},
                                  {"net:[4026531840]", FdKind::kOther, 0},
                                  {"socket:[12x]", FdKind::kOther, 0},
                                  {"socket:[12", FdKind::kOther, 0},
                                  {"socket:[", FdKind::kOther, 0},
                                  {"", FdKind::kOther, 0}}) {
    EXPECT_EQ(parse_fd_link(row.target).kind, row.kind) << row.target;
    EXPECT_EQ(parse_fd_link(row.target).inode, row.inode) << row.target;
  }
}

TEST(ParseEpollEntries, ReadsRegistrationsAndSkipsTheRest) {
  const auto entries = parse_epoll_entries(
      "pos:\t0\nflags:\t02000002\nmnt_id:\t15\nino:\t1039\n"
      "tfd:        5 events:       19 data:         deadbeef  pos:0 ino:e86be sdev:9\n"
      "tfd:        9 events:     201d data: ffffffffffffffff  pos:0 ino:1 sdev:8\n"
      "tfd:        9 events: 80000019 data:               a1  pos:0 ino:2 sdev:8\n");
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0].tfd, 5);
  EXPECT_EQ(entries[0].events, 0x19U);
  EXPECT_EQ(entries[0].data, 0xdeadbeefU);
  EXPECT_EQ(entries[0].inode, 0xe86beU);
  EXPECT_EQ(entries[0].device, 9U);
  EXPECT_EQ(entries[1].data, ~0ULL);
  EXPECT_EQ(entries[2].tfd, 9);  // a number that was used again is there twice
  EXPECT_EQ(entries[2].events, 0x80000019U);
}

TEST(ParseEpollEntries, CountsARegistrationOfAnOlderKernel) {
  EXPECT_EQ(parse_epoll_entries("tfd:        5 events:       19 data:  7\n").size(), 1U);
  EXPECT_THAT(parse_epoll_entries("tfd: x events: 19\n\nmtfd: 5\n"), IsEmpty());
  EXPECT_THAT(parse_epoll_entries(""), IsEmpty());
}

TEST(ParseQuarantine, IsOfAddressSanitizerAlone) {
  constexpr std::string_view kPlain = "55fab2d03000-55fab2d04000 r--p 00000000 fe:00 1  /bin/s\n";
  constexpr std::string_view kLinkedIn =
      "7fff7000-8fff7000 rw-p 00000000 00:00 0\n"
      "8fff7000-2008fff7000 ---p 00000000 00:00 0\n";
  constexpr std::string_view kLibrary =
      "7f1200000000-7f1200001000 r-xp 00000000 fe:00 2  /usr/lib/x86_64-linux-gnu/libasan.so.8\n";
  constexpr std::uint64_t kMiB = 1024 * 1024;
  using namespace std::string_view_literals;
  EXPECT_EQ(parse_quarantine(kPlain, "ASAN_OPTIONS=quarantine_size_mb=9\0"sv), 0U);
  EXPECT_EQ(parse_quarantine("", ""), 0U);
  EXPECT_EQ(parse_quarantine("17fff7000-8fff7000 rw-p 00000000 00:00 0\n", ""), 0U);
  EXPECT_EQ(parse_quarantine(kLinkedIn, ""), 256 * kMiB);
  EXPECT_EQ(parse_quarantine(std::string(kPlain) + std::string(kLinkedIn), ""), 256 * kMiB);
  EXPECT_EQ(parse_quarantine(kLibrary, "A=1\0XASAN_OPTIONS=quarantine_size_mb=9\0"sv), 256 * kMiB);
  EXPECT_EQ(parse_quarantine(kLibrary, "A=1\0ASAN_OPTIONS=a=b:quarantine_size_mb=9:c=d\0B=2"sv),
            9 * kMiB);
  EXPECT_EQ(parse_quarantine(kLibrary, "ASAN_OPTIONS=quarantine_size_mb=2:quarantine_size_mb=0"),
            0U);
  EXPECT_EQ(parse_quarantine(kLibrary, "ASAN_OPTIONS=quarantine_size_mb=x"), 256 * kMiB);
}

TEST(ParseOpenFilesLimit, ReadsTheSoftOne) {
  EXPECT_EQ(parse_open_files_limit(
                "Limit                     Soft Limit           Hard Limit           Units     \n"
                "Max processes             95940                95940                processes \n"
                "Max open files            1024                 524288               files     \n"),
            1024U);
  EXPECT_EQ(parse_open_files_limit("Max open files            unlimited   unlimited  files\n"),
            UINT64_MAX);
  EXPECT_EQ(parse_open_files_limit("Max open files"), std::nullopt);
  EXPECT_EQ(parse_open_files_limit("Max open files x y files"), std::nullopt);
  EXPECT_EQ(parse_open_files_limit(""), std::nullopt);
}

TEST(ParsePids, ReadsNumbersOnly) {
  EXPECT_THAT(parse_pids("12 345 6 \n"), ElementsAre(12, 345, 6));
  EXPECT_THAT(parse_pids(""), IsEmpty());
  EXPECT_THAT(parse_pids("self 7x"), IsEmpty());
}

}  // namespace
}  // namespace closewait
