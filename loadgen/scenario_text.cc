#include "loadgen/scenario_text.h"

#include <fmt/format.h>

#include <variant>

#include "base/units.h"
#include "loadgen/settings.h"
#include "loadgen/yaml_writer.h"

namespace closewait {
namespace {

std::string value_of(const Params& params, const Parameter& parameter) {
  if (const auto* duration = std::get_if<Nanoseconds Params::*>(&parameter.field)) {
    return format_duration(params.**duration);
  }
  const std::uint64_t number = params.*std::get<std::uint64_t Params::*>(parameter.field);
  switch (parameter.kind) {
    case Parameter::Kind::kByteRate:
      return format_bytes(number) + "/s";
    case Parameter::Kind::kBytes:
      return format_bytes(number);
    default:
      return std::to_string(number);
  }
}

std::string client_yaml(const ClientMix& mix) {
  const std::string weight = fmt::format("{:.15g}", mix.weight);
  const Params usual = default_params(*mix.behaviour);
  std::string others;
  for (const Parameter& each : mix.behaviour->parameters) {
    const std::string value = value_of(mix.params, each);
    if (value != value_of(usual, each)) others += fmt::format(", {}: {}", each.name, value);
  }
  if (mix.at_most) others += fmt::format(", at_most: {}", *mix.at_most);
  if (mix.optional) others += ", optional: true";
  const std::string_view name = mix.behaviour->name;
  return others.empty() ? fmt::format("{}: {}", name, weight)
                        : fmt::format("{}: {{weight: {}{}}}", name, weight, others);
}

}  // namespace

std::string text_with(const std::string& text, const std::string& file,
                      const std::vector<Setting>& settings, bool runs_already) {
  Problems problems;
  YamlNode root = read_yaml(text, file, true, problems);
  apply_settings(root, settings, problems);
  problems.throw_if_any();
  YamlEntry* target = runs_already ? root.find("target") : nullptr;
  if (target != nullptr) {
    std::erase_if(target->value.entries, [](const YamlEntry& each) { return each.key == "start"; });
  }
  return write_yaml(root);
}

std::string clients_yaml(std::span<const ClientMix> clients) {
  std::string all;
  for (const ClientMix& each : clients) all += (all.empty() ? "" : ", ") + client_yaml(each);
  return "{" + all + "}";
}

}  // namespace closewait
