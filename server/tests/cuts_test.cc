#include "server/tests/cuts_for_tests.h"

#include <gmock/gmock.h>

#include <random>

#include "base/pattern.h"
#include "server/tests/undated_for_tests.h"

namespace closewait {
namespace {

// Requests of all kinds, good and bad; the bad ones end the conversation.
const std::vector<std::string>& samples() {
  static const std::vector<std::string> kSamples = {
      "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
      "HEAD /bytes/70000 HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /bytes/70000 HTTP/1.1\r\nHost: a\r\n\r\n",
      "\r\nGET http://a/health?x=y HTTP/1.1\r\nHost: a\r\n\r\n",
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello there",
      "PUT /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n1;x=y\r\n!\r\n0\r\nA: b\r\n\r\n",
      "PUT /count HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc",
      "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nGET ",
  };
  return kSamples;
}

const std::vector<std::string>& bad_samples() {
  static const std::vector<std::string> kSamples = {
      "hello\r\n\r\n",
      "GET / HTTP/1.0\r\n\r\n",
      "GET / HTTP\nGET / HTTP/2.0\r\n\r\n",
      "GET /none HTTP/1.1\r\nHost: a\r\n\r\n",
      "PUT /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX",
      "PUT /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n",
      "PUT /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775808\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(1024, 'x') + "\r\n\r\n",
      "GET /" + std::string(1024, 'x') + "\r\n\r\n",
      std::string("\x16\x03\x01\0\0", 5) + std::string(200, '\xff'),
  };
  return kSamples;
}

using Random = std::mt19937;

std::size_t below(Random& random, std::size_t limit) { return random() % limit; }

std::string conversation(Random& random) {
  std::string all;
  for (std::size_t i = 1 + below(random, 6); i > 0; --i) {
    all += samples()[below(random, samples().size())];
  }
  if (below(random, 2) == 0) all += bad_samples()[below(random, bad_samples().size())];
  return all;
}

std::vector<std::string_view> cut(std::string_view text, Random& random) {
  const std::size_t longest = std::size_t{1} << below(random, 10);
  std::vector<std::string_view> pieces;
  while (!text.empty()) {
    pieces.push_back(text.substr(0, 1 + below(random, longest)));
    text.remove_prefix(pieces.back().size());
  }
  return pieces;
}

TEST(Cuts, DoNotChangeWhatHttpAnswers) {
  for (std::uint32_t seed = 0; seed < 1000; ++seed) {
    Random random(seed);
    const std::string text = conversation(random);
    const CutsResult whole = Cuts("http").play({text});
    const CutsResult in_pieces = Cuts("http").play(cut(text, random));
    ASSERT_TRUE(whole.closed) << "seed " << seed;
    ASSERT_TRUE(in_pieces.closed) << "seed " << seed;
    ASSERT_FALSE(whole.answer.empty()) << "seed " << seed;
    ASSERT_TRUE(undated(whole.answer) == undated(in_pieces.answer)) << "seed " << seed << "\n"
                                                                    << whole.answer << "\nis not\n"
                                                                    << in_pieces.answer;
  }
}

TEST(Cuts, DoNotChangeWhatEchoGivesBack) {
  for (std::uint32_t seed = 0; seed < 40; ++seed) {
    Random random(seed);
    std::string text(1 + below(random, 30'000), '\0');
    for (char& c : text) c = static_cast<char>(random());
    const CutsResult result = Cuts("echo").play(cut(text, random));
    ASSERT_TRUE(result.closed) << "seed " << seed;
    ASSERT_TRUE(result.answer == text) << "seed " << seed;
  }
}

// Bytes of a conversation exchanged for others: whatever it is then, it ends, and cheaply.
TEST(Cuts, OfSpoiltInputEndInOneCountedCloseWithBoundedMemory) {
  for (std::uint32_t seed = 0; seed < 2000; ++seed) {
    Random random(seed);
    std::string text = conversation(random);
    for (std::size_t i = 1 + below(random, 8); i > 0; --i) {
      const std::size_t at = below(random, text.size());
      switch (below(random, 3)) {
        case 0:
          text[at] = static_cast<char>(random());
          break;
        case 1:
          text.erase(at, 1 + below(random, 5));
          break;
        default:
          text.insert(at, text.substr(below(random, text.size()), below(random, 30)));
      }
      if (text.empty()) text = "x";
    }
    const CutsResult result = Cuts("http").play(cut(text, random));
    ASSERT_TRUE(result.closed) << "seed " << seed;
    ASSERT_LT(result.buffered_at_most, 1024U * 1024U) << "seed " << seed;
  }
}

}  // namespace
}  // namespace closewait
