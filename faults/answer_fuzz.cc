// What a target may answer in each dialect, in arbitrary cuts: the exchange has to judge it as it
// judges the same bytes in one piece. Built by clang (preset fuzz).
//
// The first line of an input is a script, what follows it is the answer. The script's first
// character chooses what was asked (exchange_of); each of the rest says how long the next piece of
// the answer is (length). What is left comes at once, and then the target ends its side.
#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "faults/echo_exchange.h"
#include "faults/http_exchange.h"
#include "faults/raw_exchange.h"

namespace closewait {
namespace {

using Kind = RawFraming::Kind;

constexpr std::uint64_t kSize = 40;  // of what is asked of echo and http

struct Judged {
  bool complete = false;
  std::optional<std::uint64_t> wrong_at;
  std::uint64_t received = 0;
  bool holds_back = false;

  friend bool operator==(const Judged&, const Judged&) = default;
};

Judged judgement(const Exchange& exchange) {
  return {exchange.complete(), exchange.wrong_at(), exchange.received(), exchange.holds_back()};
}

// Of the protocol of a script's first character. Kept from one input to the next.
const RawProtocol& protocol_of(char letter) {
  static const auto of = [](const RawFraming& framing) {
    return RawProtocol{.usual = {"ask", framing}};
  };
  static const RawFraming line{.kind = Kind::kUntil, .until = "\r\n", .starts = "+"};
  static const RawFraming matched{
      .kind = Kind::kPattern,
      .pattern = RawPattern::compile("(250-[^\r]*\r\n)*250 [^\r]*\r\n").pattern};
  static const std::pair<char, RawProtocol> protocols[]{
      {'b', of({.kind = Kind::kBytes, .bytes = 7, .starts = "+PO"})},
      {'u', of(line)},
      {'v', of({.kind = Kind::kUntil, .until = "aabaa"})},  // begins within itself
      {'1', of({.kind = Kind::kLengthPrefix, .prefix = {1, true}, .starts = "ab"})},
      {'2', of({.kind = Kind::kLengthPrefix, .prefix = {2, false}})},
      {'4', of({.kind = Kind::kLengthPrefix, .prefix = {4, true}})},
      {'p', of(matched)},
      {'l', {.opening = {{"", line}, {"login", matched}}, .usual = {"ask", line}}},
  };
  const auto* const found =
      std::ranges::find(protocols, letter, &std::pair<char, RawProtocol>::first);
  return found == std::end(protocols) ? std::begin(protocols)->second : found->second;
}

std::unique_ptr<Exchange> http_exchange(const HttpRequest& request, std::string_view text) {
  return std::make_unique<HttpExchange>(
      HttpExchange::Spec{.request = &request, .host = "a", .text = text, .size = kSize});
}

std::unique_ptr<Exchange> exchange_of(char letter) {
  static const HttpRequest bytes;
  static const HttpRequest page{.path = "/", .statuses = {{200, 299}, {404, 404}}};
  static const HttpRequest head{.method = "HEAD", .path = "/"};
  switch (letter) {
    case 'e':
      return std::make_unique<EchoExchange>(kSize);
    case 'h':
      return http_exchange(bytes, "");
    case 'g':
      return http_exchange(page, "GET / HTTP/1.1\r\n\r\n");
    case 'H':
      return http_exchange(head, "HEAD / HTTP/1.1\r\n\r\n");
    default: {
      const RawProtocol& protocol = protocol_of(letter);
      return std::make_unique<RawExchange>(protocol, protocol.usual);
    }
  }
}

// 0 to 16, then 32, 64, 128 and so on.
std::size_t length(unsigned char c) {
  const unsigned low = c % 32U;
  return low <= 16 ? low : std::size_t{16} << (low - 16);
}

// What is said of the answer before and after the target's end.
std::array<Judged, 2> judge(char letter, std::string_view answer, std::string_view cuts) {
  const auto exchange = exchange_of(letter);
  const auto feed = [&](std::size_t size) {
    const std::string piece(answer.substr(0, size));  // of its own: reading past it is found
    answer.remove_prefix(piece.size());
    exchange->feed(std::as_bytes(std::span(piece)));
  };
  for (const char c : cuts) {
    if (!answer.empty()) feed(length(static_cast<unsigned char>(c)));
  }
  feed(answer.size());
  const Judged before = judgement(*exchange);
  exchange->end_of_input();
  return {before, judgement(*exchange)};
}

}  // namespace
}  // namespace closewait

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string_view script = input.substr(0, input.find('\n'));
  if (script.empty()) return 0;
  const std::string_view answer = input.substr(std::min(script.size() + 1, size));
  const auto whole = closewait::judge(script[0], answer, "");
  if (closewait::judge(script[0], answer, script.substr(1)) != whole) std::abort();
  return 0;
}
