#include "loadgen/scenario_steps.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "base/units.h"
#include "loadgen/scenario_bytes.h"
#include "loadgen/scenario_values.h"
#include "loadgen/yaml_reader.h"
#include "loadgen/yaml_text.h"

namespace closewait {
namespace {

using Verb = Step::Verb;

// What a verb is told.
enum class Told : std::uint8_t { kNothing, kBuffer, kRequestStage, kResponseStage, kData, kTime };

struct VerbWord {
  std::string_view word;
  Verb verb;
  Told told = Told::kNothing;
};

constexpr std::array kVerbs{VerbWord{"connect", Verb::kConnect, Told::kBuffer},
                            VerbWord{"send", Verb::kSend, Told::kRequestStage},
                            VerbWord{"send_bytes", Verb::kSendBytes, Told::kData},
                            VerbWord{"send_urgent", Verb::kSendUrgent},
                            VerbWord{"receive", Verb::kReceive, Told::kResponseStage},
                            VerbWord{"wait", Verb::kWait, Told::kTime},
                            VerbWord{"stay", Verb::kStay, Told::kTime},
                            VerbWord{"wait_for_input", Verb::kWaitForInput},
                            VerbWord{"ask_again", Verb::kAskAgain},
                            VerbWord{"shut_down_sending", Verb::kShutDownSending},
                            VerbWord{"shut_down_receiving", Verb::kShutDownReceiving},
                            VerbWord{"drain", Verb::kDrain},
                            VerbWord{"close", Verb::kClose},
                            VerbWord{"close_unread", Verb::kCloseUnread},
                            VerbWord{"reset", Verb::kReset},
                            VerbWord{"disconnect", Verb::kDisconnect},
                            VerbWord{"vanish", Verb::kVanish}};
constexpr std::string_view kRepeat = "repeat";
constexpr std::array<std::string_view, 2> kRepeatKeys{"times", "steps"};
constexpr std::string_view kEndWords = "close, close_unread, reset, disconnect or vanish";

constexpr std::size_t kMostPlayed = 10000;  // as they are played
constexpr std::size_t kMostData = 1024 * 1024;
constexpr std::uint64_t kMostTimes = 1000;
constexpr int kDeepest = 4;

std::string_view word_of(Verb verb) {
  return std::ranges::find(kVerbs, verb, &VerbWord::verb)->word;
}

std::vector<std::string_view> step_words() {
  std::vector<std::string_view> words;
  for (const VerbWord& each : kVerbs) words.push_back(each.word);
  words.push_back(kRepeat);
  return words;
}

Result<std::uint64_t> parse_part(std::string_view text) {
  constexpr std::uint64_t kMost = 1ULL << 30;
  const auto bytes = parse_bytes(text);
  if (!bytes || *bytes == 0 || *bytes > kMost) return not_understood();
  return *bytes;
}

Result<std::uint64_t> parse_times(std::string_view text) {
  const auto count = parse_count(text);
  if (!count || *count > kMostTimes) return not_understood();
  return *count;
}

struct PlacedStep {
  Step step;
  Place place;
};

// Reads a list of steps into one, unrolled.
class StepReader {
 public:
  explicit StepReader(Problems& problems) : problems_(problems) {}

  void read(const YamlNode& list, int depth) {
    if (list.kind != YamlNode::Kind::kList || list.items.empty()) {
      problem(list.place,
              "'steps' is " +
                  (list.items.empty() && list.kind == YamlNode::Kind::kList ? std::string("empty")
                                                                            : describe(list)) +
                  "; expected a list such as [connect, send, receive, close]");
      return;
    }
    for (const YamlNode& item : list.items) read_item(item, depth);
  }

  [[nodiscard]] std::vector<PlacedStep> take() { return std::move(steps_); }
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  void problem(const Place& place, const std::string& what) {
    failed_ = true;
    problems_.add(place, what);
  }

  void read_item(const YamlNode& item, int depth) {
    if (item.kind == YamlNode::Kind::kScalar) return read_step(item.text, item.place, nullptr);
    if (item.kind == YamlNode::Kind::kMap && item.entries.size() == 1) {
      const YamlEntry& entry = item.entries.front();
      if (entry.key == kRepeat) return read_repeat(entry, depth);
      return read_step(entry.key, entry.place, &entry.value);
    }
    problem(item.place,
            "a step is " + describe(item) + "; expected one verb such as connect, or {wait: 50ms}");
  }

