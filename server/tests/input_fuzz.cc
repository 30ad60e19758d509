// The input path of every service, fed with bytes in arbitrary cuts. Each input is a connection of
// its own, over a socket pair, and has to end in one counted close, with bounded memory, and with
// the answer that the same bytes get in one piece. Built by clang (preset fuzz).
//
// The first line of an input is the peer's script, what follows it is the peer's text. The script's
// first character chooses the service (target_of). Some others are acts (perform):
//   /        the peer ends its sending, and says nothing more
//   !        the peer is gone
//   .        the server is told to end
// Each of the rest says the next piece of the text, as long as its low five bits are (length), and
// then
//   a to z   the loop turns and the peer reads
//   A to Z   nothing happens: the next piece comes together with this one
//   0 to 9   the loop turns and the peer does not read
// What is left of the text is said at once, and the sending ended.
#include <cstdlib>
#include <span>

#include "base/pattern.h"
#include "server/tests/cuts_for_tests.h"
#include "server/tests/undated_for_tests.h"

namespace closewait {
namespace {

// A longer script would find nothing more, only later.
constexpr std::size_t kLongestScript = 64;

// What is owed up to the high mark and by one more buffer of input, and what is left of that.
constexpr std::uint64_t kBufferedAtMost = Output::kHighMark + 2 * kInputBuffer;

// What was said to a service and answered, when nobody broke off.
struct Exchange {
  const ServerOptions& options;
  std::string_view text;
  std::string_view answer;
};

// Appends the next bytes that are owed, and drops them.
void take(Output& output, std::string& answer) {
  std::array<iovec, 32> pieces;
  std::size_t taken = 0;
  for (const iovec& piece : std::span(pieces).first(output.gather(pieces))) {
    const std::size_t room = Cuts::kKept - answer.size();
    answer.append(static_cast<const char*>(piece.iov_base), std::min(piece.iov_len, room));
    taken += piece.iov_len;
  }
  output.consume(taken);
}

// What the service owes for all of the text at once. Valid until the next call.
const std::string& answer_at_once(const Exchange& exchange, std::string_view date) {
  static std::string answer;  // half a megabyte is not to be had anew for each input
  answer.clear();
  const ServiceContext context{exchange.options.limits, date};
  ServiceState state{.context = &context};
  Output output;
  std::string_view text = exchange.text;
  for (;;) {
    text.remove_prefix(exchange.options.service->serve(state, text, output));
    if (output.empty() || answer.size() == Cuts::kKept) return answer;
    take(output, answer);
  }
}

std::string_view date_of(std::string_view answer) {
  constexpr std::string_view kName = "\r\nDate: ";
  const std::size_t at = answer.find(kName);
  return at == std::string_view::npos ? "" : answer.substr(at + kName.size(), kSomeDate.size());
}

bool is_as_at_once(const Exchange& exchange) {
  const std::string& right = answer_at_once(exchange, date_of(exchange.answer));
  if (exchange.answer == right) return true;
  // What goes back in chunks goes back in those in which it came.
  const std::size_t chunks = right.find("\r\nTransfer-Encoding: chunked\r\n");
  return chunks != std::string::npos && exchange.answer.starts_with(right.substr(0, chunks));
}

bool is_pattern(const Exchange& exchange) {
  return !first_difference(0, std::as_bytes(std::span(exchange.answer)));
}

bool is_refusal(const Exchange& exchange) {
  return exchange.answer.starts_with("HTTP/1.1 503 ") && exchange.answer.ends_with("\n");
}

// Kept from one input to the next: a loop and a table cost more than what is played on them.
struct Target {
  char letter;
  bool (*is_right)(const Exchange&);
  Cuts cuts;
};

Target& target_of(char letter) {
  constexpr int kLittleRoom = 1024;
  static std::array targets = {
      Target{'h', is_as_at_once, Cuts("http")},
      Target{'w', is_as_at_once, Cuts("http", 1, kLittleRoom)},  // what is owed has to wait
      Target{'r', is_refusal, Cuts("http", 0)},
      Target{'e', is_as_at_once, Cuts("echo")},
      Target{'d', is_as_at_once, Cuts("discard")},
      Target{'c', is_pattern, Cuts("chargen")},
  };
  const auto found = std::ranges::find(targets, letter, &Target::letter);
  return found == targets.end() ? targets.front() : *found;
}

// How far a peer is with its text.
struct Speech {
  std::string_view text;
  std::size_t said = 0;
  bool ended = false;   // it says no more
  bool broken = false;  // somebody broke off: what is answered depends on when

  std::string_view next(std::size_t size) {
    const std::string_view piece = ended ? "" : text.substr(said, size);
    said += piece.size();
    return piece;
  }
};

// 0 to 16, then 32, 64, 128 and so on.
std::size_t length(unsigned char c) {
  const unsigned low = c % 32U;
  return low <= 16 ? low : std::size_t{16} << (low - 16);
}

void perform(unsigned char c, Speech& speech, Cuts& cuts) {
  switch (c) {
    case '/':
      cuts.end_sending();
      speech.ended = true;
      return;
    case '!':
      cuts.leave();
      speech.broken = true;
      return;
    case '.':
      cuts.drain();
      speech.broken = true;
      return;
    default:
      cuts.send(speech.next(length(c)));
  }
  if (c / 32 == 'A' / 32) return;
  cuts.turn();
  if (c / 32 != '0' / 32) cuts.read();
}

// Whether the answer was right. Whatever else is wrong ends the program.
bool play(std::string_view input) {
  Target& target = target_of(input.front());
  Cuts& cuts = target.cuts;
  input.remove_prefix(1);
  const std::string_view script = input.substr(0, input.find('\n'));
  Speech speech{.text = input.substr(std::min(script.size() + 1, input.size()))};
  cuts.connect();
  for (const char c : script.substr(0, kLongestScript)) {
    if (!cuts.over()) perform(static_cast<unsigned char>(c), speech, cuts);
  }
  cuts.send(speech.next(speech.text.size()));
  const CutsResult& result = cuts.finish();
  if (!result.closed || result.buffered_at_most > kBufferedAtMost) std::abort();
  return speech.broken ||
         target.is_right({cuts.options(), speech.text.substr(0, speech.said), result.answer});
}

}  // namespace
}  // namespace closewait

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  // The answers of one connection may be of two dates, but not twice in a row.
  if (!closewait::play(input) && !closewait::play(input)) std::abort();
  return 0;
}
