#include "faults/http_exchange.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "base/pattern.h"

namespace closewait {
namespace {

constexpr std::uint64_t kSize = 40;

std::string body(std::uint64_t size = kSize) {
  const auto bytes = pattern(0, size);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string with_length(const std::string& content, const std::string& status = "200 OK") {
  return "HTTP/1.1 " + status +
         "\r\nServer: t\r\nContent-Length: " + std::to_string(content.size()) + "\r\n\r\n" +
         content;
}

std::string chunked(const std::string& content) {
  return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n" + content.substr(0, 1) +
         "\r\n1b;why=not\r\n" + content.substr(1, 27) + "\r\nc\r\n" + content.substr(28) +
         "\r\n0\r\n\r\n";
}

std::string until_end(const std::string& content) {
  return "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + content;
}

struct Judged {
  bool complete = false;
  std::optional<std::uint64_t> wrong_at;

  friend bool operator==(const Judged&, const Judged&) = default;
};
constexpr Judged kRight{true, std::nullopt};

Judged judgement(const Exchange& exchange) { return {exchange.complete(), exchange.wrong_at()}; }

void feed(Exchange& exchange, std::string_view bytes) {
  exchange.feed(std::as_bytes(std::span(bytes)));
}

class Asked {
 public:
  explicit Asked(HttpRequest request = {})
      : request_(std::move(request)),
        text_(request_.path.empty() ? "" : http_request_text(request_, "localhost", request_.path)),
        exchange_({.request = &request_, .host = "localhost", .text = text_, .size = kSize}) {}
  Asked& feed(std::string_view bytes) {
    closewait::feed(exchange_, bytes);
    return *this;
  }
  Asked& end() {
    exchange_.end_of_input();
    return *this;
  }
  [[nodiscard]] Judged judged() const { return judgement(exchange_); }
  HttpExchange& exchange() { return exchange_; }

 private:
  HttpRequest request_;
  std::string text_;
  HttpExchange exchange_;
};

std::ostream& operator<<(std::ostream& out, const Judged& judged) {
  out << (judged.complete ? "complete" : "incomplete");
  if (judged.wrong_at) out << ", wrong at " << *judged.wrong_at;
  return out;
}

// However its bytes are cut, a response is judged the same.
void expect_at_every_cut(const std::string& bytes, const Judged& expected, bool then_ends = false) {
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    Asked asked;
    asked.feed(std::string_view(bytes).substr(0, cut)).feed(std::string_view(bytes).substr(cut));
    if (then_ends) asked.end();
    EXPECT_EQ(asked.judged(), expected) << "cut at " << cut;
  }
  Asked asked;
  for (const char& byte : bytes) asked.feed({&byte, 1});
  if (then_ends) asked.end();
  EXPECT_EQ(asked.judged(), expected) << "byte by byte";
}

TEST(HttpExchange, AsksForTheSizeOrForThePath) {
  const auto text_of = [](const HttpExchange& exchange, std::uint64_t offset) {
    const auto bytes = exchange.request(offset);
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  Asked pattern_asked;
  EXPECT_EQ(text_of(pattern_asked.exchange(), 0),
            "GET /bytes/40 HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(text_of(pattern_asked.exchange(), 4), "/bytes/40 HTTP/1.1\r\nHost: localhost\r\n\r\n");
  Asked path(HttpRequest{.path = "/index.html"});
  const std::string request = text_of(path.exchange(), 0);
  EXPECT_EQ(request, "GET /index.html HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(text_of(path.exchange(), request.size()), "");
  EXPECT_EQ(text_of(path.exchange(), request.size() + 1), "");
}

TEST(HttpExchange, TakesALengthAtEveryCut) { expect_at_every_cut(with_length(body()), kRight); }

TEST(HttpExchange, TakesChunksAtEveryCut) { expect_at_every_cut(chunked(body()), kRight); }

TEST(HttpExchange, TakesABodyThatEndsWithTheInputAtEveryCut) {
  expect_at_every_cut(until_end(body()), kRight, true);
}

TEST(HttpExchange, IsIncompleteUntilTheLastByte) {
  for (const std::string& bytes : {with_length(body()), chunked(body())}) {
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
      Asked asked;
      asked.feed(std::string_view(bytes).substr(0, cut));
      EXPECT_EQ(asked.judged(), Judged{}) << cut;
      asked.end();
      EXPECT_EQ(asked.judged(), Judged{}) << "ended at " << cut;
    }
  }
  EXPECT_EQ(Asked().feed(until_end(body())).judged(), Judged{}) << "its end has not come";
}

TEST(HttpExchange, SaysWhichByteOfTheBodyIsWrong) {
  for (std::size_t wrong = 0; wrong < kSize; ++wrong) {
    std::string changed = body();
    changed[wrong] ^= 1;
    const Judged expected{true, wrong};
    EXPECT_EQ(Asked().feed(with_length(changed)).judged(), expected);
    EXPECT_EQ(Asked().feed(chunked(changed)).judged(), expected);
    EXPECT_EQ(Asked().feed(until_end(changed)).end().judged(), expected);
    Asked by_byte;
    for (const char& byte : with_length(changed)) by_byte.feed({&byte, 1});
    EXPECT_EQ(by_byte.judged(), expected);
  }
}

TEST(HttpExchange, WantsAsManyBytesAsItAskedFor) {
  expect_at_every_cut(with_length(body(kSize - 1)), {true, kSize - 1});
  EXPECT_EQ(Asked().feed(until_end(body(kSize - 1))).end().judged(), (Judged{true, kSize - 1}));
  EXPECT_EQ(Asked().feed(with_length(body(kSize + 1))).judged(), (Judged{true, kSize + 1}));
  EXPECT_EQ(Asked().feed(with_length("")).judged(), (Judged{true, 0}));
}

TEST(HttpExchange, TakesAnyOtherStatusForWrong) {
  for (const char* status : {"404 Not Found", "503 Service Unavailable", "206 Partial Content"}) {
    expect_at_every_cut(with_length(body(), status), {true, 0});
  }
}

TEST(HttpExchange, ChecksOnlyStatusAndFramingOfAPathOfItsOwn) {
  EXPECT_EQ(Asked(HttpRequest{.path = "/"}).feed(with_length("whatever it is")).judged(), kRight);
  EXPECT_EQ(Asked(HttpRequest{.path = "/"}).feed(with_length("")).judged(), kRight);
  EXPECT_EQ(Asked(HttpRequest{.path = "/"}).feed(with_length("no", "404 Not Found")).judged(),
            (Judged{true, 0}));
}

TEST(HttpExchange, TakesTheStatusesItIsToldFor) {
  const HttpRequest either{.path = "/", .statuses = {{404, 404}, {200, 299}}};
  const auto wrong_at = [&](const char* status) {
    return Asked(either).feed(with_length("what", status)).judged().wrong_at;
  };
  for (const char* status : {"200 OK", "299 Well", "404 Not Found"}) EXPECT_FALSE(wrong_at(status));
  for (const char* status : {"300 Several", "403 No", "405 Not So"})
    EXPECT_EQ(wrong_at(status), 0U);
}

TEST(HttpExchange, WaitsForNoBodyWhereThereIsNone) {
  const HttpRequest head{.method = "HEAD", .path = "/"};
  EXPECT_EQ(Asked(head).feed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n").judged(), kRight);
  EXPECT_TRUE(Asked(head).feed(with_length("12345")).judged().wrong_at);
  const HttpRequest of_pattern{.method = "HEAD"};
  EXPECT_EQ(Asked(of_pattern).feed("HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n").judged(),
            kRight);
  const HttpRequest any{.path = "/", .statuses = {{200, 399}}};
  for (const char* status : {"204 No Content", "304 Not Modified"}) {
    EXPECT_EQ(Asked(any).feed(fmt::format("HTTP/1.1 {}\r\nServer: t\r\n\r\n", status)).judged(),
              kRight);
  }
}

TEST(HttpExchange, PassesOverInterimResponsesAtEveryCut) {
  const std::string interim =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n";
  expect_at_every_cut(interim + with_length(body()), kRight);
  expect_at_every_cut(interim + with_length(body()) + "x",
                      {true, interim.size() + with_length(body()).size()});
  EXPECT_EQ(Asked().feed(interim).end().judged(), Judged{});
  EXPECT_EQ(Asked().feed("HTTP/1.1 101 Switching Protocols\r\n\r\n").judged(), (Judged{true, 0}));
}

TEST(HttpExchange, FindsBytesBeyondTheResponseAtEveryCut) {
  for (const std::string& bytes : {with_length(body()), chunked(body())}) {
    expect_at_every_cut(bytes + "x", {true, bytes.size()});
    expect_at_every_cut(bytes + bytes, {true, bytes.size()});
  }
}

TEST(HttpExchange, FindsTheFirstLineOfBrokenFramingAtEveryCut) {
  const std::string line = "HTTP/1.1 200 OK\r\n";
  const std::string chunks = line + "Transfer-Encoding: chunked\r\n\r\n";
  expect_at_every_cut("220 ready when you are\r\n\r\n", {false, 0});
  expect_at_every_cut("HTTP/1.1 banana\r\n\r\n", {false, 0});
  expect_at_every_cut(line + "Content-Length: many\r\n\r\n", {false, line.size()});
  expect_at_every_cut(chunks + "xyz\r\n", {false, chunks.size()});
}

TEST(HttpExchange, WaitsNoLongerForWhatIsNoResponseAtEveryCut) {
  expect_at_every_cut("SSH", {false, 0});
  expect_at_every_cut("HT\r\n\r\nand more", {false, 0});
  expect_at_every_cut("HTTP/1.0 200 Well 4\r\r\n\nabcd", {false, 0});
  expect_at_every_cut("HTTP/1.1 200 OK\r\nA: b\r\r\n", {false, std::nullopt});  // until it ends
  expect_at_every_cut("HTTP/1.1 200 OK\r\nA: " + std::string(8200, 'b'), {false, 0});
}

TEST(HttpExchange, ReadsAnEmptyBodyInChunksAtEveryCut) {
  const std::string chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  expect_at_every_cut(chunks + "0\r\n\r\n", {true, 0});  // 40 bytes were asked for
  expect_at_every_cut(chunks + "0\r\n\r", {false, std::nullopt});
  expect_at_every_cut(chunks + "0\r\nA: b\r\n\r\n", {true, 0});
  const std::string endless = "1;" + std::string(9000, 'x');
  expect_at_every_cut(chunks + endless, {false, chunks.size()});
  expect_at_every_cut(chunks + endless + "\r\na\r\n0\r\n\r\n", {false, chunks.size()});
}

TEST(HttpExchange, ReadsNothingBehindBrokenFraming) {
  Asked asked;
  asked.feed("HTTP/1.1 banana\r\n\r\n").feed(with_length(body()));
  EXPECT_EQ(asked.judged(), (Judged{false, 0}));
}

TEST(HttpExchange, BeginsAgainAfterEachResponse) {
  Asked asked;
  asked.feed(with_length(body())).exchange().restart();
  EXPECT_EQ(asked.judged(), Judged{});
  EXPECT_EQ(asked.exchange().received(), 0U);
  EXPECT_EQ(asked.feed(chunked(body())).judged(), kRight);
  asked.exchange().restart();
  std::string changed = body();
  changed[7] ^= 1;
  EXPECT_EQ(asked.feed(with_length(changed)).judged(), (Judged{true, 7}));
}

TEST(HttpExchange, ForgetsAHalfResponseWhenItBeginsAgain) {
  Asked asked;
  asked.feed("HTTP/1.1 200 OK\r\nContent-Le").exchange().restart();
  EXPECT_EQ(asked.feed(with_length(body())).judged(), kRight);
}

}  // namespace
}  // namespace closewait