  void read_repeat(const YamlEntry& entry, int depth) {
    Problems of_it;
    const MapReader reader(entry.value, "'repeat'", kRepeatKeys, of_it);
    constexpr ValueKind<std::uint64_t> kTimes{parse_times, "how many times, from 1 to 1000"};
    std::uint64_t times = 0;
    reader.require("times", kTimes.expected);
    reader.read("times", kTimes, times);
    const YamlEntry* steps = reader.require("steps", "a list of steps");
    failed_ = failed_ || !of_it.empty();
    problems_.add(of_it);
    if (depth == kDeepest)
      return problem(entry.place, "'repeat' is in too many others; expected at most 4");
    if (steps == nullptr) return;
    const std::size_t before = steps_.size();
    read(steps->value, depth + 1);
    if (failed_) return;
    const std::vector<PlacedStep> once(steps_.begin() + static_cast<std::ptrdiff_t>(before),
                                       steps_.end());
    for (const PlacedStep& each : once) {
      if (each.step.is_end()) {
        return problem(each.place,
                       in_quotes(word_of(each.step.verb)) +
                           " is in a repeat; expected the end as the last of all steps");
      }
    }
    if (before + once.size() * times > kMostPlayed) {
      return problem(entry.place, "more than 10000 steps are played; expected fewer times");
    }
    std::size_t data = 0;
    for (const PlacedStep& each : once) data += each.step.data.size();
    if (data * times > kMostData) {
      return problem(entry.place, "more than 1MiB of send_bytes is played; expected fewer times");
    }
    for (std::uint64_t i = 1; i < times; ++i) steps_.insert(steps_.end(), once.begin(), once.end());
  }

  void read_step(const std::string& word, const Place& place, const YamlNode* told) {
    const auto* verb = std::ranges::find(kVerbs, word, &VerbWord::word);
    if (verb == kVerbs.end()) {
      return problem(place, "unknown step " + in_quotes(word) + suggestion(word, step_words()));
    }
    Step step{.verb = verb->verb};
    Problems of_it;
    if (told != nullptr) {
      read_told(*verb, *told, step, of_it);
    } else if (verb->told == Told::kTime || verb->told == Told::kData) {
      of_it.add(place, in_quotes(word) + " is not told what; expected " +
                           (verb->told == Told::kTime ? "{" + word + ": 50ms}"
                                                      : "{send_bytes: \"PING\\r\\n\"}"));
    }
    failed_ = failed_ || !of_it.empty();
    problems_.add(of_it);
    steps_.push_back({std::move(step), place});
  }

  static void read_told(const VerbWord& verb, const YamlNode& told, Step& step, Problems& of_it) {
    const YamlNode map{.kind = YamlNode::Kind::kMap,
                       .place = told.place,
                       .entries = {{std::string(verb.word), told.place, told}}};
    const std::array<std::string_view, 1> known{verb.word};
    const MapReader reader(map, "a step", known, of_it);
    switch (verb.told) {
      case Told::kNothing:
        of_it.add(told.place, in_quotes(verb.word) + " takes nothing; expected " +
                                  std::string(verb.word) + " alone");
        break;
      case Told::kBuffer: {
        constexpr std::array<std::string_view, 1> kConnectKeys{"receive_buffer"};
        const MapReader connect(told, "'connect'", kConnectKeys, of_it);
        constexpr ValueKind<std::uint64_t> kBuffer{parse_part, "a size such as 16KiB"};
        connect.read("receive_buffer", kBuffer, step.bytes);
        break;
      }
      case Told::kRequestStage:
        read_stage(told, {"all", "head"}, step, of_it);
        break;
      case Told::kResponseStage:
        read_stage(told, {"all"}, step, of_it);
        break;
      case Told::kData:
        step.data = read_bytes(reader, verb.word,
                               {.expected = "text such as \"PING\\r\\n\", or {hex: 0a0b ff}"});
        break;
      case Told::kTime:
        reader.read(verb.word, kTime, step.duration);
        break;
    }
  }

  // How far it goes: so many bytes, or a word.
  static void read_stage(const YamlNode& told, const std::vector<std::string_view>& words,
                         Step& step, Problems& of_it) {
    if (told.kind == YamlNode::Kind::kScalar) {
      step.to_head = told.text == "head" && words.size() > 1;
      if (step.to_head || told.text == "all") return;
      if (const auto bytes = parse_part(told.text)) {
        step.bytes = *bytes;
        return;
      }
    }
    const std::string expected = "; expected a stage: a size such as 10B, " + one_of(words);
    const std::string near =
        told.kind == YamlNode::Kind::kScalar ? suggestion(told.text, words) : "";
    of_it.add(told.place, "unknown stage " + describe(told) +
                              (near.find("did you mean") != near.npos ? near : expected));
  }

