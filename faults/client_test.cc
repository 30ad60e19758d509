#include "faults/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <thread>
#include <vector>

#include "faults/clients/peer_for_tests.h"
#include "faults/http_exchange.h"

namespace closewait {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

SocketAddress address(std::string_view text) { return SocketAddress::parse(text).value(); }

// A client whose verbs the test calls one by one; each is run until it is over.
class ClientTest : public testing::Test {
 protected:
  Client& make(const SocketAddress& target, std::optional<SocketAddress> local = {},
               End end = End::kFin, Nanoseconds timeout = std::chrono::seconds(10)) {
    target_ = target;
    client_ = std::make_unique<Client>(io_, Client::Setup{.target = &target_,
                                                          .local = local,
                                                          .scratch = scratch_,
                                                          .tally = &tally_,
                                                          .planned = Clock::now(),
                                                          .timeout = timeout,
                                                          .choices = 1,
                                                          .end = end});
    return *client_;
  }

  error_code wait_for(Client::Awaitable<error_code> verb) {
    std::optional<error_code> result;
    io_.restart();  // it ran out of work after the verb before
    asio::co_spawn(io_, std::move(verb),
                   [&](std::exception_ptr, error_code error) { result = error; });
    const Instant deadline = Clock::now() + std::chrono::seconds(20);
    while (!result && Clock::now() < deadline) io_.run_one_for(milliseconds(10));
    return result.value_or(asio::error::would_block);
  }

