#include "server/services/http_body.h"

#include <gtest/gtest.h>

#include <string>

namespace closewait {
namespace {

constexpr HttpBody::Limits kLimits{.body = 1000, .trailers = 100};

struct Read {
  std::string data;
  std::string rest;
  int status = 0;
  bool done = false;
};

// Fed `step` more bytes at a time, as a connection feeds it: what was not used comes again.
Read read(HttpBody body, std::string_view text, std::size_t step = 1 << 20) {
  Read read;
  std::string input;
  while (!body.done() && read.status == 0) {
    const auto piece = body.take(input, kLimits);
    read.data += piece.data;
    read.status = piece.status;
    input.erase(0, piece.used);
    if (piece.used > 0 || piece.status != 0) continue;
    if (text.empty()) break;
    input += text.substr(0, step);
    text.remove_prefix(std::min(step, text.size()));
  }
  read.rest = input + std::string(text);
  read.done = body.done();
  return read;
}

HttpBody chunked() {
  HttpBody body;
  body.begin_chunked();
  return body;
}

TEST(HttpBody, ReadsChunksHoweverTheyAreCut) {
  const std::string text = "5\r\nhello\r\n009;x=\"y\"\r\n, you all\r\n0\r\nA: b\r\n\r\nGET";
  for (const std::size_t step : {1UL, 2UL, 3UL, 7UL, 1000UL}) {
    const Read all = read(chunked(), text, step);
    EXPECT_EQ(all.status, 0) << step;
    EXPECT_TRUE(all.done) << step;
    EXPECT_EQ(all.data, "hello, you all") << step;
    EXPECT_EQ(all.rest, "GET") << step;
  }
}

TEST(HttpBody, ReadsASizeAndNotAByteMore) {
  HttpBody body;
  body.begin_sized(5);
  const Read all = read(body, "helloGET", 2);
  EXPECT_EQ(all.data, "hello");
  EXPECT_EQ(all.rest, "GET");
  body.begin_sized(0);
  EXPECT_TRUE(body.done());
}

TEST(HttpBody, RefusesChunksThatCanBeReadInTwoWays) {
  for (const std::string_view bad :
       {"\r\n", "x\r\n", "-1\r\n", "+1\r\n", "0x1\r\n", " 1\r\n", "1 1\r\n", "1\n\r\n",
        "10000000000000000\r\n", "1\r\nab", "1\r\na\n", "1\r\na\r\r", "0\r\na\rb\r\n"}) {
    EXPECT_EQ(read(chunked(), bad).status, 400) << bad;
  }
  EXPECT_EQ(read(chunked(), std::string_view("1;\0\r\n", 5)).status, 400);
}

TEST(HttpBody, BoundsWhatItReads) {
  EXPECT_EQ(read(chunked(), "3e8\r\n").status, 0);
  EXPECT_EQ(read(chunked(), "3e9\r\n").status, 413);
  EXPECT_EQ(read(chunked(), "8000000000000000\r\n").status, 413);
  EXPECT_EQ(read(chunked(), "3e7\r\n" + std::string(999, 'x') + "\r\n2\r\n").status, 413);
  EXPECT_EQ(read(chunked(), std::string(300, '0')).status, 400) << "a line without an end";
  EXPECT_EQ(read(chunked(), "1;" + std::string(300, 'x') + "\r\n").status, 400);
  EXPECT_EQ(read(chunked(), "0\r\n" + std::string(101, 'x')).status, 431);
  std::string trailers;
  for (int i = 0; i < 30; ++i) trailers += "A: b\r\n";
  EXPECT_EQ(read(chunked(), "0\r\n" + trailers).status, 431);
}

// What is kept of it would fill a loop's buffer, and the next read would have no room.
TEST(HttpBody, RefusesATrailerThatCannotEndWithinTheLimit) {
  HttpBody body = chunked();
  ASSERT_EQ(body.take("0\r\n", kLimits).used, 3U);
  EXPECT_EQ(body.take(std::string(kLimits.trailers - 1, 'x'), kLimits).status, 0);
  EXPECT_EQ(body.take(std::string(kLimits.trailers, 'x'), kLimits).status, 431);
}

}  // namespace
}  // namespace closewait
