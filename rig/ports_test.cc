#include "rig/ports.h"

#include <gmock/gmock.h>

#include <fstream>

namespace closewait {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

SocketAddress address(const char* text) { return *SocketAddress::parse(text); }

TEST(SourcesFor, AreThoseOfTheScenario) {
  Scenario scenario;
  scenario.load.sources = {address("127.0.0.2:0"), address("127.0.0.3:0")};
  EXPECT_EQ(sources_for(scenario, address("127.0.0.1:80")), scenario.load.sources);
}

TEST(SourcesFor, AreElseTheKernelsChoice) {
  EXPECT_THAT(sources_for({}, address("127.0.0.1:80")), ElementsAre(address("127.0.0.1:0")));
  EXPECT_THAT(sources_for({}, address("127.9.9.9:80")), ElementsAre(address("127.0.0.1:0")));
  if (std::ifstream("/proc/net/if_inet6").peek() == std::ifstream::traits_type::eof()) {
    GTEST_SKIP() << "no IPv6 here";
  }
  EXPECT_THAT(sources_for({}, address("[::1]:80")), ElementsAre(address("[::1]:0")));
}

TEST(PortList, IsReadAsTheKernelWritesIt) {
  EXPECT_THAT(parse_port_list(""), IsEmpty());
  EXPECT_THAT(parse_port_list("8080"), ElementsAre(8080));
  EXPECT_THAT(parse_port_list("7,8080-8082,65535"), ElementsAre(7, 8080, 8081, 8082, 65535));
  EXPECT_THAT(parse_port_list("x,70000,9"), ElementsAre(9));
}

TEST(LocalPortRange, IsTheKernels) {
  std::ifstream file("/proc/sys/net/ipv4/ip_local_port_range");
  int low = 0;
  int high = 0;
  ASSERT_TRUE(file >> low >> high);
  EXPECT_EQ(local_port_range().low, low);
  EXPECT_EQ(local_port_range().high, high);
}

}  // namespace
}  // namespace closewait
