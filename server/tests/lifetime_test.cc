#include <gmock/gmock.h>
#include <sys/eventfd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <numeric>

#include "server/tests/table_for_tests.h"

namespace closewait {
namespace {

using std::chrono::milliseconds;
using testing::StartsWith;

// What the kernel holds for this process.
struct Held {
  std::size_t descriptors = 0;
  std::size_t registrations = 0;  // in all its epoll sets

  friend bool operator==(const Held&, const Held&) = default;
  friend void PrintTo(const Held& held, std::ostream* out) {
    *out << held.descriptors << " descriptors, " << held.registrations << " registrations";
  }
};

Held held() {
  Held all;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fdinfo")) {
    ++all.descriptors;
    std::ifstream info(entry.path());
    for (std::string line; std::getline(info, line);) all.registrations += line.starts_with("tfd:");
  }
  return all;
}

constexpr std::string_view kRequest = "GET /bytes/1000 HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view kLastRequest =
    "GET /bytes/1000 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
constexpr std::string_view kRefused = "GET /none HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view kLargeRequest = "GET /bytes/50000000 HTTP/1.1\r\nHost: a\r\n\r\n";

// A server with one seat, which a connection gives back when it is destroyed: an object that
// stayed would leave no room for the next peer.
class Lifetime : public ConnectionTableTest {
 public:
  Lifetime() : ConnectionTableTest("http") {
    options_.timeouts.idle = milliseconds(300);
    options_.timeouts.linger = milliseconds(300);
    open_listener();
  }

  void open_listener() {
    auto listeners =
        open_listeners({address_.port() == 0 ? *SocketAddress::parse("127.0.0.1:0") : address_}, 1);
    address_ = listeners.front().address;
    acceptor_.emplace(std::move(listeners.front()), loop_, only_, counters_, capacity_.reserve);
  }
  [[nodiscard]] Peer connected() {
    Peer peer(address_);
    EXPECT_TRUE(turn_until([&] { return only_.size() == 1; }));
    return peer;
  }
  // Turns the loop until something can be read, or has ended.
  [[nodiscard]] std::string receive(Peer& peer) {
    pollfd readable{.fd = peer.fd(), .events = POLLIN, .revents = 0};
    EXPECT_TRUE(turn_until([&] { return ::poll(&readable, 1, 0) == 1; }));
    return peer.receive();
  }
  [[nodiscard]] std::string answer_to(std::string_view request, Peer& peer) {
    EXPECT_TRUE(peer.send(request));
    return receive(peer);
  }
  [[nodiscard]] bool ended() {
    return turn_until([&] { return only_.size() == 0; });
  }
  [[nodiscard]] std::uint64_t closed() const {
    const auto add = [](std::uint64_t sum, const Counter& one) { return sum + one.value(); };
    return std::accumulate(counters_.closed.begin(), counters_.closed.end(), std::uint64_t{0}, add);
  }
  void expect_room_for_the_next() {
    Peer peer = connected();
    EXPECT_THAT(answer_to(kRequest, peer), StartsWith("HTTP/1.1 200 ")) << "an object stayed";
    peer.close();
    EXPECT_TRUE(ended());
  }

