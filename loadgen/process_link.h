#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/error.h"
#include "base/unique_fd.h"

namespace closewait {

// One end of a connection between two processes of the rig, which carries lines of text. Owns its
// descriptor. One thread.
class ProcessLink {
 public:
  explicit ProcessLink(UniqueFd socket) : socket_(std::move(socket)) {}
  // Two ends. Throws SetupError.
  [[nodiscard]] static std::pair<ProcessLink, ProcessLink> make();

  // Waits for room: errc::timed_out after the deadline, errc::broken_pipe when the other end is
  // gone. No deadline waits for ever.
  [[nodiscard]] error_code send(std::string_view line, std::optional<Instant> deadline = {});
  // The next line, without its newline; errors as send().
  [[nodiscard]] Result<std::string> receive(std::optional<Instant> deadline = {});

 private:
  UniqueFd socket_;
  std::string unread_;
};

}  // namespace closewait
