#include "base/endpoint.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

namespace closewait {
namespace {

Endpoint endpoint(const char* text) { return Endpoint::of(SocketAddress::parse(text).value()); }

TEST(Endpoint, KeepsAddressesThroughBothDirections) {
  for (const char* text : {"127.0.0.1:7000", "[::1]:7000", "0.0.0.0:1", "[2001:db8::7]:65535"}) {
    EXPECT_EQ(endpoint(text).address().to_string(), text);
  }
}

TEST(Endpoint, IsTheSameForAnIpv4PeerOfADualStackSocket) {
  EXPECT_EQ(endpoint("[::ffff:10.0.0.9]:80"), endpoint("10.0.0.9:80"));
  EXPECT_EQ(endpoint("[::ffff:10.0.0.9]:80").address().to_string(), "10.0.0.9:80");
  EXPECT_NE(endpoint("[::ffff:10.0.0.9]:80"), endpoint("10.0.0.9:81"));
}

TEST(Endpoint, GivesIpv4InHostOrder) {
  EXPECT_EQ(endpoint("127.0.0.2:9").ipv4(), 0x7f000002U);
  EXPECT_EQ(endpoint("[::1]:9").ipv4(), std::nullopt);
}

TEST(Endpoint, KnowsBothWildcards) {
  EXPECT_TRUE(endpoint("0.0.0.0:9").is_any());
  EXPECT_TRUE(endpoint("[::]:9").is_any());
  EXPECT_FALSE(endpoint("127.0.0.1:9").is_any());
  EXPECT_FALSE(endpoint("[::1]:9").is_any());
  EXPECT_NE(endpoint("0.0.0.0:9"), endpoint("[::]:9"));
}

}  // namespace
}  // namespace closewait