  Problems& problems_;
  std::vector<PlacedStep> steps_;
  bool failed_ = false;
};

// Walks through the steps as they are played, once, and stops at the first that cannot be.
class StepCheck {
 public:
  // What is wrong with this step where it stands; "" when nothing is.
  [[nodiscard]] std::string refuse(const Step& step) {
    const std::string what = in_quotes(word_of(step.verb));
    if (ended_) return what + " comes after the end; expected the end as the last of all steps";
    ended_ = step.is_end();
    if (step.verb == Verb::kConnect) {
      return std::exchange(connected_, true) ? "a second connect; expected one, as the first step"
                                             : "";
    }
    if (!connected_) return what + " comes before connect; expected connect as the first step";
    switch (step.verb) {
      case Verb::kSend:
        return refuse_send(step, what);
      case Verb::kSendBytes:
        bytes_ = true;
        return shut_ ? after_shut(what) : "";
      case Verb::kSendUrgent:
        return shut_ ? after_shut(what) : "";
      case Verb::kReceive:
        return refuse_receive(step, what);
      case Verb::kStay:
      case Verb::kDrain:
        unread_ = false;
        return "";
      case Verb::kWaitForInput:
        unread_ = true;
        return "";
      case Verb::kAskAgain:
        if (!received_) return what + " before the response is whole; expected receive before it";
        asked_ = sent_ = received_ = false;
        return "";
      case Verb::kShutDownSending:
        return std::exchange(shut_, true) ? after_shut(what) : "";
      case Verb::kShutDownReceiving:
        deaf_ = true;
        return "";
      default:
        return refuse_end(step, what);
    }
  }
  [[nodiscard]] bool ended() const { return ended_; }

 private:
  [[nodiscard]] std::string refuse_send(const Step& step, const std::string& what) {
    if (shut_) return after_shut(what);
    if (sent_) return what + " of a request that is sent already; expected ask_again before it";
    if (step.to_head && asked_) {
      return what + " of the head comes after a part of the request; expected it first";
    }
    asked_ = true;
    sent_ = step.bytes == 0 && !step.to_head;
    return "";
  }

  [[nodiscard]] std::string refuse_receive(const Step& step, const std::string& what) {
    unread_ = false;
    if (deaf_) return what + " comes after shut_down_receiving; expected it before";
    const bool whole = step.bytes == 0;
    if (whole && bytes_) {
      return what + " judges the response to a request, and send_bytes is none; expected stay";
    }
    if (!asked_ && !bytes_) {
      return what + " of what was not asked for; expected send before it, or stay";
    }
    if (whole && !sent_) {
      return what + " of a response whose request is not sent; expected send before it";
    }
    received_ = received_ || whole;
    return "";
  }

  [[nodiscard]] std::string refuse_end(const Step& step, const std::string& what) const {
    if (step.verb == Verb::kClose && unread_) {
      return what + " of what wait_for_input left unread is a reset; expected close_unread";
    }
    if (step.verb == Verb::kCloseUnread && !unread_) {
      return what + " needs something unread; expected wait_for_input before it";
    }
    if (step.verb == Verb::kVanish && shut_) return after_shut(what);
    return "";
  }

  static std::string after_shut(const std::string& what) {
    return what + " comes after shut_down_sending; expected it before";
  }

  bool connected_ = false;
  bool asked_ = false;     // some of the request is sent
  bool sent_ = false;      // all of it
  bool received_ = false;  // all of the response
  bool bytes_ = false;     // some that are no request
  bool unread_ = false;    // something has come that was not read
  bool shut_ = false;
  bool deaf_ = false;  // SHUT_RD
  bool ended_ = false;
};

// The first step that cannot be where it stands, an end that never comes, or comes too late.
bool refuse_steps(const std::vector<PlacedStep>& steps, Nanoseconds timeout, const Place& place,
                  Problems& problems) {
  StepCheck check;
  Nanoseconds waits{0};
  for (const PlacedStep& each : steps) {
    waits += each.step.duration;
    if (const std::string why = check.refuse(each.step); !why.empty()) {
      problems.add(each.place, why);
      return true;
    }
    if (waits >= timeout) {
      problems.add(each.place, "the steps wait for " + format_duration(waits) +
                                   " up to here and its timeout is " + format_duration(timeout) +
                                   ", so it never comes to its end; expected a longer timeout");
      return true;
    }
  }
  if (check.ended()) return false;
  problems.add(place,
               "'steps' never end; expected a last step that does: " + std::string(kEndWords));
  return true;
}

}  // namespace

std::vector<Step> read_steps(const YamlNode& steps, Nanoseconds timeout, Problems& problems) {
  StepReader reader(problems);
  reader.read(steps, 0);
  std::vector<Step> all;
  if (reader.failed()) return all;
  std::vector<PlacedStep> placed = reader.take();
  if (refuse_steps(placed, timeout, steps.place, problems)) return all;
  for (PlacedStep& each : placed) all.push_back(std::move(each.step));
  return all;
}

}  // namespace closewait