  Capacity one_{1, 1};
  ConnectionTable only_{loop_, options_, counters_, one_};
};

struct End {
  const char* name;
  void (*make)(Lifetime& server, Peer& peer);
};

const End kEnds[] = {
    {"reset", [](Lifetime&, Peer& peer) { peer.reset(); }},
    {"reset in the answer",
     [](Lifetime& server, Peer& peer) {
       EXPECT_THAT(server.answer_to(kLargeRequest, peer), StartsWith("HTTP/1.1 200 "));
       peer.reset();
     }},
    {"closed", [](Lifetime&, Peer& peer) { peer.close(); }},
    {"closed with the answer unread",
     [](Lifetime&, Peer& peer) {
       EXPECT_TRUE(peer.send(kLargeRequest));
       peer.close();
     }},
    {"half-closed",
     [](Lifetime& server, Peer& peer) {
       EXPECT_TRUE(peer.send(kRequest));
       peer.shut_down_sending();
       EXPECT_THAT(server.receive(peer), StartsWith("HTTP/1.1 200 "));
     }},
    {"ended by the server first",
     [](Lifetime& server, Peer& peer) {
       EXPECT_THAT(server.answer_to(kRefused, peer), StartsWith("HTTP/1.1 404 "));
       peer.close();
     }},
    {"ended by the server, and the peer stays",
     [](Lifetime& server, Peer& peer) {
       EXPECT_THAT(server.answer_to(kRefused, peer), StartsWith("HTTP/1.1 404 "));
     }},
    {"ended by the server, as the peer has asked",
     [](Lifetime& server, Peer& peer) {
       EXPECT_THAT(server.answer_to(kLastRequest, peer), StartsWith("HTTP/1.1 200 "));
     }},
    {"idle", [](Lifetime&, Peer&) {}},
    {"shut down while it owes",
     [](Lifetime& server, Peer& peer) {
       EXPECT_THAT(server.answer_to(kLargeRequest, peer), StartsWith("HTTP/1.1 200 "));
       server.only_.destroy_all(CloseReason::kShutdown);
     }},
};

TEST_F(Lifetime, EveryEndFreesDescriptorRegistrationAndObjectOnce) {
  expect_room_for_the_next();
  const Held before = held();
  for (const End& end : kEnds) {
    SCOPED_TRACE(end.name);
    const std::uint64_t closed_before = closed();
    Peer peer = connected();
    end.make(*this, peer);
    ASSERT_TRUE(ended());
    peer.close();
    EXPECT_EQ(held(), before);
    EXPECT_EQ(closed() - closed_before, 1U);
    expect_room_for_the_next();
  }
  EXPECT_EQ(closed(), counters_.accepted.value());
}

TEST_F(Lifetime, ARefusedPeerLeavesNothingAndHarmsNobody) {
  options_.timeouts.idle = std::chrono::minutes(1);  // it is not this that ends the one that stays
  expect_room_for_the_next();
  Peer kept = connected();
  const Held before = held();
  for (int i = 0; i < 50; ++i) {
    Peer refused(address_);
    EXPECT_THAT(receive(refused), StartsWith("HTTP/1.1 503 "));
    refused.close();
  }
  EXPECT_TRUE(turn_until([&] { return only_.size() == 1; }));
  EXPECT_EQ(held(), before);
  EXPECT_THAT(answer_to(kRequest, kept), StartsWith("HTTP/1.1 200 "));
}

// The deadline has passed and the peer has reset, both unheard of until the next turn; then the
// server ends too.
TEST_F(Lifetime, SeveralReasonsToEndAtOnceEndItOnce) {
  const Held before = held();
  Peer peer = connected();
  const Instant due = Clock::now() + 2 * options_.timeouts.idle;
  EXPECT_TRUE(eventually([&] { return Clock::now() > due; }));
  peer.reset();
  loop_.turn(milliseconds(1000));
  EXPECT_EQ(closed(), 1U);
  only_.destroy_all(CloseReason::kShutdown);
  EXPECT_EQ(closed(), 1U);
  EXPECT_EQ(held(), before);
}

// Number, slot and seat of a dead connection are the next one's: what was meant for the dead must
// not reach it.
TEST_F(Lifetime, TheDeadlineOfADeadConnectionIsNotItsSuccessors) {
  const Instant first = Clock::now();
  Peer dead = connected();
  const Instant later = first + options_.timeouts.idle - milliseconds(100);
  EXPECT_TRUE(turn_until([&] { return Clock::now() > later; }));
  dead.reset();
  EXPECT_TRUE(ended());
  const Instant born = Clock::now();
  Peer successor = connected();
  EXPECT_TRUE(ended());
  EXPECT_GE(Clock::now() - born, options_.timeouts.idle - milliseconds(50)) << "closed for another";
  EXPECT_EQ(successor.receive(), "");
}

// One object of a loop that can be ready, and what it does then.
struct Object : ReadyHandler {
  Object(EventLoop& loop, unsigned ready, std::function<void(Object&)> act)
      : fd(::eventfd(ready, EFD_CLOEXEC | EFD_NONBLOCK)), on_event(std::move(act)) {
    if (auto made = loop.watch(fd.get(), EPOLLIN, *this)) watch = std::move(*made);
  }
  void on_ready(std::uint32_t, std::uint32_t) override { on_event(*this); }

