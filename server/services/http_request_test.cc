#include "server/services/http_request.h"

#include <gtest/gtest.h>

#include <string>

namespace closewait {
namespace {

constexpr std::size_t kMax = 16 * 1024;

HttpHead read(std::string_view input) { return read_http_head(input, kMax); }

// A request with these fields besides Host.
std::string with(std::string_view fields, std::string_view line = "POST / HTTP/1.1") {
  return std::string(line) + "\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}

TEST(HttpRequest, ReadsAHeadOnceItIsWhole) {
  const std::string text =
      with("Content-Length: 12\r\nExpect: 100-Continue\r\n", "POST /echo?x HTTP/1.1");
  for (std::size_t size = 0; size < text.size(); ++size) {
    const HttpHead head = read(std::string_view(text).substr(0, size));
    EXPECT_EQ(head.size, 0U) << size;
    EXPECT_EQ(head.status, 0) << size;
  }
  const std::string more = text + "and the body";
  const HttpHead head = read(more);
  EXPECT_EQ(head.status, 0);
  EXPECT_EQ(head.size, text.size());
  EXPECT_EQ(head.request.body, 12U);
  EXPECT_EQ(head.request.method, "POST");
  EXPECT_EQ(head.request.target, "/echo?x");
  EXPECT_TRUE(head.request.expects_continue);
  EXPECT_TRUE(head.request.keep_alive);
  EXPECT_FALSE(head.request.chunked);
}

TEST(HttpRequest, SkipsBlankLinesBeforeIt) { EXPECT_EQ(read("\r\n\r\n" + with("")).size, 32U); }

TEST(HttpRequest, KnowsWhoKeepsTheConnection) {
  EXPECT_TRUE(read(with("")).request.keep_alive);
  EXPECT_FALSE(read("GET / HTTP/1.0\r\n\r\n").request.keep_alive);
  EXPECT_TRUE(read(with("Connection: Keep-Alive\r\n", "GET / HTTP/1.0")).request.keep_alive);
  EXPECT_FALSE(read(with("Connection: close\r\n")).request.keep_alive);
}

TEST(HttpRequest, KnowsWhoHasToBeToldThatTheConnectionStays) {
  constexpr std::string_view kOlder = "GET / HTTP/1.0";
  EXPECT_TRUE(read(with("Connection: Keep-Alive\r\n", kOlder)).request.asks_to_stay);
  EXPECT_FALSE(read(with("", kOlder)).request.asks_to_stay);
  EXPECT_FALSE(read(with("Connection: keep-alive\r\n")).request.asks_to_stay);
}

TEST(HttpRequest, RefusesWhatIsNone) {
  EXPECT_EQ(read("hello\r\n\r\n").status, 400);
  EXPECT_EQ(read("GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n").status, 400);
  EXPECT_EQ(read(with(std::string_view("X: a\0b\r\n", 8))).status, 400);
  EXPECT_EQ(read("GET / HTTP/1.1\r\n\r\n").status, 400) << "no Host";
  EXPECT_EQ(read(with("Host: b\r\n")).status, 400);
  EXPECT_EQ(read("GET / HTTP/1.0\r\n\r\n").status, 0);
}

TEST(HttpRequest, RefusesAFramingThatCanBeReadInTwoWays) {
  EXPECT_EQ(read(with("Content-Length: x\r\n")).status, 400);
  EXPECT_EQ(read(with("Content-Length: -1\r\n")).status, 400);
  EXPECT_EQ(read(with("Content-Length: 18446744073709551616\r\n")).status, 400);
  EXPECT_EQ(read(with("Content-Length: 1\r\nContent-Length: 2\r\n")).status, 400);
  EXPECT_EQ(read(with("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n")).status, 400);
  EXPECT_EQ(read(with("Transfer-Encoding: chunked\r\n", "POST / HTTP/1.0")).status, 400);
  EXPECT_EQ(read(with("Transfer-Encoding: gzip, chunked\r\n")).status, 501);
  EXPECT_EQ(read(with("Transfer-Encoding: gzip\r\n")).status, 501);
  EXPECT_EQ(read(with("Transfer-Encoding: Chunked\r\n")).status, 0);
  EXPECT_EQ(read(with("Content-Length: 9223372036854775808\r\n")).request.body,
            std::uint64_t{1} << 63);
}

TEST(HttpRequest, TellsAnotherVersionFromNone) {
  EXPECT_EQ(read("GET / HTTP/2.0\r\nHost: a\r\n\r\n").status, 505);
  EXPECT_EQ(read("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").status, 505);
  EXPECT_EQ(read("GET / HTTP/banana\r\n\r\n").status, 400);
  EXPECT_EQ(read("GET / FTP/1.0\r\n\r\n").status, 400);
  EXPECT_EQ(read("GET / HTTP\nGET / HTTP/2.0\r\n\r\n").status, 400) << "as its first line alone";
  EXPECT_EQ(read("GET / HTTP/1.1\nHost: a\r\n\r\n").status, 400);
}

// A peer that is no HTTP client may wait for an answer before it sends more.
TEST(HttpRequest, RefusesByTheFirstLineWhatCanBeNone) {
  EXPECT_EQ(read("\x16\x03\x01\x02").status, 400) << "TLS";
  EXPECT_EQ(read(std::string_view("\0", 1)).status, 400);
  EXPECT_EQ(read("hello\r\n").status, 400);
  EXPECT_EQ(read("GET /\n").status, 400);
  EXPECT_EQ(read("GET / HTTP/3.0\r\nHost").status, 505);
  EXPECT_EQ(read("GET / HTTP/1.1\r\nHost").status, 0);
  EXPECT_EQ(read("GET / HTT").status, 0);
}

TEST(HttpRequest, BoundsTheHead) {
  const std::string start = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
  const auto whole = [&](std::size_t size) {
    return start + std::string(size - start.size() - 4, 'x') + "\r\n\r\n";
  };
  EXPECT_EQ(read(whole(kMax)).status, 0);
  EXPECT_EQ(read(whole(kMax)).size, kMax);
  EXPECT_EQ(read(whole(kMax + 1)).status, 431);
  EXPECT_EQ(read(whole(kMax).substr(0, kMax - 1)).status, 0);
  EXPECT_EQ(read(whole(2 * kMax).substr(0, kMax)).status, 431) << "it can only be larger";
  EXPECT_EQ(read("GET /" + std::string(kMax, 'x') + "\n").status, 431) << "whatever its end says";
  std::string blank;
  while (blank.size() < kMax) blank += "\r\n";
  EXPECT_EQ(read(blank).status, 431);
}

}  // namespace
}  // namespace closewait