  asio::io_context io_;
  SocketAddress target_;
  std::vector<std::byte> scratch_ = std::vector<std::byte>(4096);
  ClientTally tally_;
  std::unique_ptr<Client> client_;  // on the heap, where a sanitizer watches it
  HttpRequest request_;
  HttpExchange exchange_{{.request = &request_, .host = "localhost", .text = {}, .size = 1024}};
};

TEST_F(ClientTest, ConnectsFromTheAddressAndPortItIsTold) {
  Peer peer(never_answers());
  const SocketAddress local = address("127.0.0.9:0").with_port(closed_port().port());
  ASSERT_FALSE(wait_for(make(peer.address(), local).connect()));
  ASSERT_TRUE(peer.eventually([](const auto& all) { return all.size() == 1; }));
  EXPECT_EQ(peer.seen()[0].client, Endpoint::of(local));
}

TEST_F(ClientTest, ConnectsFromAnAddressAndAnyPort) {
  Peer peer(never_answers());
  ASSERT_FALSE(wait_for(make(peer.address(), address("127.0.0.9:0")).connect()));
  ASSERT_TRUE(peer.eventually([](const auto& all) { return all.size() == 1; }));
  EXPECT_EQ(peer.seen()[0].client.address().ip(), "127.0.0.9");
}

TEST_F(ClientTest, TakesAPortInUseForTheRigsOwnError) {
  Peer peer(never_answers());
  const auto error = wait_for(make(peer.address(), peer.address()).connect());
  EXPECT_EQ(error, errno_error(EADDRINUSE));
  EXPECT_EQ(client_->rig_error(), errno_error(EADDRINUSE));
  EXPECT_FALSE(client_->connected());
  EXPECT_EQ(tally_.counts.opened, 0U);
}

TEST_F(ClientTest, TakesAnAddressThatIsNotHereForTheRigsOwnError) {
  Peer peer(never_answers());
  EXPECT_TRUE(wait_for(make(peer.address(), address("192.0.2.1:0")).connect()));
  EXPECT_EQ(client_->rig_error(), errno_error(EADDRNOTAVAIL));
}

TEST_F(ClientTest, TakesALackOfDescriptorsForTheRigsOwnError) {
  Peer peer(never_answers());
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  make(peer.address());  // Asio's own descriptors are there from now on
  const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  make(peer.address());
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  const auto error = wait_for(client_->connect());
  EXPECT_EQ(error, errno_error(EMFILE));
  EXPECT_EQ(client_->rig_error(), errno_error(EMFILE));
}

TEST_F(ClientTest, ARefusalIsTheTargets) {
  EXPECT_EQ(wait_for(make(closed_port()).connect()), errno_error(ECONNREFUSED));
  EXPECT_FALSE(client_->rig_error());
  EXPECT_EQ(client_->fell_short(errno_error(ECONNREFUSED)), Outcome::kRefused);
}

TEST_F(ClientTest, IsResetWhenItIsDroppedInMidLife) {
  Peer peer(never_answers());
  ASSERT_FALSE(wait_for(make(peer.address()).connect()));
  ASSERT_FALSE(wait_for(client_->send(exchange_)));
  client_.reset();
  EXPECT_EQ(peer.end().error, ECONNRESET);
}

TEST_F(ClientTest, EveryVerbFailsAtOnceOnceCut) {
  Peer peer(never_answers());
  ASSERT_FALSE(wait_for(make(peer.address()).connect()));
  client_->cut();
  EXPECT_EQ(wait_for(client_->pause(std::chrono::minutes(1))), asio::error::operation_aborted);
  EXPECT_EQ(wait_for(client_->receive(exchange_)), asio::error::operation_aborted);
  EXPECT_EQ(wait_for(client_->receive_at_least(exchange_, 1)), asio::error::operation_aborted);
  EXPECT_EQ(wait_for(client_->drain(exchange_)), asio::error::operation_aborted);
  EXPECT_EQ(client_->fell_short(asio::error::operation_aborted), Outcome::kCut);
}

// The end of a pause and the deadline are found in one turn of the loop, and with the first of
// them the client is gone.
TEST_F(ClientTest, MayBeGoneWhenItsDeadlineIsTold) {
  Peer peer(never_answers());
  make(peer.address(), {}, End::kFin, milliseconds(200));
  const Instant deadline = Clock::now() + milliseconds(200);
  ASSERT_FALSE(wait_for(client_->connect()));
  bool over = false;
  io_.restart();
  asio::co_spawn(io_, client_->pause(milliseconds(50)), [&](std::exception_ptr, error_code) {
    over = true;
    client_.reset();
  });
  io_.poll();
  while (Clock::now() < deadline + milliseconds(1)) std::this_thread::yield();
  io_.run_for(std::chrono::seconds(10));
  EXPECT_TRUE(over);
}

TEST_F(ClientTest, TakeIsSatisfiedWithNothingAndTakesNoMoreThanItsShare) {
  Peer peer(answers(1024));
  ASSERT_FALSE(wait_for(make(peer.address()).connect()));
  EXPECT_FALSE(client_->take(exchange_, 100));
  EXPECT_EQ(exchange_.received(), 0U);
  ASSERT_FALSE(client_->push(exchange_));
  ASSERT_FALSE(wait_for(client_->receive_at_least(exchange_, 1)));
  const std::uint64_t before = exchange_.received();
  ASSERT_TRUE(peer.eventually([](const auto& all) { return !all.empty() && all[0].sent >= 1024; }));
  EXPECT_FALSE(client_->take(exchange_, 100));
  EXPECT_EQ(exchange_.received(), before + 100);
}

// With bytes unread, the kernel resets whoever closes: no FIN is claimed then.
TEST_F(ClientTest, ACloseWithBytesUnreadIsNoProofOfAFin) {
  Peer peer(answers(1024));
  ASSERT_FALSE(wait_for(make(peer.address()).connect()));
  ASSERT_FALSE(wait_for(client_->send(exchange_)));
  ASSERT_FALSE(wait_for(client_->receive_at_least(exchange_, 1)));
  ASSERT_TRUE(peer.eventually([](const auto& all) { return !all.empty() && all[0].sent >= 1024; }));
  EXPECT_EQ(client_->close(exchange_), Outcome::kPreempted);
  EXPECT_EQ(tally_.counts.intended, 1U);
  EXPECT_EQ(tally_.counts.confirmed, 0U);
  EXPECT_EQ(peer.end().error, ECONNRESET);
}

TEST_F(ClientTest, ClosesByFinWithoutAShutDown) {
  Peer peer(never_answers());
  ASSERT_FALSE(wait_for(make(peer.address()).connect()));
  EXPECT_EQ(client_->close(exchange_), Outcome::kDelivered);
  EXPECT_EQ(tally_.counts.confirmed, 1U);
  ASSERT_TRUE(peer.eventually([](const auto& all) { return !all.empty() && all[0].end_of_input; }));
  EXPECT_EQ(peer.seen()[0].error, 0);
}

TEST_F(ClientTest, ResetsWhetherArmedBeforeConnectOrAtTheEnd) {
  for (const End end : {End::kRst, End::kFin}) {
    Peer peer(never_answers());
    tally_ = {};
    ASSERT_FALSE(wait_for(make(peer.address(), {}, end).connect()));
    EXPECT_EQ(client_->reset(), Outcome::kDelivered);
    EXPECT_EQ(tally_.counts.confirmed, 1U);
    EXPECT_EQ(peer.end().error, ECONNRESET);
  }
}

TEST_F(ClientTest, AResetOfADeadConnectionIsPreempted) {
  Peer peer(resets_when_asked());
  ASSERT_FALSE(wait_for(make(peer.address(), {}, End::kRst).connect()));
  ASSERT_FALSE(wait_for(client_->send(exchange_)));
  EXPECT_EQ(wait_for(client_->drain(exchange_)), errno_error(ECONNRESET));
  EXPECT_EQ(client_->reset(), Outcome::kPreempted);
  EXPECT_EQ(tally_.counts.intended, 1U);
  EXPECT_EQ(tally_.counts.confirmed, 0U);
}

TEST_F(ClientTest, ANewAskIsTimedFromItself) {
  Peer peer(answers(1024));
  ASSERT_FALSE(wait_for(make(peer.address()).connect()));
  ASSERT_FALSE(wait_for(client_->pause(milliseconds(100))));
  ASSERT_FALSE(wait_for(client_->send(exchange_)));
  ASSERT_FALSE(wait_for(client_->receive(exchange_)));
  // From the planned instant, so that waiting counts.
  EXPECT_GE(tally_.response.max(), milliseconds(100));
  tally_.response.clear();
  client_->ask_again(exchange_);
  ASSERT_FALSE(wait_for(client_->send(exchange_)));
  ASSERT_FALSE(wait_for(client_->receive(exchange_)));
  EXPECT_EQ(tally_.response.count(), 1U);
  EXPECT_LT(tally_.response.max(), milliseconds(100));
  EXPECT_FALSE(exchange_.wrong_at());
}

}  // namespace
}  // namespace closewait
