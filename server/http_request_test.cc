#include "server/http_request.h"

#include <gtest/gtest.h>

#include <string>

namespace closewait {
namespace {

TEST(HttpRequest, ReadsAHeadOnceItIsWhole) {
  const std::string text =
      "POST /echo?x HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\nExpect: 100-Continue\r\n\r\n";
  for (std::size_t size = 0; size < text.size(); ++size) {
    const HttpHead head = read_http_head(std::string_view(text).substr(0, size));
    EXPECT_EQ(head.size, 0U) << size;
    EXPECT_EQ(head.status, 0) << size;
  }
  const HttpHead head = read_http_head(text + "and the body");
  EXPECT_EQ(head.status, 0);
  EXPECT_EQ(head.size, text.size());
  EXPECT_EQ(head.request.body, 12U);
  EXPECT_TRUE(head.request.expects_continue);
  EXPECT_TRUE(head.request.keep_alive);
}

TEST(HttpRequest, SkipsBlankLinesBeforeIt) {
  EXPECT_EQ(read_http_head("\r\n\r\nGET / HTTP/1.1\r\n\r\n").size, 22U);
}

TEST(HttpRequest, KnowsWhoKeepsTheConnection) {
  EXPECT_TRUE(read_http_head("GET / HTTP/1.1\r\n\r\n").request.keep_alive);
  EXPECT_FALSE(read_http_head("GET / HTTP/1.0\r\n\r\n").request.keep_alive);
  EXPECT_FALSE(read_http_head("GET / HTTP/1.1\r\nConnection: close\r\n\r\n").request.keep_alive);
}

TEST(HttpRequest, RefusesWhatIsNone) {
  EXPECT_EQ(read_http_head("hello\r\n\r\n").status, 400);
  EXPECT_EQ(read_http_head("GET /\x01 HTTP/1.1\r\n\r\n").status, 400);
  EXPECT_EQ(read_http_head("GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n").status, 400);
  EXPECT_EQ(
      read_http_head("POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n").status,
      400);
  EXPECT_EQ(read_http_head("POST / HTTP/1.1\r\nContent-Length: 1\r\n"
                           "Transfer-Encoding: chunked\r\n\r\n")
                .status,
            400);
}

TEST(HttpRequest, BoundsTheHead) {
  const std::string start = "GET / HTTP/1.1\r\nX: ";
  EXPECT_EQ(read_http_head(start + std::string(kMaxHttpHead, 'x')).status, 431);
  EXPECT_EQ(read_http_head(start + std::string(kMaxHttpHead, 'x') + "\r\n\r\n").status, 431);
  EXPECT_EQ(read_http_head(start + std::string(10000, 'x') + "\r\n\r\n").status, 0);
}

}  // namespace
}  // namespace closewait
