#include "observe/network.h"

#include <algorithm>
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

// A line of names and one of values below it, as the kernel writes them.
struct NamedValues {
  std::vector<std::string_view> names;
  std::vector<std::string_view> values;

  // 0 for a name that this kernel has not.
  [[nodiscard]] std::uint64_t of(std::string_view name, int base = 10) const {
    for (std::size_t i = 0; i < names.size() && i < values.size(); ++i) {
      std::uint64_t value = 0;
      if (names[i] == name && read_number(values[i], value, base)) return value;
    }
    return 0;
  }
};

// The pair of lines that begin with `title`.
std::optional<NamedValues> pair_of(std::string_view title, std::string_view text) {
  while (!text.empty()) {
    NamedValues pair{.names = words_of(next_line(text)), .values = words_of(next_line(text))};
    if (pair.names.empty() || pair.names.front() != title) continue;
    if (pair.values.size() != pair.names.size() || pair.values.front() != title) break;
    return pair;
  }
  return std::nullopt;
}

}  // namespace

std::optional<NetworkCounts> parse_netstat(std::string_view text) {
  const auto counts = pair_of("TcpExt:", text);
  if (!counts) return std::nullopt;
  return NetworkCounts{.listen_overflows = counts->of("ListenOverflows"),
                       .listen_drops = counts->of("ListenDrops"),
                       .syn_retransmits = counts->of("TCPSynRetrans"),
                       .aborts_on_data = counts->of("TCPAbortOnData"),
                       .aborts_on_close = counts->of("TCPAbortOnClose")};
}

std::optional<std::uint64_t> parse_resets_sent(std::string_view text) {
  const auto counts = pair_of("Tcp:", text);
  if (!counts || std::ranges::count(counts->names, "OutRsts") == 0) return std::nullopt;
  return counts->of("OutRsts");
}

std::optional<std::uint64_t> parse_conntrack_drops(std::string_view text) {
  NamedValues counts{.names = words_of(next_line(text)), .values = {}};
  if (counts.names.empty() || counts.names.front() != "entries") return std::nullopt;
  std::uint64_t drops = 0;
  while (!text.empty()) {
    counts.values = words_of(next_line(text));
    for (const std::string_view name : {"insert_failed", "drop", "early_drop"}) {
      drops += counts.of(name, 16);
    }
  }
  return drops;
}

NetworkWatch::NetworkWatch() : last_(read()) {}

// What cannot be read is 0.
NetworkWatch::Reading NetworkWatch::read() {
  Reading reading;
  if (const auto text = read_proc_file("/proc/net/netstat")) {
    reading.counts = parse_netstat(*text).value_or(NetworkCounts());
  }
  if (const auto text = read_proc_file("/proc/net/snmp")) {
    const auto resets = parse_resets_sent(*text);
    reading.counts.resets_sent = resets.value_or(0);
    reading.sees_resets = resets.has_value();
  }
  if (const auto text = read_proc_file("/proc/net/stat/nf_conntrack")) {
    reading.counts.conntrack_drops = parse_conntrack_drops(*text).value_or(0);
  }
  return reading;
}

NetworkCounts NetworkWatch::since_last() {
  const NetworkCounts before = std::exchange(last_, read()).counts;
  const NetworkCounts& now = last_.counts;
  NetworkCounts since;
  for (const auto counter : kNetworkCounters) {
    if (now.*counter > before.*counter) since.*counter = now.*counter - before.*counter;
  }
  return since;
}

}  // namespace closewait
