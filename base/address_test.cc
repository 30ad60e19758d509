#include "base/address.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <unistd.h>

#include <string>

#include "base/unique_fd.h"

namespace closewait {
namespace {

TEST(SocketAddress, ReadsWhatItPrints) {
  for (const std::string text :
       {"127.0.0.1:7000", "0.0.0.0:0", "[::1]:7000", "[::]:65535", "unix:/run/server.sock"}) {
    const auto address = SocketAddress::parse(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->to_string(), text);
    const SocketAddress copy(address->data(), address->size());
    EXPECT_EQ(copy.to_string(), text);
    EXPECT_EQ(copy, *address);
  }
}

TEST(SocketAddress, RefusesAnythingElse) {
  const std::string long_path = "unix:/" + std::string(200, 'a');
  for (const std::string& text :
       {std::string(), std::string(":"), std::string("127.0.0.1"), std::string("127.0.0.1:"),
        std::string("127.0.0.1:70000"), std::string("127.0.0.1:-1"), std::string("127.0.0.1:7 "),
        std::string("localhost:80"), std::string("::1:7000"), std::string("[127.0.0.1]:80"),
        std::string("[::1]"), std::string("unix:"), std::string("unix:/a\0b", 9), long_path}) {
    const auto address = SocketAddress::parse(text);
    ASSERT_FALSE(address) << text;
    EXPECT_EQ(address.error(), boost::system::errc::invalid_argument);
  }
}

TEST(SocketAddress, SaysWhetherItIsOnThisMachine) {
  for (const char* text : {"127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "0.0.0.0:1", "unix:/a"}) {
    EXPECT_TRUE(SocketAddress::parse(text)->is_local()) << text;
  }
  // Addresses that RFC 5737 and RFC 3849 keep for documentation are on no interface.
  for (const char* text : {"192.0.2.1:1", "[2001:db8::1]:1"}) {
    EXPECT_FALSE(SocketAddress::parse(text)->is_local()) << text;
  }
}

TEST(SocketAddress, ChangesOnlyThePort) {
  const auto address = SocketAddress::parse("[::1]:7000");
  EXPECT_EQ(address->with_port(8).to_string(), "[::1]:8");
  EXPECT_EQ(address->port(), 7000);
  EXPECT_NE(address->with_port(8), *address);
  EXPECT_EQ(SocketAddress::parse("127.0.0.1:1")->with_port(65535).port(), 65535);
  EXPECT_EQ(SocketAddress::parse("unix:/a")->with_port(8).to_string(), "unix:/a");
}

TEST(SocketAddress, AsksTheKernelWhatASocketIsBoundTo) {
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto wanted = SocketAddress::parse("127.0.0.1:0");
  ASSERT_EQ(::bind(fd.get(), wanted->data(), wanted->size()), 0);
  const auto bound = SocketAddress::local_of(fd.get());
  ASSERT_TRUE(bound);
  EXPECT_EQ(bound->ip(), "127.0.0.1");
  EXPECT_NE(bound->port(), 0);
  EXPECT_EQ(SocketAddress::local_of(-1).error(), errno_error(EBADF));
}

TEST(SocketAddress, KnowsTheAnyAddress) {
  EXPECT_TRUE(SocketAddress::parse("0.0.0.0:80")->is_any());
  EXPECT_TRUE(SocketAddress::parse("[::]:80")->is_any());
  EXPECT_FALSE(SocketAddress::parse("127.0.0.1:80")->is_any());
  EXPECT_FALSE(SocketAddress::parse("unix:/0.0.0.0")->is_any());
}

TEST(SocketAddress, TakesAnIpWithoutAPort) {
  EXPECT_EQ(SocketAddress::parse_ip("127.0.0.2", 0)->to_string(), "127.0.0.2:0");
  EXPECT_EQ(SocketAddress::parse_ip("::1", 9)->to_string(), "[::1]:9");
  EXPECT_FALSE(SocketAddress::parse_ip("127.0.0.256", 0));
  EXPECT_FALSE(SocketAddress::parse_ip("", 0));
}

}  // namespace
}  // namespace closewait
