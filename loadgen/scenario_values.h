#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/units.h"
#include "loadgen/scenario.h"
#include "loadgen/yaml_reader.h"

namespace closewait {

// The single values of a scenario: pure functions from text, each with what to say that was
// expected. All errors are errc::invalid_argument.

[[nodiscard]] Result<std::string> parse_name(std::string_view text);
[[nodiscard]] Result<std::string> parse_sentence(std::string_view text);
[[nodiscard]] Result<std::string> parse_url_path(std::string_view text);
[[nodiscard]] Result<std::string> parse_date(std::string_view text);
[[nodiscard]] Result<Nanoseconds> parse_time(std::string_view text);  // above 0
[[nodiscard]] Result<Nanoseconds> parse_time_or_zero(std::string_view text);
[[nodiscard]] Result<double> parse_steady_rate(std::string_view text);  // 0/s is one
[[nodiscard]] Result<Rate> parse_rate_plan(std::string_view text);
[[nodiscard]] Result<double> parse_weight(std::string_view text);
[[nodiscard]] Result<std::uint64_t> parse_seed(std::string_view text);
[[nodiscard]] Result<std::int64_t> parse_pid(std::string_view text);
[[nodiscard]] Result<SocketAddress> parse_target_address(std::string_view text);
// A whole number from 1 to 1,000,000: of connections, cycles, requests.
[[nodiscard]] Result<std::uint64_t> parse_count(std::string_view text);
[[nodiscard]] Result<std::uint64_t> parse_workers(std::string_view text);
// "127.0.0.2-127.0.0.32" or one address; more than kMostSources are an error.
[[nodiscard]] Result<std::vector<SocketAddress>> parse_sources(std::string_view text);
// A command as a shell splits it into words: quotes and backslashes, nothing else of a shell.
[[nodiscard]] Result<std::vector<std::string>> split_words(std::string_view text);

inline constexpr std::size_t kMostSources = 256;
inline constexpr std::size_t kMostTargetAddresses = 64;
inline constexpr std::size_t kLongestName = 64;

inline constexpr Words<bool, 4> kSwitch{
    {{"on", true}, {"off", false}, {"true", true}, {"false", false}}};
inline constexpr ValueKind<std::string> kName{parse_name,
                                              "a name of at most 64 letters, digits, '-' and '_'"};
inline constexpr ValueKind<std::string> kSentence{parse_sentence, "a sentence"};
inline constexpr ValueKind<std::string> kUrlPath{parse_url_path, "a path such as /index.html"};
inline constexpr ValueKind<std::string> kDate{parse_date, "a date such as 2026-12-31"};
inline constexpr ValueKind<Nanoseconds> kTime{parse_time, "a duration such as 250ms, at most 365d"};
inline constexpr ValueKind<Nanoseconds> kTimeOrZero{parse_time_or_zero, kTime.expected};
inline constexpr ValueKind<double> kSteadyRate{parse_steady_rate,
                                               "a rate such as 2000/s, at most 10000000/s"};
inline constexpr ValueKind<Rate> kRatePlan{
    parse_rate_plan,
    "a rate such as 2000/s, a ramp such as 500/s..4000/s, or max (at most 10000000/s)"};
inline constexpr ValueKind<double> kWeight{parse_weight, "a weight above 0 such as 20"};
inline constexpr ValueKind<std::uint64_t> kSeed{parse_seed,
                                                "a whole number below 18446744073709551616"};
inline constexpr ValueKind<std::int64_t> kPid{parse_pid, "the number of a process"};
inline constexpr ValueKind<SocketAddress> kTargetAddress{parse_target_address, kAddressExample};
inline constexpr ValueKind<std::uint64_t> kCount{parse_count, "a whole number from 1 to 1000000"};
inline constexpr ValueKind<std::uint64_t> kWorkers{parse_workers, "a whole number from 1 to 64"};
inline constexpr ValueKind<std::vector<SocketAddress>> kSources{
    parse_sources,
    "an address such as 127.0.0.2 or a range such as 127.0.0.2-127.0.0.32, at most 256 in all"};
inline constexpr ValueKind<std::vector<std::string>> kCommand{
    split_words, "a command such as closewait-server --listen 127.0.0.1:0, its quotes closed"};

}  // namespace closewait
