#include "rig/clients_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "base/suggest.h"
#include "loadgen/known_behaviours.h"
#include "report/wrap.h"
#include "rig/behaviour_text.h"
#include "rig/clients_reference.h"

namespace closewait {
namespace {

constexpr std::size_t kNameWidth = 20;
constexpr std::size_t kEndWidth = 9;
constexpr std::size_t kLabelWidth = 17;

std::string list_text() {
  std::string text;
  const std::string indent(2 + kNameWidth + kEndWidth, ' ');
  for (const BehaviourGroup& group : behaviour_groups()) {
    text += fmt::format("{}{}\n", text.empty() ? "" : "\n", group.title);
    for (const Behaviour* row : group.rows) {
      const bool needs = !needs_of(*row).empty();
      add_wrapped(
          text, fmt::format("  {:<{}}{:<{}}", row->name, kNameWidth, name_of(row->end), kEndWidth),
          indent,
          fmt::format("{}{}", summary_of(*row), needs ? "; needs " + needs_text(*row) : ""));
    }
  }
  text += "\n`closewait clients NAME` tells more, `closewait try NAME ADDRESS` plays one.\n";
  return text;
}

void add_label(std::string& text, std::string_view label, std::string_view what) {
  add_wrapped(text, fmt::format("{:<{}}", label, kLabelWidth), std::string(kLabelWidth, ' '), what);
}

void add_parameters(std::string& text, const Behaviour& behaviour) {
  std::size_t names = 0;
  std::size_t defaults = 0;
  for (const Parameter& each : behaviour.parameters) {
    names = std::max(names, each.name.size());
    defaults = std::max(defaults, each.fallback.size());
  }
  text += "\nparameters, with their defaults\n";
  for (const Parameter& each : behaviour.parameters) {
    const std::string head =
        fmt::format("  {:<{}}  {:<{}}  ", each.name, names, each.fallback, defaults);
    add_wrapped(text, head, std::string(head.size(), ' '), each.meaning);
  }
}

std::string detail_text(const Behaviour& behaviour) {
  std::string text = fmt::format("{}\n\n", behaviour.name);
  add_wrapped(text, "", "", behaviour.story);
  text += '\n';
  if (!behaviour.sees.empty()) add_label(text, "the server sees", behaviour.sees);
  if (!behaviour.brings_out.empty()) add_label(text, "brings out", behaviour.brings_out);
  add_label(text, "needs", needs_text(behaviour));
  add_label(text, "is owed", name_of(behaviour.owed));
  add_label(text, "ends in", name_of(behaviour.end));
  add_parameters(text, behaviour);
  return text;
}

}  // namespace

const Behaviour& named_behaviour(const std::string& name) {
  if (const Behaviour* behaviour = find_behaviour(name)) return *behaviour;
  static std::vector<std::shared_ptr<const ComposedBehaviour>> of_files;
  if (auto composed = load_behaviour(name)) {
    of_files.push_back(std::move(composed));
    return of_files.back()->row();
  }
  const std::string near = did_you_mean(name, behaviour_names());
  throw UsageError(fmt::format("there is no behaviour '{}'{}", name,
                               near.empty() ? "; `closewait clients` lists all of them" : near));
}

ExitStatus clients_command(const ClientsOptions& options) {
  if (options.markdown && (options.json || !options.name.empty())) {
    throw UsageError("--markdown is of the whole catalogue; expected neither a name nor --json");
  }
  if (options.markdown) {
    fmt::print("{}", markdown_of_catalogue());
  } else if (options.name.empty()) {
    fmt::print("{}", options.json ? json_of_catalogue().dump(2) + '\n' : list_text());
  } else {
    const Behaviour& behaviour = named_behaviour(options.name);
    fmt::print("{}", options.json ? json_of(behaviour).dump(2) + '\n' : detail_text(behaviour));
  }
  return ExitStatus::kPass;
}

}  // namespace closewait
