#include "faults/behaviour.h"

#include "base/units.h"

namespace closewait {
namespace {

error_code set(Params& params, Parameter::Field field, Result<std::uint64_t> value) {
  if (!value) return value.error();
  params.*std::get<std::uint64_t Params::*>(field) = *value;
  return {};
}

Result<std::uint64_t> parse_count(std::string_view text) {
  if (text.find_first_not_of("0123456789") != std::string_view::npos) {
    return boost::system::errc::make_error_code(boost::system::errc::invalid_argument);
  }
  return parse_bytes(text);
}

Result<std::uint64_t> parse_whole_byte_rate(std::string_view text) {
  const auto rate = parse_byte_rate(text);
  if (!rate) return rate.error();
  constexpr double kMost = 9e18;  // as of sizes
  if (*rate > kMost) {
    return boost::system::errc::make_error_code(boost::system::errc::invalid_argument);
  }
  return static_cast<std::uint64_t>(*rate);
}

}  // namespace

error_code set_param(Params& params, const Parameter& parameter, std::string_view text) {
  switch (parameter.kind) {
    case Parameter::Kind::kBytes:
      return set(params, parameter.field, parse_bytes(text));
    case Parameter::Kind::kByteRate:
      return set(params, parameter.field, parse_whole_byte_rate(text));
    case Parameter::Kind::kCount:
      return set(params, parameter.field, parse_count(text));
    case Parameter::Kind::kDuration: {
      const auto value = parse_duration(text);
      if (!value) return value.error();
      params.*std::get<Nanoseconds Params::*>(parameter.field) = *value;
      return {};
    }
  }
  return {};
}

std::string param_text(const Params& params, const Parameter& parameter) {
  if (parameter.kind == Parameter::Kind::kDuration) {
    return format_duration(params.*std::get<Nanoseconds Params::*>(parameter.field));
  }
  const std::uint64_t value = params.*std::get<std::uint64_t Params::*>(parameter.field);
  if (parameter.kind == Parameter::Kind::kCount) return std::to_string(value);
  return format_bytes(value) + (parameter.kind == Parameter::Kind::kByteRate ? "/s" : "");
}

std::string_view example_of(Parameter::Kind kind) {
  switch (kind) {
    case Parameter::Kind::kBytes:
      return kBytesExample;
    case Parameter::Kind::kByteRate:
      return kByteRateExample;
    case Parameter::Kind::kCount:
      return "a whole number such as 10";
    case Parameter::Kind::kDuration:
      return kDurationExample;
  }
  return {};
}

std::string_view name_of(End end) {
  switch (end) {
    case End::kFin:
      return "FIN";
    case End::kRst:
    case End::kUnread:
      return "RST";
    case End::kVanish:
      return "nothing";
  }
  return {};
}

std::string_view name_of(Owed owed) {
  switch (owed) {
    case Owed::kNothing:
      return "nothing";
    case Owed::kResponse:
      return "the whole response";
    case Owed::kEveryResponse:
      return "every response, whole and in order";
    case Owed::kResponseOrEnd:
      return "the whole response, or an end in the server's own time";
    case Owed::kResponseAfterEnd:
      return "the whole response, also after its end of input";
    case Owed::kGreeting:
      return "the whole greeting";
  }
  return {};
}

Params default_params(const Behaviour& behaviour) {
  Params params{.steps = behaviour.steps};
  for (const Parameter& parameter : behaviour.parameters) {
    // The catalogue's test holds that every default is understood.
    static_cast<void>(set_param(params, parameter, parameter.fallback));
  }
  return params;
}

}  // namespace closewait
