#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "faults/behaviour.h"

namespace closewait {

// A row of the catalogue in words.

// The begin of its story: "Asks for much, receives a part of it and resets".
[[nodiscard]] std::string_view summary_of(const Behaviour& behaviour);

// What it needs to happen: "a response of 8MiB", "TCP".
struct BehaviourNeed {
  std::string_view key;  // of JSON: "tcp"
  std::string text;
};
[[nodiscard]] std::vector<BehaviourNeed> needs_of(const Behaviour& behaviour);
// All of them in a row; "nothing".
[[nodiscard]] std::string needs_text(const Behaviour& behaviour);

// What it is owed, in a word: "response".
[[nodiscard]] std::string_view key_of(Owed owed);

// The bugs in public trackers that its row names.
struct PublicBug {
  std::string_view name;  // "denoland/deno#8499", a part of brings_out
  std::string url;
};
[[nodiscard]] std::vector<PublicBug> bugs_of(const Behaviour& behaviour);

// What a parameter is, in a word: "bytes".
[[nodiscard]] std::string_view type_of(Parameter::Kind kind);

}  // namespace closewait
