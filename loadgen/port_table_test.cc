#include "loadgen/port_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <set>
#include <thread>

namespace closewait {
namespace {

using std::chrono::milliseconds;
using Slot = PortTable::Slot;

SocketAddress source(std::string_view ip) { return SocketAddress::parse_ip(ip, 0).value(); }

Instant at(int milliseconds_since_start) {
  return Instant(std::chrono::seconds(1000) + milliseconds(milliseconds_since_start));
}

std::vector<Slot> outstanding_in(const PortTable& table) {
  std::vector<Slot> slots;
  table.outstanding([&](Slot slot, const PortTable::Connection&) { slots.push_back(slot); });
  EXPECT_EQ(table.outstanding_count(), slots.size());
  return slots;
}

// A table of one worker with ports 40000 to 40009 of one source, and a connection in it.
class PortTableTest : public testing::Test {
 protected:
  Slot open(std::uint64_t number = 7, std::uint32_t behaviour = 3) {
    const Slot slot = table_.take(0).value();
    table_.opening(slot, number, behaviour);
    return slot;
  }
  Endpoint endpoint_of(Slot slot) { return Endpoint::of(table_.address_of(slot)); }
  bool is_free(Slot wanted) {
    for (std::size_t i = 0; i < table_.size(); ++i) {
      if (table_.take(0) == wanted) return true;
    }
    return false;
  }

