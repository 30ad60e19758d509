#include "observe/network.h"

#include <utility>
#include <vector>

#include "observe/proc_words.h"
#include "observe/process.h"

namespace closewait {
namespace {

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (auto word = next_word(line); !word.empty(); word = next_word(line)) words.push_back(word);
  return words;
}

// Of a line of names and one of values below it; 0 for a name that this kernel has not.
std::uint64_t value_of(std::string_view name, const std::vector<std::string_view>& names,
                       const std::vector<std::string_view>& values, int base) {
  for (std::size_t i = 0; i < names.size() && i < values.size(); ++i) {
    std::uint64_t value = 0;
    if (names[i] == name && read_number(values[i], value, base)) return value;
  }
  return 0;
}

// The counters now; what cannot be read is 0.
NetworkCounts counts_now() {
  NetworkCounts counts;
  if (const auto text = read_proc_file("/proc/net/netstat")) {
    counts = parse_netstat(*text).value_or(NetworkCounts());
  }
  if (const auto text = read_proc_file("/proc/net/stat/nf_conntrack")) {
    counts.conntrack_drops = parse_conntrack_drops(*text).value_or(0);
  }
  return counts;
}

}  // namespace

std::optional<NetworkCounts> parse_netstat(std::string_view text) {
  while (!text.empty()) {
    const auto names = words_of(next_line(text));
    const auto values = words_of(next_line(text));
    if (names.empty() || names.front() != "TcpExt:") continue;
    if (values.size() != names.size() || values.front() != "TcpExt:") return std::nullopt;
    const auto of = [&](std::string_view name) { return value_of(name, names, values, 10); };
    return NetworkCounts{.listen_overflows = of("ListenOverflows"),
                         .listen_drops = of("ListenDrops"),
                         .syn_retransmits = of("TCPSynRetrans")};
  }
  return std::nullopt;
}

std::optional<std::uint64_t> parse_conntrack_drops(std::string_view text) {
  const auto names = words_of(next_line(text));
  if (names.empty() || names.front() != "entries") return std::nullopt;
  std::uint64_t drops = 0;
  while (!text.empty()) {
    const auto values = words_of(next_line(text));
    for (const std::string_view name : {"insert_failed", "drop", "early_drop"}) {
      drops += value_of(name, names, values, 16);
    }
  }
  return drops;
}

NetworkWatch::NetworkWatch() : last_(counts_now()) {}

NetworkCounts NetworkWatch::since_last() {
  const NetworkCounts now = counts_now();
  const NetworkCounts before = std::exchange(last_, now);
  const auto since = [](std::uint64_t then, std::uint64_t later) {
    return later > then ? later - then : 0;
  };
  return {.listen_overflows = since(before.listen_overflows, now.listen_overflows),
          .listen_drops = since(before.listen_drops, now.listen_drops),
          .syn_retransmits = since(before.syn_retransmits, now.syn_retransmits),
          .conntrack_drops = since(before.conntrack_drops, now.conntrack_drops)};
}

}  // namespace closewait
