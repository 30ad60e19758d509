#include "loadgen/scenario_values.h"

#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <limits>
#include <optional>

namespace closewait {
namespace {

template <class T>
Result<T> parse_number(std::string_view text, T low, T high) {
  T value{};
  const bool digits = !text.empty() && text.find_first_not_of("0123456789.") == text.npos;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (!digits || error != std::errc{} || stop != end) return not_understood();
  if (value < low || value > high) return not_understood();
  return value;
}

std::uint32_t number_of(const SocketAddress& ipv4) {
  return ntohl(reinterpret_cast<const sockaddr_in*>(ipv4.data())->sin_addr.s_addr);
}

SocketAddress ipv4_of(std::uint32_t number) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(number);
  return {reinterpret_cast<const sockaddr*>(&address), sizeof(address)};
}

// Takes the characters of one word as a shell reads them; false when a quote stays open.
class WordSplitter {
 public:
  explicit WordSplitter(std::string_view text) : text_(text) {}

  [[nodiscard]] bool split() {
    while (!text_.empty()) {
      const char c = take();
      if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
        finish_word();
      } else if (c == '\'' || c == '"') {
        if (!take_quoted(c)) return false;
      } else if (c == '\\' && text_.empty()) {
        return false;
      } else {
        word() += c == '\\' ? take() : c;
      }
    }
    finish_word();
    return true;
  }
  [[nodiscard]] std::vector<std::string> words() { return std::move(words_); }

 private:
  char take() {
    const char c = text_.front();
    text_.remove_prefix(1);
    return c;
  }
  std::string& word() { return word_ ? *word_ : word_.emplace(); }
  void finish_word() {
    if (word_) words_.push_back(std::move(*word_));
    word_.reset();
  }
  bool take_quoted(char quote) {
    word();  // '' is a word too
    while (!text_.empty()) {
      char c = take();
      if (c == quote) return true;
      const bool escapes = quote == '"' && c == '\\' && !text_.empty() &&
                           (text_.front() == '"' || text_.front() == '\\');
      if (escapes) c = take();
      word() += c;
    }
    return false;
  }

  std::string_view text_;
  std::optional<std::string> word_;
  std::vector<std::string> words_;
};

}  // namespace

Result<std::string> parse_name(std::string_view text) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  };
  if (text.empty() || text.size() > kLongestName) return not_understood();
  if (!std::all_of(text.begin(), text.end(), fits)) return not_understood();
  return std::string(text);
}

Result<std::string> parse_sentence(std::string_view text) {
  if (text.find_first_not_of(" \t\r\n") == text.npos) return not_understood();
  return std::string(text);
}

Result<std::string> parse_url_path(std::string_view text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) { return c > ' '; });
  if (!text.starts_with('/') || !plain) return not_understood();
  return std::string(text);
}

Result<std::string> parse_date(std::string_view text) {
  constexpr std::size_t kLength = 10;  // YYYY-MM-DD
  if (text.size() != kLength || text[4] != '-' || text[7] != '-') return not_understood();
  const auto year = parse_number<int>(text.substr(0, 4), 1, 9999);
  const auto month = parse_number<unsigned>(text.substr(5, 2), 1, 12);
  const auto day = parse_number<unsigned>(text.substr(8, 2), 1, 31);
  if (!year || !month || !day) return not_understood();
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(*month),
                                         std::chrono::day(*day)};
  if (!date.ok()) return not_understood();
  return std::string(text);
}

Result<Nanoseconds> parse_time(std::string_view text) {
  const auto duration = parse_time_or_zero(text);
  if (!duration || duration->count() == 0) return not_understood();
  return *duration;
}

Result<Nanoseconds> parse_time_or_zero(std::string_view text) {
  constexpr Nanoseconds kLongest = std::chrono::hours(365 * 24);
  const auto duration = parse_duration(text);
  if (!duration || *duration > kLongest) return not_understood();
  return *duration;
}

Result<double> parse_steady_rate(std::string_view text) {
  constexpr double kMost = 1e7;
  const auto rate = parse_rate(text);
  if (!rate || *rate > kMost) return not_understood();
  return rate;
}

Result<Rate> parse_rate_plan(std::string_view text) {
  constexpr std::string_view kTo = "..";
  if (text == "max") return Rate{.unbounded = true};
  const std::size_t ramp = text.find(kTo);
  const auto from = parse_steady_rate(text.substr(0, ramp));
  const auto to = ramp == text.npos ? from : parse_steady_rate(text.substr(ramp + kTo.size()));
  if (!from || !to || *from + *to <= 0) return not_understood();
  return Rate{.from = *from, .to = *to};
}

Result<double> parse_weight(std::string_view text) {
  constexpr double kMost = 1e9;
  return parse_number<double>(text, 1e-9, kMost);
}

Result<std::uint64_t> parse_seed(std::string_view text) {
  return parse_number<std::uint64_t>(text, 0, std::numeric_limits<std::uint64_t>::max());
}

Result<std::int64_t> parse_pid(std::string_view text) {
  return parse_number<std::int64_t>(text, 1, std::numeric_limits<std::int32_t>::max());
}

Result<SocketAddress> parse_target_address(std::string_view text) {
  auto address = SocketAddress::parse(text);
  if (address && !address->is_unix() && address->port() == 0) return not_understood();
  return address;
}

Result<std::uint64_t> parse_count(std::string_view text) {
  constexpr std::uint64_t kMost = 1'000'000;
  return parse_number<std::uint64_t>(text, 1, kMost);
}

Result<std::uint64_t> parse_workers(std::string_view text) {
  constexpr std::uint64_t kMost = 64;
  return parse_number<std::uint64_t>(text, 1, kMost);
}

Result<std::vector<SocketAddress>> parse_sources(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto first = SocketAddress::parse_ip(text.substr(0, dash), 0);
  if (!first) return not_understood();
  if (dash == text.npos) return std::vector<SocketAddress>{*first};
  const auto last = SocketAddress::parse_ip(text.substr(dash + 1), 0);
  if (!last || first->family() != AF_INET || last->family() != AF_INET) return not_understood();
  const std::uint32_t low = number_of(*first);
  const std::uint32_t high = number_of(*last);
  if (high < low || high - low >= kMostSources) return not_understood();
  std::vector<SocketAddress> all;
  for (std::uint32_t i = 0; i <= high - low; ++i) all.push_back(ipv4_of(low + i));
  return all;
}

Result<std::vector<std::string>> split_words(std::string_view text) {
  WordSplitter splitter(text);
  if (!splitter.split()) return not_understood();
  std::vector<std::string> words = splitter.words();
  if (words.empty() || words.front().empty()) return not_understood();
  return words;
}

}  // namespace closewait
