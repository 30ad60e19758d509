#include "server/processes/supervisor.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <openssl/x509.h>
#include <sys/mman.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "metrics/scrape_for_tests.h"
#include "server/tests/certificate_for_tests.h"
#include "server/tests/program_for_tests.h"
#include "server/tests/tls_peer_for_tests.h"

namespace closewait {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::vector<std::string> http_at(const std::string& listen, std::vector<std::string> more = {}) {
  std::vector<std::string> all = {"--listen", listen, "--service", "http"};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

// One whole exchange; "" when the server was not there for it.
std::string answer_from(const SocketAddress& address) {
  const UniqueFd probe(::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(probe.get(), address.data(), address.size()) != 0) return "";
  Peer peer(UniqueFd(::fcntl(probe.get(), F_DUPFD_CLOEXEC, 0)));
  if (!peer.send("GET /bytes/3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")) return "";
  return peer.receive_all();
}

bool served(const SocketAddress& address) {
  return answer_from(address).ends_with(pattern_text(3));
}

// Clients that come one after another all the time.
class Customers {
 public:
  explicit Customers(const SocketAddress& address)
      : threads_([this, address](const std::stop_token& stop) {
          while (!stop.stop_requested()) ++(served(address) ? served_ : refused_);
        }) {}
  // So many more of them were there.
  [[nodiscard]] bool come(unsigned more) const {
    const unsigned enough = served_ + refused_ + more;
    return eventually([&] { return served_ + refused_ >= enough; });
  }
  [[nodiscard]] unsigned served_so_far() const { return served_; }
  [[nodiscard]] unsigned refused() const { return refused_; }
  void stop() {
    threads_.request_stop();
    threads_.join();
  }

 private:
  std::atomic<unsigned> served_{0};  // counted by the thread
  std::atomic<unsigned> refused_{0};
  std::jthread threads_;
};

// Asks for a reload and waits until there are successors and no earlier ones; one that serves by
// itself may still do so.
void reload(const Program& program, std::size_t processes = 1) {
  const std::set<pid_t> before = program.children();
  program.signal(SIGHUP);
  EXPECT_TRUE(eventually([&] {
    const std::set<pid_t> now = program.children();
    const bool all_new = std::ranges::none_of(now, [&](pid_t pid) { return before.contains(pid); });
    return all_new && now.size() == processes;
  }));
}

class Reload : public testing::TestWithParam<const char*> {};

TEST_P(Reload, RefusesNobodyAndCountsOn) {
  const std::string path = testing::TempDir() + fmt::format("reload-{}.sock", ::getpid());
  const std::string listen = fmt::format(fmt::runtime(GetParam()), path);
  Program program(http_at(listen, {"--workers", "2"}));
  const SocketAddress address = program.address();
  Customers customers(address);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(customers.come(20));
    reload(program);
  }
  ASSERT_TRUE(customers.come(20));
  customers.stop();
  EXPECT_EQ(customers.refused(), 0U);
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait(), 0);
  EXPECT_THAT(program.errors(),
              StartsWith(fmt::format("closewait-server: accepted={} ", customers.served_so_far())));
  EXPECT_FALSE(std::filesystem::exists(path));
}
INSTANTIATE_TEST_SUITE_P(Families, Reload, testing::Values("127.0.0.1:0", "[::1]:0", "unix:{}"));

// The listeners' events are pending when they are handed over.
TEST(Supervisor, WhoWaitsInTheQueueDuringAReloadIsServed) {
  Program program(http_at("127.0.0.1:0"));
  const SocketAddress address = program.address();
  ASSERT_TRUE(served(address));
  program.signal(SIGSTOP);
  std::list<Peer> waiting;
  for (int i = 0; i < 100; ++i) {
    Peer& peer = waiting.emplace_back(address);
    ASSERT_TRUE(peer.send("GET /bytes/3 HTTP/1.1\r\nHost: a\r\n\r\n"));
  }
  program.signal(SIGHUP);
  program.signal(SIGCONT);
  for (Peer& peer : waiting) {
    EXPECT_THAT(peer.receive_until(pattern_text(3)), StartsWith("HTTP/1.1 200 "));
  }
}

