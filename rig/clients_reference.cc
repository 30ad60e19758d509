#include "rig/clients_reference.h"

#include <fmt/format.h>

#include <iterator>

#include "rig/behaviour_text.h"

namespace closewait {
namespace {

using ReferenceJson = nlohmann::ordered_json;
using MarkdownOut = std::back_insert_iterator<std::string>;

std::string_view group_of(const Behaviour& behaviour) {
  for (const BehaviourGroup& group : behaviour_groups()) {
    for (const Behaviour* row : group.rows) {
      if (row == &behaviour) return group.title;
    }
  }
  return {};
}

// In its JSON unit: a duration is seconds.
ReferenceJson default_value(const Params& defaults, const Parameter& parameter) {
  if (parameter.kind == Parameter::Kind::kDuration) {
    return to_seconds(defaults.*std::get<Nanoseconds Params::*>(parameter.field));
  }
  return defaults.*std::get<std::uint64_t Params::*>(parameter.field);
}

ReferenceJson parameters_of(const Behaviour& behaviour) {
  const Params defaults = default_params(behaviour);
  ReferenceJson all = ReferenceJson::array();
  for (const Parameter& each : behaviour.parameters) {
    all.push_back({{"name", each.name},
                   {"type", type_of(each.kind)},
                   {"default", each.fallback},
                   {"default_value", default_value(defaults, each)},
                   {"meaning", each.meaning}});
  }
  return all;
}

// Each bug a link.
std::string linked(const Behaviour& behaviour) {
  std::string text(behaviour.brings_out);
  for (const PublicBug& bug : bugs_of(behaviour)) {
    text.replace(text.find(bug.name), bug.name.size(), fmt::format("[{}]({})", bug.name, bug.url));
  }
  return text;
}

constexpr std::string_view kMarkdownHead =
    "# The behaviours\n"
    "\n"
    "Made by `closewait clients --markdown` from the catalogue; a test holds it to that, so change "
    "the rows in `faults/clients/`, not\n"
    "this page. `closewait clients NAME` says the same of one, `closewait try NAME ADDRESS` plays "
    "it, and\n"
    "[add-a-behaviour.md](add-a-behaviour.md) adds one. How a scenario mixes them: "
    "[scenario.md](scenario.md#clients).\n"
    "\n"
    "Each ends in exactly one way, a FIN, an RST or nothing at all, since that decides what a leak "
    "of it looks like. What it *needs* decides\n"
    "where it can happen; where it cannot, it is said to be not applicable, and never counted as "
    "survived. What it *is owed* is what a\n"
    "correct server does: the rig checks it byte for byte.\n";

void add_overview(std::string& out) {
  out += "\n| behaviour | what it does | ends in | needs |\n|---|---|---|---|\n";
  for (const Behaviour* row : catalogue()) {
    fmt::format_to(MarkdownOut(out), "| [{0}](#{0}) | {1} | {2} | {3} |\n", row->name,
                   summary_of(*row), name_of(row->end), needs_text(*row));
  }
}

void add_reference(std::string& out, const Behaviour& behaviour) {
  fmt::format_to(MarkdownOut(out), "\n### {}\n\n{}\n\n", behaviour.name, behaviour.story);
  fmt::format_to(MarkdownOut(out), "- The server sees: {}.\n", behaviour.sees);
  fmt::format_to(MarkdownOut(out), "- Brings out: {}.\n", linked(behaviour));
  fmt::format_to(MarkdownOut(out), "- Needs: {}.\n", needs_text(behaviour));
  fmt::format_to(MarkdownOut(out), "- Is owed: {}.\n", name_of(behaviour.owed));
  fmt::format_to(MarkdownOut(out), "- Ends in: {}.\n", name_of(behaviour.end));
  out += "\n| parameter | type | default | meaning |\n|---|---|---|---|\n";
  for (const Parameter& each : behaviour.parameters) {
    fmt::format_to(MarkdownOut(out), "| `{}` | {} | `{}` | {} |\n", each.name, type_of(each.kind),
                   each.fallback, each.meaning);
  }
}

}  // namespace

nlohmann::ordered_json json_of(const Behaviour& behaviour) {
  ReferenceJson needs = ReferenceJson::array();
  for (const BehaviourNeed& each : needs_of(behaviour)) {
    needs.push_back({{"key", each.key}, {"text", each.text}});
  }
  ReferenceJson bugs = ReferenceJson::array();
  for (const PublicBug& bug : bugs_of(behaviour)) {
    bugs.push_back({{"name", bug.name}, {"url", bug.url}});
  }
  return {{"name", behaviour.name},
          {"group", group_of(behaviour)},
          {"summary", summary_of(behaviour)},
          {"story", behaviour.story},
          {"sees", behaviour.sees},
          {"brings_out", behaviour.brings_out},
          {"bugs", bugs},
          {"polite", behaviour.polite},
          {"needs", needs},
          {"needs_response_bytes", behaviour.needs.response_bytes},
          {"owed", {{"key", key_of(behaviour.owed)}, {"text", name_of(behaviour.owed)}}},
          {"ends_in", name_of(behaviour.end)},
          {"parameters", parameters_of(behaviour)}};
}

nlohmann::ordered_json json_of_catalogue() {
  ReferenceJson all = ReferenceJson::array();
  for (const Behaviour* row : catalogue()) all.push_back(json_of(*row));
  return {{"behaviours", std::move(all)}};
}

std::string markdown_of_catalogue() {
  std::string out(kMarkdownHead);
  add_overview(out);
  for (const BehaviourGroup& group : behaviour_groups()) {
    fmt::format_to(MarkdownOut(out), "\n## {}\n", group.title);
    for (const Behaviour* row : group.rows) add_reference(out, *row);
  }
  return out;
}

}  // namespace closewait
