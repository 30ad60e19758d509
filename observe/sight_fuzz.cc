// What the kernel may print about a process, and the netlink messages of sockets: whatever the
// bytes are, a parser reads within them and comes to an end. Built by clang (preset fuzz).
//
// The first character of an input chooses the parser, what follows it is what the kernel said.
#include <algorithm>
#include <cstdlib>
#include <span>
#include <string_view>

#include "observe/diag_message.h"
#include "observe/network.h"
#include "observe/proc_text.h"

namespace closewait {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

std::size_t lines_of(std::string_view text) {
  return 1 + static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

bool lies_within(std::span<const std::byte> part, std::span<const std::byte> whole) {
  return part.empty() ||
         (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

// Cut into messages as a dump is, each read as all that it could be.
void read_messages(std::string_view text) {
  const auto all = std::as_bytes(std::span(text));
  auto rest = all;
  for (auto left = rest.size();; left = rest.size()) {
    const auto message = next_message(rest);
    if (!message) break;
    require(rest.size() < left);
    require(lies_within(message->payload, all));
    if (const auto socket = parse_socket(message->payload)) {
      require(static_cast<std::size_t>(socket->state) < kTcpStateNames.size());
    }
    if (const auto event = parse_destroy(message->payload)) {
      require(event->has_info || (event->bytes_received == 0 && event->bytes_acked == 0));
    }
    require(netlink_errno(message->payload) >= 0);
  }
}

void read(char kind, std::string_view text) {
  switch (kind) {
    case 's':
      if (const auto stat = parse_stat(text)) require(text.find(stat->name) != text.npos);
      return;
    case 't':
      static_cast<void>(parse_status(text));
      return;
    case 'l':
      require(static_cast<std::size_t>(parse_fd_link(text).kind) < kFdKindNames.size());
      return;
    case 'e':
      require(parse_epoll_entries(text).size() <= lines_of(text));
      return;
    case 'p':
      require(parse_pids(text).size() <= text.size());
      return;
    case 'm': {
      const auto half = text.find('\0');
      const std::string_view environment = half == text.npos ? "" : text.substr(half + 1);
      static_cast<void>(parse_quarantine(text.substr(0, half), environment));
      return;
    }
    case 'f':
      static_cast<void>(parse_open_files_limit(text));
      return;
    case 'n':
      static_cast<void>(parse_netstat(text));
      static_cast<void>(parse_resets_sent(text));
      static_cast<void>(parse_conntrack_drops(text));
      return;
    default:
      read_messages(text);
  }
}

}  // namespace
}  // namespace closewait

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  closewait::read(input.front(), input.substr(1));
  return 0;
}