TEST(Supervisor, WhoIsOwedSomethingDuringAReloadGetsIt) {
  Program program(http_at("127.0.0.1:0", {"--drain-timeout", "1m"}));
  const SocketAddress address = program.address();
  Peer idle(address);
  ASSERT_TRUE(idle.send("GET /bytes/3 HTTP/1.1\r\nHost: a\r\n\r\n"));
  ASSERT_NE(idle.receive_until(pattern_text(3)), "");
  Peer busy(address, 16 * 1024);
  ASSERT_TRUE(busy.send("GET /bytes/20000000 HTTP/1.1\r\nHost: a\r\n\r\n"));
  const std::string start = busy.receive(1);
  reload(program);
  EXPECT_EQ(idle.receive(), "") << "the next one has to come to the successor";
  EXPECT_TRUE((start + busy.receive_all()).ends_with(pattern_text(20'000'000)));
  EXPECT_TRUE(served(address));
}

// The name in the certificate that the server shows.
std::string host_at(const SocketAddress& address) {
  TlsPeer peer(address);
  EXPECT_TRUE(peer.shake_hands());
  const std::unique_ptr<X509, void (*)(X509*)> shown(SSL_get1_peer_certificate(peer.ssl()),
                                                     X509_free);
  std::string name(256, '\0');
  X509_NAME_get_text_by_NID(X509_get_subject_name(shown.get()), NID_commonName, name.data(), 256);
  return name.c_str();
}

TEST(Supervisor, AReloadShowsTheNewCertificate) {
  const Certificate certificate;
  certificate.make("old.test");
  Program program(certificate.arguments());
  const SocketAddress address = program.address();
  EXPECT_EQ(host_at(address), "old.test");
  certificate.make("new.test");
  reload(program);
  EXPECT_TRUE(eventually([&] { return host_at(address) == "new.test"; }));
}

class FailedReload : public testing::TestWithParam<std::size_t> {};

TEST_P(FailedReload, LeavesAllAsItWas) {
  const Certificate certificate;
  certificate.make("old.test");
  std::vector<std::string> arguments = certificate.arguments();
  arguments.insert(arguments.end(),
                   {"--processes", std::to_string(GetParam()), "--metrics", "127.0.0.1:0"});
  Program program(arguments);
  const SocketAddress address = program.address();
  const SocketAddress metrics = program.metrics_address();
  // Until then some of them may not have read their certificate.
  ASSERT_TRUE(eventually([&] { return answer_of(metrics, "/health").ends_with("\nok\n"); }));
  EXPECT_EQ(host_at(address), "old.test");
  const std::set<pid_t> before = program.children();
  certificate.spoil();
  program.signal(SIGHUP);
  std::string errors = program.error_line();
  EXPECT_EQ(errors, "closewait-server: cannot use " + certificate.file() + ": no start line\n");
  while (!errors.empty() && errors.find("cannot reload") == std::string::npos) {
    errors = program.error_line();
  }
  EXPECT_THAT(errors, HasSubstr("cannot reload, goes on as before: process "));
  ASSERT_TRUE(eventually([&] { return program.children() == before; }));
  EXPECT_EQ(host_at(address), "old.test");
  certificate.make("new.test");
  reload(program, GetParam());
  EXPECT_TRUE(eventually([&] { return host_at(address) == "new.test"; }));
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait(), 0);
}
INSTANTIATE_TEST_SUITE_P(Processes, FailedReload, testing::Values(1U, 3U));

// The others, which could, wait for the one that cannot.
TEST(Supervisor, WhenOneSuccessorCannotServeAllAreGivenUp) {
  const Certificate certificate;
  certificate.make("old.test");
  std::vector<std::string> arguments = certificate.arguments();
  arguments.insert(arguments.end(), {"--processes", "3", "--metrics", "127.0.0.1:0"});
  Program program(arguments);
  const SocketAddress address = program.address();
  const SocketAddress metrics = program.metrics_address();
  ASSERT_TRUE(eventually([&] { return answer_of(metrics, "/health").ends_with("\nok\n"); }));
  const std::set<pid_t> before = program.children();
  certificate.hold_back();
  program.signal(SIGHUP);
  ASSERT_TRUE(eventually([&] { return program.children().size() == 6; }));
  const std::set<pid_t> now = program.children();
  ::kill(*std::ranges::find_if(now, [&](pid_t pid) { return !before.contains(pid); }), SIGKILL);
  EXPECT_THAT(program.error_line(), HasSubstr("cannot reload, goes on as before: process "));
  EXPECT_TRUE(eventually([&] { return program.children() == before; }));
  EXPECT_EQ(host_at(address), "old.test");
}

