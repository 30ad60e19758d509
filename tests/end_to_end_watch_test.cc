// The observer alone.

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <sstream>

#include "metrics/scrape_for_tests.h"
#include "tests/rig_run.h"

namespace closewait {
namespace {

using nlohmann::json;
using testing::Ended;
using ::testing::HasSubstr;
using testing::Program;

class Watch : public testing::RigRun {
 protected:
  Watch()
      : server_({"closewait-server", "--service", "http", "--listen", "127.0.0.1:0"}, folder()) {
    address_ = testing::address_of(server_);
  }
  Program server_;
  SocketAddress address_;
};

TEST_F(Watch, TellsEachSecondWhatAProcessHas) {
  const Ended ended =
      closewait({"watch", "--pid", std::to_string(server_.pid()), "--for", "2s", "--json"});
  ASSERT_EQ(ended.status, 0) << ended.errors;
  std::istringstream lines(ended.output);
  int count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const json second = json::parse(line);
    EXPECT_GT(second["fds"], 3);
    EXPECT_EQ(second["processes"], 1);
    EXPECT_EQ(second["sockets_by_state"]["LISTEN"], 1) << line;
  }
  EXPECT_GE(count, 2);
}

TEST_F(Watch, FindsWhoListensAtAPort) {
  const Ended ended =
      closewait({"watch", "--port", std::to_string(address_.port()), "--for", "1s"});
  ASSERT_EQ(ended.status, 0) << ended.errors;
  EXPECT_THAT(ended.output, HasSubstr("descriptors: "));
  EXPECT_THAT(ended.output, HasSubstr("LISTEN 1"));
  EXPECT_THAT(ended.output, HasSubstr("epoll: "));
}

TEST_F(Watch, ServesMetrics) {
  Program watch(
      {"closewait", "watch", "--pid", std::to_string(server_.pid()), "--metrics", "127.0.0.1:0"},
      folder());
  const std::string said = "metrics at http://";
  ASSERT_TRUE(testing::eventually([&] { return watch.errors().find(said) != std::string::npos; }));
  const std::string text = watch.errors();
  const auto at = text.find(said) + said.size();
  const auto address = SocketAddress::parse(text.substr(at, text.find('/', at) - at));
  ASSERT_TRUE(address);
  EXPECT_TRUE(testing::eventually([&] {
    return scrape(*address).find("closewait_target_fds{run=\"watch\"}") != std::string::npos;
  }));
  watch.signal(SIGINT);
  EXPECT_EQ(watch.wait(std::chrono::seconds(20)), 0);
}

TEST_F(Watch, SaysThatItsProcessHasEnded) {
  Program watch({"closewait", "watch", "--pid", std::to_string(server_.pid())}, folder());
  ASSERT_TRUE(testing::eventually([&] { return !watch.output().empty(); }));
  server_.signal(SIGTERM);
  EXPECT_EQ(watch.wait(std::chrono::seconds(20)), 1);
  EXPECT_THAT(watch.errors(), HasSubstr("has ended"));
}

TEST_F(Watch, WantsToKnowWhat) {
  EXPECT_EQ(closewait({"watch"}).status, 2);
  EXPECT_EQ(closewait({"watch", "--pid", "1", "--port", "1"}).status, 2);
  const Ended nobody = closewait({"watch", "--pid", "999999999"});
  EXPECT_EQ(nobody.status, 3);
  EXPECT_THAT(nobody.errors, HasSubstr("999999999"));
}

}  // namespace
}  // namespace closewait
