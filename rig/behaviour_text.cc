#include "rig/behaviour_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <regex>

#include "base/units.h"

namespace closewait {
namespace {

struct Condition {
  bool Needs::*field;
  std::string_view key;
  std::string_view text;
};

constexpr std::array kConditions{
    Condition{&Needs::keep_alive, "keep_alive", "a second answer on a connection"},
    Condition{&Needs::tcp, "tcp", "TCP"},
    Condition{&Needs::tls, "tls", "TLS"},
    Condition{&Needs::grammar, "grammar", "requests that can be wrong (no echo)"},
    Condition{&Needs::parts, "parts", "a request of two bytes or more"},
    Condition{&Needs::body, "body", "requests with a body (HTTP)"},
    Condition{&Needs::greeting, "greeting", "a server that speaks first"},
    Condition{&Needs::net_admin, "net_admin", "CAP_NET_ADMIN"},
};

}  // namespace

std::string_view summary_of(const Behaviour& behaviour) {
  const std::string_view story = behaviour.story;
  const std::size_t end = std::min({story.find(". "), story.find(": "), story.size() - 1});
  return story.substr(0, end);
}

std::vector<BehaviourNeed> needs_of(const Behaviour& behaviour) {
  std::vector<BehaviourNeed> all;
  if (const std::uint64_t bytes = behaviour.needs.response_bytes; bytes > 0) {
    all.push_back({"response_bytes", "a response of " + format_bytes(bytes)});
  }
  for (const Condition& each : kConditions) {
    if (behaviour.needs.*each.field) all.push_back({each.key, std::string(each.text)});
  }
  return all;
}

std::string needs_text(const Behaviour& behaviour) {
  std::string text;
  for (const BehaviourNeed& each : needs_of(behaviour)) {
    text += (text.empty() ? "" : ", ") + each.text;
  }
  return text.empty() ? "nothing" : text;
}

std::string_view key_of(Owed owed) {
  switch (owed) {
    case Owed::kNothing:
      return "nothing";
    case Owed::kResponse:
      return "response";
    case Owed::kEveryResponse:
      return "every_response";
    case Owed::kResponseOrEnd:
      return "response_or_end";
    case Owed::kResponseAfterEnd:
      return "response_after_end";
    case Owed::kGreeting:
      return "greeting";
  }
  return {};
}

std::vector<PublicBug> bugs_of(const Behaviour& behaviour) {
  static const std::regex kBug(R"(([\w.-]+/[\w.-]+)#(\d+))");
  const std::string_view text = behaviour.brings_out;
  std::vector<PublicBug> bugs;
  using Matches = std::regex_iterator<std::string_view::const_iterator>;
  for (Matches it(text.begin(), text.end(), kBug); it != Matches(); ++it) {
    bugs.push_back({text.substr(static_cast<std::size_t>(it->position()),
                                static_cast<std::size_t>(it->length())),
                    fmt::format("https://github.com/{}/issues/{}", it->str(1), it->str(2))});
  }
  return bugs;
}

std::string_view type_of(Parameter::Kind kind) {
  switch (kind) {
    case Parameter::Kind::kBytes:
      return "bytes";
    case Parameter::Kind::kDuration:
      return "duration";
    case Parameter::Kind::kByteRate:
      return "byte_rate";
    case Parameter::Kind::kCount:
      return "count";
  }
  return {};
}

}  // namespace closewait