  UniqueFd fd;
  Watch watch;
  std::function<void(Object&)> on_event;
};

// With pointers in the events the freed objects would be called, or, where the memory was given
// out again, the newcomers that have it now.
TEST(EventsOfTheFreed, ReachNeitherThemNorWhoHasTheirMemoryNow) {
  constexpr std::size_t kObjects = 16;
  LoopCounters counted;
  EventLoop loop(counted);
  std::vector<std::unique_ptr<Object>> objects;
  std::vector<std::unique_ptr<Object>> newcomers;
  int calls = 0;
  int newcomers_calls = 0;
  const auto replace_the_others = [&](Object& called) {
    ++calls;
    for (auto& object : objects) {
      if (object.get() != &called) object.reset();
    }
    while (newcomers.size() < kObjects - 1) {
      newcomers.push_back(
          std::make_unique<Object>(loop, 0, [&newcomers_calls](Object&) { ++newcomers_calls; }));
    }
  };
  while (objects.size() < kObjects) {
    objects.push_back(std::make_unique<Object>(loop, 1, replace_the_others));
  }
  loop.turn(Nanoseconds(0));
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(newcomers_calls, 0);
  EXPECT_EQ(loop.counters().stale_events.value(), kObjects - 1);
}

// What no generation can heal: the registration of a descriptor that was closed first, while a
// duplicate lives, is reported for ever. But it is dropped and counted, and touches nobody.
TEST(EventsOfTheFreed, ThatWereLeftBehindByTheWrongOrderAreDroppedAndCounted) {
  LoopCounters counted;
  EventLoop loop(counted);
  int calls = 0;
  auto object = std::make_unique<Object>(loop, 1, [&calls](Object&) { ++calls; });
  const UniqueFd duplicate(::fcntl(object->fd.get(), F_DUPFD_CLOEXEC, 0));
  object->fd.reset();
  object.reset();
  for (int i = 0; i < 3; ++i) loop.turn(Nanoseconds(0));
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(loop.counters().stale_events.value(), 3U);
}

// Borrowed from the one acceptor that this process has.
int listening_descriptor() {
  for (int fd = 0; fd < 1024; ++fd) {
    int listens = 0;
    socklen_t size = sizeof listens;
    const int failed = ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size);
    if (failed == 0 && listens == 1) return fd;
  }
  return -1;
}

// The listeners. Something else of the same batch replaces the listener, which then has an event
// waiting; the new one has its port, its number and its slot.
class ListenerLifetime : public Lifetime {
 public:
  // A peer that waits in the listener's queue, and what is told of first in the same batch.
  [[nodiscard]] Peer waiting_while(std::function<void()> act) {
    const Object first(loop_, 1, [&act](Object& object) {
      object.watch.reset();
      act();
    });
    pollfd queue{.fd = listening_descriptor(), .events = POLLIN, .revents = 0};
    Peer peer(address_);
    // connect() may return a moment before the queue has it.
    EXPECT_EQ(::poll(&queue, 1, 20'000), 1);
    loop_.turn(milliseconds(1000));
    return peer;
  }
};

TEST_F(ListenerLifetime, ReplacedWhileItsEventIsPendingIsNotTouchedAndTheNextServes) {
  expect_room_for_the_next();
  const Held before = held();
  const std::uint64_t accepted = counters_.accepted.value();
  Peer peer = waiting_while([&] {
    acceptor_.reset();
    open_listener();
  });
  EXPECT_EQ(loop_.counters().stale_events.value(), 1U) << "the old listener's event";
  EXPECT_EQ(counters_.accepted.value(), accepted);
  EXPECT_EQ(peer.receive(), "");
  EXPECT_EQ(peer.error(), ECONNRESET) << "it was in the queue of the closed one";
  peer.close();
  EXPECT_EQ(held(), before);
  expect_room_for_the_next();
}

TEST_F(ListenerLifetime, ThatAcceptsWhatWaitsBeforeItIsReplacedLosesNobody) {
  Peer peer = waiting_while([&] {
    acceptor_->accept_waiting();
    acceptor_.reset();
    open_listener();
  });
  EXPECT_THAT(answer_to(kRequest, peer), StartsWith("HTTP/1.1 200 "));
  peer.close();
  EXPECT_TRUE(ended());
  expect_room_for_the_next();
}

// On a Unix path the workers share one socket by duplicates, where closing ends no registration.
TEST_F(ListenerLifetime, OfADuplicateEndsWithItThoughTheOthersListenOn) {
  const std::string path = testing::TempDir() + "lifetime-" + std::to_string(::getpid());
  auto listeners = open_listeners({*SocketAddress::parse("unix:" + path)}, 2);
  const SocketAddress address = listeners.front().address;
  LoopCounters other_counters;
  EventLoop other_loop(other_counters);
  ConnectionTable other_table(other_loop, options_, counters_, capacity_);
  std::optional<Acceptor> stays;
  stays.emplace(std::move(listeners[0]), loop_, only_, counters_, capacity_.reserve);
  std::optional<Acceptor> goes;
  goes.emplace(std::move(listeners[1]), other_loop, other_table, counters_, capacity_.reserve);
  const Held before = held();
  goes.reset();
  EXPECT_EQ(held(), (Held{before.descriptors - 1, before.registrations - 1}));

  Peer peer(address);
  other_loop.turn(Nanoseconds(0));
  EXPECT_EQ(other_loop.counters().stale_events.value(), 0U) << "a ghost of the closed listener";
  EXPECT_THAT(answer_to(kRequest, peer), StartsWith("HTTP/1.1 200 "));
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace closewait