  PortTable table_{{source("127.0.0.2")}, {40000, 40009}, 1};
};

TEST(PortTable, KeepsOutOfReservedPorts) {
  const PortTable::Range ports{40000, 40009, {40000, 40003, 40004}};
  EXPECT_EQ(ports.usable(), 7U);
  PortTable table({source("127.0.0.2"), source("127.0.0.3")}, ports, 1);
  std::set<std::string> taken;
  while (const auto slot = table.take(0)) {
    table.opening(*slot, 1, 0);
    EXPECT_TRUE(taken.insert(table.address_of(*slot).to_string()).second);
  }
  EXPECT_EQ(taken.size(), 14U);
  for (const char* port : {"40000", "40003", "40004"}) {
    EXPECT_FALSE(taken.contains("127.0.0.2:" + std::string(port)));
    EXPECT_FALSE(taken.contains("127.0.0.3:" + std::string(port)));
  }
  const auto stranger = SocketAddress::parse_ip("127.0.0.2", 40003).value();
  EXPECT_FALSE(table.destroyed(Endpoint::of(stranger), at(1)));
  EXPECT_THAT(outstanding_in(table), testing::IsEmpty());
}

TEST_F(PortTableTest, ReapsWhenTheServerSideGoesLast) {
  const Slot slot = open();
  EXPECT_FALSE(is_free(slot));
  EXPECT_FALSE(table_.client_ended(slot, {.at = at(10)}));
  EXPECT_FALSE(is_free(slot));
  EXPECT_THAT(outstanding_in(table_), testing::ElementsAre(slot));
  const auto reaped = table_.destroyed(endpoint_of(slot), at(35));
  ASSERT_TRUE(reaped);
  EXPECT_EQ(reaped->behaviour, 3U);
  EXPECT_EQ(reaped->after, milliseconds(25));
  EXPECT_TRUE(is_free(slot));
  EXPECT_THAT(outstanding_in(table_), testing::IsEmpty());
}

TEST_F(PortTableTest, ReapsWhenTheServerSideGoesFirst) {
  const Slot slot = open();
  EXPECT_FALSE(table_.destroyed(endpoint_of(slot), at(10)));
  EXPECT_FALSE(is_free(slot));  // our own socket still holds the port
  EXPECT_THAT(outstanding_in(table_), testing::IsEmpty());
  const auto reaped = table_.client_ended(slot, {.at = at(50)});
  ASSERT_TRUE(reaped);
  EXPECT_EQ(reaped->behaviour, 3U);
  EXPECT_EQ(reaped->after, Nanoseconds(0));
  EXPECT_TRUE(is_free(slot));
}

// The client's instant is noted just before its close(), the event comes on another thread.
TEST_F(PortTableTest, CountsTheTimeWhenTheEventIsReadBeforeTheClientSaysThatItEnded) {
  const Slot slot = open();
  EXPECT_FALSE(table_.destroyed(endpoint_of(slot), at(52)));
  EXPECT_EQ(table_.client_ended(slot, {.at = at(50)})->after, milliseconds(2));
}

TEST_F(PortTableTest, ATimeBeforeTheClientsEndIsNone) {
  const Slot slot = open();
  EXPECT_FALSE(table_.client_ended(slot, {.at = at(50)}));
  EXPECT_EQ(table_.destroyed(endpoint_of(slot), at(49))->after, Nanoseconds(0));
}

TEST_F(PortTableTest, NamesWhatIsOutstanding) {
  const Slot slot = open(4711, 2);
  open(4712, 2);  // its client lives
  EXPECT_FALSE(table_.client_ended(slot, {.at = at(10), .abandoned = true}));
  int calls = 0;
  table_.outstanding([&](Slot named, const PortTable::Connection& connection) {
    ++calls;
    EXPECT_EQ(named, slot);
    EXPECT_EQ(connection.number, 4711U);
    EXPECT_EQ(connection.behaviour, 2U);
    EXPECT_EQ(connection.ended, at(10));
    EXPECT_TRUE(connection.abandoned);
  });
  EXPECT_EQ(calls, 1);
}

TEST_F(PortTableTest, FreesWhatNeverOpenedAndWhatIsForgotten) {
  const Slot refused = open();
  table_.never_opened(refused);
  EXPECT_TRUE(is_free(refused));
  const Slot judged = open();
  EXPECT_FALSE(table_.client_ended(judged, {.at = at(10)}));
  table_.forget(judged);
  EXPECT_THAT(outstanding_in(table_), testing::IsEmpty());
  EXPECT_TRUE(is_free(judged));
  // An event that comes after all is nobody's.
  EXPECT_FALSE(table_.destroyed(endpoint_of(judged), at(20)));
}

TEST_F(PortTableTest, IgnoresEventsOfOthers) {
  const Slot slot = open();
  EXPECT_FALSE(table_.client_ended(slot, {.at = at(10)}));
  for (const std::string_view other :
       {"127.0.0.2:39999", "127.0.0.2:40010", "127.0.0.3:40000", "127.0.0.2:0", "[::2]:40000",
        "127.0.0.2:65535", "127.0.0.2:40009"}) {
    EXPECT_FALSE(table_.destroyed(Endpoint::of(SocketAddress::parse(other).value()), at(20)))
        << other;
  }
  EXPECT_THAT(outstanding_in(table_), testing::ElementsAre(slot));
}

TEST_F(PortTableTest, ASecondEventOfAConnectionIsNobodys) {
  const Slot slot = open();
  EXPECT_FALSE(table_.destroyed(endpoint_of(slot), at(10)));
  EXPECT_FALSE(table_.destroyed(endpoint_of(slot), at(11)));
  EXPECT_TRUE(table_.client_ended(slot, {.at = at(20)}));
  EXPECT_FALSE(table_.destroyed(endpoint_of(slot), at(21)));
}

// A dual-stack server names an IPv4 peer ::ffff:a.b.c.d.
TEST_F(PortTableTest, KnowsAMappedAddress) {
  const Slot slot = open();
  EXPECT_FALSE(table_.client_ended(slot, {.at = at(10)}));
  const std::array<std::uint8_t, 16> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 127, 0, 0, 2};
  const auto port = table_.address_of(slot).port();
  EXPECT_TRUE(table_.destroyed(Endpoint::from_bytes(AF_INET6, mapped.data(), port), at(20)));
}

TEST_F(PortTableTest, HasNoneLeftWhenAllLive) {
  std::set<Slot> slots;
  for (std::size_t i = 0; i < table_.size(); ++i) slots.insert(open());
  EXPECT_EQ(slots.size(), 10U);
  EXPECT_FALSE(table_.take(0));
  // One free in the middle is found from wherever the search begins.
  const Slot freed = *std::next(slots.begin(), 4);
  table_.never_opened(freed);
  EXPECT_EQ(table_.take(0), freed);
  EXPECT_EQ(table_.take(0), freed);
}

TEST(PortTable, GoesRoundOverSourcesAndPorts) {
  PortTable table({source("127.0.0.2"), source("127.0.0.3"), source("::1")}, {50000, 50001}, 1);
  EXPECT_EQ(table.size(), 6U);
  std::vector<std::string> taken;
  for (int i = 0; i < 7; ++i) {
    const Slot slot = table.take(0).value();
    taken.push_back(table.address_of(slot).to_string());
    table.opening(slot, 1, 0);
    table.never_opened(slot);
  }
  EXPECT_THAT(taken, testing::ElementsAre("127.0.0.2:50000", "127.0.0.3:50000", "[::1]:50000",
                                          "127.0.0.2:50001", "127.0.0.3:50001", "[::1]:50001",
                                          "127.0.0.2:50000"));
}

TEST(PortTable, FindsTheSlotOfEachAddress) {
  PortTable table({source("127.0.0.2"), source("127.0.0.3")}, {65533, 65535}, 1);
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    const Slot slot = table.take(0).value();
    table.opening(slot, i, i);
    EXPECT_FALSE(table.client_ended(slot, {.at = at(1)}));
    EXPECT_EQ(table.destroyed(Endpoint::of(table.address_of(slot)), at(2))->behaviour, i);
  }
}

