// The parsers of quantities and addresses, fed with any text: each takes it or refuses it, what it
// takes is a finite number that is not below 0, and what is printed of that reads back as the same.
// Built by clang (preset fuzz).
#include <cmath>
#include <cstdlib>
#include <string_view>

#include "base/address.h"
#include "base/units.h"

namespace closewait {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

bool is_near(double a, double b) { return std::abs(a - b) <= 1e-9 * std::max(a, b); }

void exact_quantities(std::string_view text) {
  if (const auto bytes = parse_bytes(text)) {
    require(parse_bytes(format_bytes(*bytes)).value() == *bytes);
    require(!brief_bytes(static_cast<double>(*bytes)).empty());
  }
  if (const auto duration = parse_duration(text)) {
    require(duration->count() >= 0);
    require(parse_duration(format_duration(*duration)).value() == *duration);
    require(!brief_duration(*duration).empty());
  }
}

void rates_and_shares(std::string_view text) {
  for (const auto& parsed : {parse_rate(text), parse_byte_rate(text), parse_ratio(text)}) {
    if (parsed) require(std::isfinite(*parsed) && *parsed >= 0);
  }
  // Printed for people, who write no more digits than these: beyond, an exponent is printed.
  constexpr double kLeast = 1e-3;
  constexpr double kMost = 1e7;
  const auto is_usual = [](const Result<double>& value) {
    return value && *value >= kLeast && *value <= kMost;
  };
  const auto rate = parse_rate(text);
  if (is_usual(rate)) require(is_near(parse_rate(format_rate(*rate)).value(), *rate));
  const auto ratio = parse_ratio(text);
  if (is_usual(ratio)) require(is_near(parse_ratio(format_ratio(*ratio)).value(), *ratio));
}

void addresses(std::string_view text) {
  if (const auto address = SocketAddress::parse(text)) {
    require(SocketAddress::parse(address->to_string()).value() == *address);
  }
  if (const auto ip = SocketAddress::parse_ip(text, 1)) {
    require(SocketAddress::parse_ip(ip->ip(), 1).value() == *ip);
  }
}

}  // namespace
}  // namespace closewait

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  closewait::exact_quantities(text);
  closewait::rates_and_shares(text);
  closewait::addresses(text);
  return 0;
}
