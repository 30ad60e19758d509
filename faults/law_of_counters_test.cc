// What the kernel counts of each behaviour, in a network namespace where nobody else is.

#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <thread>

#include "faults/clients/peer_for_tests.h"
#include "faults/clients/play_for_tests.h"
#include "faults/offer.h"

namespace closewait {
namespace {

using std::chrono::milliseconds;

struct Counters {
  std::uint64_t resets = 0;           // OutRsts
  std::uint64_t aborts_on_data = 0;   // TCPAbortOnData
  std::uint64_t aborts_on_close = 0;  // TCPAbortOnClose

  friend bool operator==(const Counters&, const Counters&) = default;
  friend Counters operator-(const Counters& a, const Counters& b) {
    return {a.resets - b.resets, a.aborts_on_data - b.aborts_on_data,
            a.aborts_on_close - b.aborts_on_close};
  }
  friend std::ostream& operator<<(std::ostream& out, const Counters& some) {
    return out << some.resets << " resets, aborts " << some.aborts_on_data << " on data, "
               << some.aborts_on_close << " on close";
  }
};

// The value below a name, of two lines that begin with `kind`.
std::uint64_t counter(const std::string& file, const std::string& kind, const std::string& name) {
  std::ifstream table("/proc/thread-self/net/" + file);
  for (std::string names; std::getline(table, names);) {
    if (!names.starts_with(kind)) continue;
    std::string values;
    std::getline(table, values);
    std::istringstream left(names);
    std::istringstream right(values);
    for (std::string word, value; left >> word && right >> value;) {
      if (word == name) return std::stoull(value);
    }
  }
  ADD_FAILURE() << "no " << name << " in " << file;
  return 0;
}

Counters count() {
  return {counter("snmp", "Tcp:", "OutRsts"), counter("netstat", "TcpExt:", "TCPAbortOnData"),
          counter("netstat", "TcpExt:", "TCPAbortOnClose")};
}

// The calling thread's, with loopback.
bool enter_own_network() {
  if (::unshare(CLONE_NEWNET) != 0) return false;
  const UniqueFd any(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq loopback{};
  std::string("lo").copy(loopback.ifr_name, IFNAMSIZ);
  loopback.ifr_flags = IFF_UP;
  return ::ioctl(any.get(), SIOCSIFFLAGS, &loopback) == 0;
}

// Its own end and no more. Of a reset, whether there was anything unread decides what it counts as.
void expect_counted(const Behaviour& behaviour, const Counters& counted) {
  const std::uint64_t aborts = counted.aborts_on_data + counted.aborts_on_close;
  // What the peer has on its way meanwhile is answered by a reset each.
  const bool is_written_to = behaviour.needs.response_bytes > 0;
  switch (behaviour.end) {
    case End::kRst:
      EXPECT_GE(counted.resets, 1U) << counted;
      EXPECT_LE(counted.resets, is_written_to ? 1000U : 1U) << counted;
      EXPECT_EQ(aborts, behaviour.name == "rst-reuse" ? 0U : 1U) << counted;
      break;
    case End::kUnread:
      EXPECT_GE(counted.resets, 1U) << counted;
      EXPECT_LE(counted.resets, is_written_to ? 1000U : 1U) << counted;
      EXPECT_EQ(counted.aborts_on_close, 1U) << counted;
      break;
    case End::kVanish:
      EXPECT_EQ(counted, Counters{});
      break;
    case End::kFin:
      // What comes for a client that has closed is answered by a reset: fin-then-rst is for that,
      // and OpenSSL says an alert to who leaves it without a farewell.
      EXPECT_EQ(counted.aborts_on_close, 0U) << counted;
      if (behaviour.name == "fin-then-rst") {
        EXPECT_GE(counted.resets, 1U) << counted;
      } else if (!behaviour.needs.tls) {
        EXPECT_EQ(counted.resets, 0U) << counted;
      }
      break;
  }
}

void expect_law(const Behaviour& behaviour) {
  SCOPED_TRACE(behaviour.name);
  if (behaviour.needs.net_admin && !may_vanish()) return;
  const TlsClientContext tls({});
  Play play = play_of(behaviour.name, {});
  play.params.timeout = std::chrono::seconds(20);
  play.params.hold = std::min<Nanoseconds>(play.params.hold, milliseconds(150));
  play.params.wait = std::min<Nanoseconds>(play.params.wait, milliseconds(20));
  play.params.every = std::min<Nanoseconds>(play.params.every, milliseconds(1));
  Script script = answers(play.params.size);
  if (behaviour.needs.greeting) script.greeting = "220 ready\r\n";
  script.tls = behaviour.needs.tls;
  Peer peer(script);
  play.target = peer.address();
  if (script.tls) play.tls = &tls;
  const Counters before = count();
  const Played played = run(play);
  EXPECT_EQ(name_of(played.outcome), name_of(Outcome::kDelivered));
  EXPECT_EQ(played.tally.counts.intended, 1U);
  EXPECT_EQ(played.tally.counts.confirmed, 1U);
  if (behaviour.end != End::kVanish) static_cast<void>(peer.end());
  expect_counted(behaviour, count() - before);
}

TEST(LawOfCounters, TheKernelCountsTheEndThatWasIntendedAndNoOther) {
  bool has_network = false;
  std::thread alone([&] {
    has_network = enter_own_network();
    if (!has_network) return;
    for (const Behaviour* behaviour : catalogue()) expect_law(*behaviour);
  });
  alone.join();
  if (!has_network) GTEST_SKIP() << "needs CAP_SYS_ADMIN, for a network namespace of its own";
}

}  // namespace
}  // namespace closewait