TEST(Supervisor, ServesByAsManyProcessesAsItIsToldAndAddsThemUp) {
  Program program(http_at(
      "127.0.0.1:0", {"--processes", "3", "--max-connections", "50", "--metrics", "127.0.0.1:0"}));
  const SocketAddress address = program.address();
  const SocketAddress metrics = program.metrics_address();
  ASSERT_TRUE(eventually([&] { return answer_of(metrics, "/health").ends_with("\nok\n"); }));
  EXPECT_EQ(program.children().size(), 3U);
  // More than one process would take.
  std::list<Peer> peers;
  for (int i = 0; i < 90; ++i) {
    Peer& peer = peers.emplace_back(address);
    ASSERT_TRUE(peer.send("GET /bytes/3 HTTP/1.1\r\nHost: a\r\n\r\n"));
    ASSERT_THAT(peer.receive_until(pattern_text(3)), StartsWith("HTTP/1.1 200 "));
  }
  const auto now = [&](const char* name) { return value_of(scrape(metrics), name); };
  EXPECT_EQ(now("closewait_server_accepted_total"), 90);
  EXPECT_EQ(now("closewait_server_connections_open"), 90);
  EXPECT_GE(now("process_open_fds"), 90) << "of all the processes";
  peers.clear();
  reload(program, 3);
  EXPECT_EQ(now("closewait_server_accepted_total"), 90) << "of those that are no more";
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait(), 0);
  EXPECT_THAT(program.errors(), StartsWith("closewait-server: accepted=90 "));
}

TEST(Supervisor, AProcessThatIsKilledEndsTheServerWhichSaysSo) {
  Program program(http_at("127.0.0.1:0", {"--processes", "2"}));
  const SocketAddress address = program.address();
  std::list<Peer> peers;
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(peers.emplace_back(address).send("GET /bytes/3 HTTP/1.1\r\nHost: a\r\n\r\n"));
    ASSERT_NE(peers.back().receive_until(pattern_text(3)), "");
  }
  const std::set<pid_t> children = program.children();
  ASSERT_EQ(children.size(), 2U);
  ::kill(*children.begin(), SIGKILL);
  for (Peer& peer : peers) peer.receive();
  peers.clear();
  EXPECT_EQ(program.wait(), 1);
  const std::string errors = program.errors();
  EXPECT_THAT(errors, HasSubstr(fmt::format("process {} was ended by signal 9 (Killed)",
                                            *children.begin())));
  for (const pid_t child : children) EXPECT_NE(::kill(child, 0), 0) << "it is still there";
  std::uint64_t closed = 0;
  for (const std::string_view reason : kCloseReasonNames) {
    closed += counted(errors, fmt::format("closed_{}", reason));
  }
  EXPECT_EQ(closed, 20U) << errors;
}

// As a service manager does, which signals every process of a service.
TEST(Supervisor, ASignalToAllItsProcessesDrainsThemOnce) {
  Program program(http_at("127.0.0.1:0", {"--processes", "2", "--drain-timeout", "1m"}));
  Peer busy(program.address(), 16 * 1024);
  ASSERT_TRUE(busy.send("GET /bytes/20000000 HTTP/1.1\r\nHost: a\r\n\r\n"));
  const std::string start = busy.receive(1);
  for (const pid_t child : program.children()) ::kill(child, SIGTERM);
  program.signal(SIGTERM);
  for (const pid_t child : program.children()) ::kill(child, SIGTERM);
  EXPECT_TRUE((start + busy.receive_all()).ends_with(pattern_text(20'000'000)));
  busy.close();
  EXPECT_EQ(program.wait(), 0);
}