// Workers share the table without sharing a slot, and each finds every one of its own.
TEST(PortTable, GivesEachWorkerItsOwnSlots) {
  for (const std::uint16_t high :
       {std::uint16_t{40000}, std::uint16_t{40001}, std::uint16_t{40006}, std::uint16_t{40007}}) {
    for (const std::size_t workers : {1U, 2U, 3U, 4U}) {
      PortTable table({source("127.0.0.2")}, {40000, high}, workers);
      std::set<Slot> all;
      for (std::size_t worker = 0; worker < workers; ++worker) {
        while (const auto slot = table.take(worker)) {
          ASSERT_TRUE(all.insert(*slot).second);
          table.opening(*slot, 1, 0);
        }
      }
      EXPECT_EQ(all.size(), table.size()) << workers << " workers";
    }
  }
}

// One thread opens and ends connections, another reads their destroy events, in every order. Each
// connection is reaped exactly once, and by its own behaviour's number.
TEST(PortTable, ReapsEachConnectionOnceFromTwoThreads) {
  constexpr std::uint32_t kConnections = 20000;
  PortTable table({source("127.0.0.2")}, {40000, 40015}, 1);
  std::array<std::atomic<std::uint32_t>, 16> newest{};  // of each slot, plus one
  std::atomic<std::uint64_t> reaped_by_events{0};
  std::thread events([&] {
    std::array<std::uint32_t, 16> seen{};
    std::uint32_t destroyed = 0;
    while (destroyed < kConnections) {
      for (Slot slot = 0; slot < 16; ++slot) {
        const std::uint32_t number = newest[slot].load(std::memory_order_acquire);
        if (number == seen[slot]) continue;
        seen[slot] = number;
        ++destroyed;
        const auto reaped = table.destroyed(Endpoint::of(table.address_of(slot)), Clock::now());
        if (!reaped) continue;
        EXPECT_EQ(reaped->behaviour, number);
        reaped_by_events.fetch_add(1);
      }
    }
  });
  std::uint64_t reaped_by_clients = 0;
  for (std::uint32_t number = 1; number <= kConnections;) {
    const auto slot = table.take(0);
    if (!slot) {
      std::this_thread::yield();
      continue;
    }
    table.opening(*slot, number, number);
    newest[*slot].store(number, std::memory_order_release);
    if (number % 3 == 0) std::this_thread::yield();
    if (const auto reaped = table.client_ended(*slot, {.at = Clock::now()})) {
      EXPECT_EQ(reaped->behaviour, number);
      ++reaped_by_clients;
    }
    ++number;
  }
  events.join();
  EXPECT_EQ(reaped_by_events + reaped_by_clients, kConnections);
  EXPECT_THAT(outstanding_in(table), testing::IsEmpty());
}

}  // namespace
}  // namespace closewait
