#include "faults/call_log.h"

#include <fmt/format.h>
#include <sys/epoll.h>

#include <array>

namespace closewait {
namespace {

constexpr std::size_t kMostShown = 32;

void append(std::string& text, unsigned char c) {
  switch (c) {
    case '\r':
      text += "\\r";
      return;
    case '\n':
      text += "\\n";
      return;
    case '"':
    case '\\':
      text += '\\';
      text += static_cast<char>(c);
      return;
    default:
      break;
  }
  const bool printable = c >= 0x20 && c < 0x7f;
  if (printable) {
    text += static_cast<char>(c);
  } else {
    text += fmt::format("\\x{:02x}", c);
  }
}

constexpr std::array<std::pair<std::uint32_t, std::string_view>, 6> kEvents{
    {{EPOLLIN, "EPOLLIN"},
     {EPOLLOUT, "EPOLLOUT"},
     {EPOLLPRI, "EPOLLPRI"},
     {EPOLLRDHUP, "EPOLLRDHUP"},
     {EPOLLERR, "EPOLLERR"},
     {EPOLLHUP, "EPOLLHUP"}}};

// In the order of the kernel's numbers (tcp_states.h).
constexpr std::array<std::string_view, 13> kStates{
    "0",     "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT1", "FIN_WAIT2",   "TIME_WAIT",
    "CLOSE", "CLOSE_WAIT",  "LAST_ACK", "LISTEN",   "CLOSING",   "NEW_SYN_RECV"};

}  // namespace

std::vector<std::byte> CallLog::kept(std::span<const std::byte> moved) const {
  if (keeps_ != Keeps::kAllBytes) return {};
  return {moved.begin(), moved.end()};
}

void CallLog::add_wait(Instant began, Instant ended, std::uint32_t events) {
  add({.name = "epoll_wait",
       .result = events != 0 ? 1 : 0,
       .events = events,
       .at = began,
       .took = ended - began});
}

void CallLog::add_pause(Instant began, Instant ended) {
  add({.name = "pause", .at = began, .took = ended - began});
}

std::vector<std::string_view> event_names(std::uint32_t events) {
  std::vector<std::string_view> names;
  for (const auto& [bit, name] : kEvents) {
    if ((events & bit) != 0) names.push_back(name);
  }
  return names;
}

std::string_view tcp_state_name(std::uint8_t state) {
  return state < kStates.size() ? kStates[state] : "unknown";
}

std::string first_bytes(std::span<const std::byte> data) {
  if (data.empty()) return {};
  std::string text = "\"";
  for (const std::byte each : data.first(std::min(data.size(), kMostShown))) {
    append(text, std::to_integer<unsigned char>(each));
  }
  return text + (data.size() > kMostShown ? "\"..." : "\"");
}

}  // namespace closewait
