#include "loadgen/process_link.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace closewait {
namespace {

namespace errc = boost::system::errc;

// Success when the descriptor is ready for `events`.
error_code wait_for(int fd, short events, std::optional<Instant> deadline) {
  while (true) {
    int milliseconds = -1;
    if (deadline) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - Clock::now());
      milliseconds = static_cast<int>(std::max<std::int64_t>(0, left.count()));
    }
    pollfd wait{fd, events, 0};
    const int ready = ::poll(&wait, 1, milliseconds);
    if (ready > 0) return {};
    if (ready == 0) return errc::make_error_code(errc::timed_out);
    if (errno != EINTR) return last_error();
  }
}

bool must_wait() { return errno == EAGAIN || errno == EINTR; }

}  // namespace

std::pair<ProcessLink, ProcessLink> ProcessLink::make() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0) {
    throw SetupError("cannot connect the rig's processes: socketpair: " + describe(last_error()));
  }
  return {ProcessLink(UniqueFd(ends[0])), ProcessLink(UniqueFd(ends[1]))};
}

error_code ProcessLink::send(std::string_view line, std::optional<Instant> deadline) {
  std::string text(line);
  text += '\n';
  std::size_t sent = 0;
  while (sent < text.size()) {
    const ssize_t n = ::send(socket_.get(), text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (n > 0) {
      sent += static_cast<std::size_t>(n);
      continue;
    }
    if (!must_wait()) return errc::make_error_code(errc::broken_pipe);
    if (const error_code error = wait_for(socket_.get(), POLLOUT, deadline)) return error;
  }
  return {};
}

Result<std::string> ProcessLink::receive(std::optional<Instant> deadline) {
  std::size_t searched = 0;
  while (true) {
    const auto end = unread_.find('\n', searched);
    if (end != std::string::npos) {
      std::string line = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      return line;
    }
    searched = unread_.size();
    std::array<char, 65536> buffer;
    const ssize_t n = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (n > 0) {
      unread_.append(buffer.data(), static_cast<std::size_t>(n));
      continue;
    }
    if (n == 0 || !must_wait()) return errc::make_error_code(errc::broken_pipe);
    if (const error_code error = wait_for(socket_.get(), POLLIN, deadline)) return error;
  }
}

}  // namespace closewait
