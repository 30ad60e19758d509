#include "rig/try_report.h"

#include <fmt/format.h>

#include <iterator>

#include "report/brief.h"
#include "report/wrap.h"
#include "rig/behaviour_text.h"

namespace closewait {
namespace {

using TriedJson = nlohmann::ordered_json;

constexpr std::size_t kWhatWidth = 44;
constexpr std::array<std::string_view, 3> kDialects{"echo", "http", "raw"};
constexpr std::array<std::string_view, 5> kGot{"nothing_owed", "all", "end", "part", "wrong"};

double milliseconds(Nanoseconds duration) { return to_seconds(duration) * 1000; }

// From the first call to the end of the last.
Nanoseconds length_of(const CallLog& log) {
  if (log.calls().empty()) return Nanoseconds(0);
  const Call& last = log.calls().back();
  return last.at + last.took - log.calls().front().at;
}

std::string_view dialect_of(const Tried& tried) {
  return kDialects[static_cast<std::size_t>(tried.client.target->dialect)];
}

std::string what_of(const Call& call) {
  if (call.name == "epoll_wait") {
    const auto names = event_names(call.events);
    return names.empty() ? "nothing: its time was over" : fmt::format("{}", fmt::join(names, " "));
  }
  if (call.what.empty() || call.detail.empty()) return std::string(call.what) + call.detail;
  return fmt::format("{}: {}", call.what, call.detail);
}

std::string result_of(const Call& call) {
  if (call.error != 0) return errno_name(call.error);
  if (call.name == "pause") return {};
  if (call.asked == 0) return std::to_string(call.result);
  if (call.name == "recv" && call.result == 0) return "0, the end";
  return fmt::format("{} of {}", call.result, call.asked);
}

void add_call(std::string& text, const Call& call, Instant start) {
  std::string what = what_of(call);
  if (what.size() > kWhatWidth) what = what.substr(0, kWhatWidth - 3) + "...";
  fmt::format_to(std::back_inserter(text), "{:>10.3f}  {:<10}  {:<{}}  {:>16}  {:>9.3f}\n",
                 milliseconds(call.at - start), call.name, what, kWhatWidth, result_of(call),
                 milliseconds(call.took));
}

std::string outcome_text(const Tried& tried) {
  const double took = milliseconds(length_of(tried.log));
  switch (tried.played.outcome) {
    case Outcome::kDelivered:
      return fmt::format("delivered after {:.3f} ms", took);
    case Outcome::kPreempted:
      return fmt::format("preempted after {:.3f} ms: the target ended it, or its answer, first",
                         took);
    case Outcome::kTimedOut:
      return fmt::format("timed out after {:.3f} ms: its own deadline came first", took);
    case Outcome::kRefused:
    case Outcome::kCut:
      break;
  }
  return fmt::format("{} after {:.3f} ms", name_of(tried.played.outcome), took);
}

std::string proof_text(const Tried& tried) {
  const ClientCounts& counts = tried.played.tally.counts;
  const std::string_view end = name_of(tried.client.behaviour->end);
  if (counts.intended == 0) return fmt::format("its end ({}) was not reached", end);
  const bool proven = counts.confirmed == counts.intended;
  return fmt::format("its end ({}) is {}: {} intended, {} confirmed", end,
                     proven ? "proven" : "not proven", counts.intended, counts.confirmed);
}

std::string owed_text(const Tried& tried) {
  const PlayedClient& played = tried.played;
  const std::string_view owed = name_of(tried.client.behaviour->owed);
  const std::string bytes = grouped(played.received) + " bytes";
  switch (got_of(*tried.client.behaviour, played)) {
    case Got::kNothingOwed:
      return played.received == 0 ? "owed nothing"
                                  : fmt::format("owed nothing; {} of a response were taken", bytes);
    case Got::kAll:
      return fmt::format("owed {}: got it, {} in the last exchange", owed, bytes);
    case Got::kEnd:
      return fmt::format("owed {}: the target ended it, {} of a response came", owed, bytes);
    case Got::kPart:
      return fmt::format("owed {}: not got, {} of it came", owed, bytes);
    case Got::kWrong:
      return fmt::format("owed {}: got other bytes, the first wrong one at {}", owed,
                         grouped(played.wrong_at.value_or(0)));
  }
  return {};
}

std::string title_text(const Tried& tried) {
  std::string text;
  std::string title(tried.client.behaviour->name);
  for (const Parameter& each : tried.client.behaviour->parameters) {
    title += fmt::format(" {}={}", each.name, param_text(tried.client.params, each));
  }
  title += fmt::format(", seed {}, to {}, {}", tried.seed, tried.client.address.to_string(),
                       dialect_of(tried));
  if (tried.client.target->tls) title += " over TLS";
  add_wrapped(text, "", "  ", title);
  return text;
}

TriedJson json_of_call(const Call& call, Instant start) {
  TriedJson json{{"at_ms", milliseconds(call.at - start)},
                 {"call", call.name},
                 {"what", call.what},
                 {"detail", call.detail},
                 {"asked", call.asked},
                 {"result", call.result},
                 {"errno", nullptr},
                 {"events", event_names(call.events)},
                 {"took_ms", milliseconds(call.took)}};
  if (call.error != 0) json["errno"] = errno_name(call.error);
  return json;
}

TriedJson json_of_calls(const CallLog& log) {
  TriedJson calls = TriedJson::array();
  for (const Call& call : log.calls()) {
    calls.push_back(json_of_call(call, log.calls().front().at));
  }
  return calls;
}

}  // namespace

Got got_of(const Behaviour& behaviour, const PlayedClient& played) {
  if (behaviour.owed == Owed::kNothing) return Got::kNothingOwed;
  if (played.wrong_at || played.tally.counts.wrong > 0) return Got::kWrong;
  if (played.outcome != Outcome::kDelivered) return Got::kPart;
  if (played.whole) return Got::kAll;
  return behaviour.owed == Owed::kResponseOrEnd ? Got::kEnd : Got::kPart;
}

std::string text_of(const Tried& tried) {
  std::string text = title_text(tried);
  text += fmt::format("\n{:>10}  {:<10}  {:<{}}  {:>16}  {:>9}\n", "at (ms)", "call", "what",
                      kWhatWidth, "result", "took (ms)");
  for (const Call& call : tried.log.calls()) {
    add_call(text, call, tried.log.calls().front().at);
  }
  text += '\n';
  add_wrapped(text, "", "  ", fmt::format("{}; {}", outcome_text(tried), proof_text(tried)));
  add_wrapped(text, "", "  ", owed_text(tried));
  add_wrapped(text, "", "  ", tried.client.behaviour->story);
  return text;
}

nlohmann::ordered_json json_of(const Tried& tried) {
  const Behaviour& behaviour = *tried.client.behaviour;
  const PlayedClient& played = tried.played;
  TriedJson parameters = TriedJson::object();
  for (const Parameter& each : behaviour.parameters) {
    parameters[std::string(each.name)] = param_text(tried.client.params, each);
  }
  TriedJson json{{"behaviour", behaviour.name},
                 {"story", behaviour.story},
                 {"parameters", parameters},
                 {"seed", tried.seed},
                 {"target", tried.client.address.to_string()},
                 {"dialect", dialect_of(tried)},
                 {"tls", tried.client.target->tls.has_value()},
                 {"calls", json_of_calls(tried.log)},
                 {"outcome", name_of(played.outcome)},
                 {"took_ms", milliseconds(length_of(tried.log))},
                 {"ends_in", name_of(behaviour.end)},
                 {"intended", played.tally.counts.intended},
                 {"confirmed", played.tally.counts.confirmed},
                 {"owed", {{"key", key_of(behaviour.owed)}, {"text", name_of(behaviour.owed)}}},
                 {"got", kGot[static_cast<std::size_t>(got_of(behaviour, played))]},
                 {"received", played.received},
                 {"wrong_at", nullptr}};
  if (played.wrong_at) json["wrong_at"] = *played.wrong_at;
  return json;
}

}  // namespace closewait