TEST(Supervisor, AProcessThatDoesNotEndIsKilled) {
  Program program(http_at("127.0.0.1:0", {"--processes", "2", "--drain-timeout", "100ms"}));
  ASSERT_TRUE(served(program.address()));
  const pid_t stopped = *program.children().begin();
  ::kill(stopped, SIGSTOP);
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait(), 1);
  EXPECT_THAT(program.errors(),
              HasSubstr(fmt::format("process {} does not end; it is killed", stopped)));
}

TEST(Supervisor, GoesOnThoughNobodyReadsWhatItSays) {
  const Certificate certificate;
  certificate.make("old.test");
  Program program(certificate.arguments());
  const SocketAddress address = program.address();
  program.deafen();
  certificate.spoil();
  program.signal(SIGHUP);
  ASSERT_TRUE(eventually([&] { return !program.children().empty(); }));
  ASSERT_TRUE(eventually([&] { return program.children().empty(); }));
  EXPECT_EQ(host_at(address), "old.test");
  program.signal(SIGTERM);
  EXPECT_EQ(program.wait(), 0);
}

// Which would not let go of what it is about to remove.
TEST(Supervisor, LeavesASuccessorsSocketFileAlone) {
  const std::string path = testing::TempDir() + fmt::format("successor-{}.sock", ::getpid());
  Program first(http_at("unix:" + path, {"--drain-timeout", "1m"}));
  const SocketAddress address = first.address();
  Peer busy(address);
  ASSERT_TRUE(busy.send("GET /bytes/20000000 HTTP/1.1\r\nHost: a\r\n\r\n"));
  ASSERT_EQ(busy.receive(1), "H");
  first.signal(SIGTERM);
  ASSERT_TRUE(eventually([&] { return !std::filesystem::exists(path); }));
  const Program second(http_at("unix:" + path));
  ASSERT_EQ(second.address(), address);
  busy.receive_all();
  busy.close();
  EXPECT_EQ(first.wait(), 0);
  EXPECT_TRUE(served(address));
}

TEST(CounterMemory, IsRefusedWhenAnotherVersionHasMadeIt) {
  EXPECT_THROW(CounterMemory(UniqueFd(::memfd_create("small", MFD_CLOEXEC)), 1), SetupError);
  CounterMemory ours(1);
  const auto again = [&] { return UniqueFd(::fcntl(ours.fd(), F_DUPFD_CLOEXEC, 0)); };
  EXPECT_NO_THROW(CounterMemory(again(), 1));
  EXPECT_THROW(CounterMemory(again(), 2), SetupError);
  const std::uint64_t another = 1;
  ASSERT_EQ(::pwrite(ours.fd(), &another, sizeof another, 0), 8);
  EXPECT_THROW(CounterMemory(again(), 1), SetupError);
}

TEST(Supervisor, ItsProcessesEndWithIt) {
  Program program(http_at("127.0.0.1:0", {"--processes", "2"}));
  const SocketAddress address = program.address();
  ASSERT_TRUE(served(address));
  program.signal(SIGKILL);
  EXPECT_EQ(program.wait(), -1);
  EXPECT_TRUE(eventually([&] { return answer_from(address).empty(); }));
}

TEST(Supervisor, TellsThatItIsDraining) {
  Program program(http_at("127.0.0.1:0", {"--metrics", "127.0.0.1:0", "--drain-timeout", "1m"}));
  const SocketAddress address = program.address();
  const SocketAddress metrics = program.metrics_address();
  Peer busy(address, 16 * 1024);
  ASSERT_TRUE(busy.send("GET /bytes/20000000 HTTP/1.1\r\nHost: a\r\n\r\n"));
  ASSERT_EQ(busy.receive(1), "H");
  EXPECT_THAT(answer_of(metrics, "/health"), StartsWith("HTTP/1.1 200 "));
  program.signal(SIGTERM);
  EXPECT_TRUE(eventually([&] { return answer_of(metrics, "/health").ends_with("\ndraining\n"); }));
  EXPECT_THAT(answer_of(metrics, "/health"), StartsWith("HTTP/1.1 503 "));
}

}  // namespace
}  // namespace closewait
