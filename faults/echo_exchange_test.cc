#include "faults/echo_exchange.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "base/pattern.h"

namespace closewait {
namespace {

std::vector<std::byte> owed(std::size_t size) {
  std::vector<std::byte> bytes;
  while (bytes.size() < size) {
    const auto part = pattern(bytes.size(), size - bytes.size());
    bytes.insert(bytes.end(), part.begin(), part.end());
  }
  return bytes;
}

void feed_in_pieces(Exchange& exchange, std::span<const std::byte> bytes, std::size_t piece) {
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    exchange.feed(bytes.subspan(at, std::min(piece, bytes.size() - at)));
  }
}

TEST(EchoExchange, RequestsThePatternPieceByPiece) {
  constexpr std::size_t kSize = 3 * kPatternChunk + 5;
  const EchoExchange exchange(kSize);
  std::vector<std::byte> request;
  for (auto part = exchange.request(0); !part.empty(); part = exchange.request(request.size())) {
    request.insert(request.end(), part.begin(), part.end());
    ASSERT_LE(request.size(), kSize);
  }
  EXPECT_EQ(request, owed(kSize));
  EXPECT_TRUE(exchange.request(kSize + 1).empty());
}

TEST(EchoExchange, IsCompleteWhereverTheBytesAreCut) {
  const auto bytes = owed(200);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    EchoExchange exchange(bytes.size());
    exchange.feed(std::span(bytes).first(cut));
    EXPECT_EQ(exchange.complete(), cut == bytes.size());
    exchange.feed(std::span(bytes).subspan(cut));
    EXPECT_TRUE(exchange.complete());
    EXPECT_FALSE(exchange.wrong_at());
    EXPECT_EQ(exchange.received(), bytes.size());
  }
}

TEST(EchoExchange, SaysWhichByteIsWrongHoweverItCame) {
  const auto right = owed(100);
  for (std::size_t wrong = 0; wrong < right.size(); ++wrong) {
    auto bytes = right;
    bytes[wrong] ^= std::byte{1};
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, bytes.size()}) {
      EchoExchange exchange(bytes.size());
      feed_in_pieces(exchange, bytes, piece);
      EXPECT_EQ(exchange.wrong_at(), wrong);
      EXPECT_TRUE(exchange.complete());
    }
  }
}

TEST(EchoExchange, KeepsTheFirstOfSeveralWrongBytes) {
  auto bytes = owed(100);
  bytes[80] ^= std::byte{1};
  bytes[20] ^= std::byte{1};
  EchoExchange exchange(100);
  feed_in_pieces(exchange, bytes, 10);
  EXPECT_EQ(exchange.wrong_at(), 20U);
}

TEST(EchoExchange, FindsABytesMoreThanOwed) {
  const auto bytes = owed(101);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    EchoExchange exchange(100);
    exchange.feed(std::span(bytes).first(cut));
    exchange.feed(std::span(bytes).subspan(cut));
    EXPECT_TRUE(exchange.complete());
    EXPECT_EQ(exchange.wrong_at(), 100U);
  }
}

TEST(EchoExchange, IsIncompleteWhenTheTargetEndsEarly) {
  const auto bytes = owed(99);
  EchoExchange exchange(100);
  exchange.feed(bytes);
  exchange.end_of_input();
  EXPECT_FALSE(exchange.complete());
}

TEST(EchoExchange, BeginsAgain) {
  const auto bytes = owed(50);
  EchoExchange exchange(50);
  exchange.feed(bytes);
  exchange.restart();
  EXPECT_FALSE(exchange.complete());
  EXPECT_EQ(exchange.received(), 0U);
  exchange.feed(bytes);
  EXPECT_TRUE(exchange.complete());
  EXPECT_FALSE(exchange.wrong_at());
}

}  // namespace
}  // namespace closewait
