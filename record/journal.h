#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"
#include "record/lines.h"
#include "record/run.h"

namespace closewait {

// One line as JSON, without the newline; and back. A line that is cut off, of an unknown type or
// of another schema gives an error (errc::illegal_byte_sequence, errc::not_supported).
[[nodiscard]] std::string to_json_text(const Line& line);
[[nodiscard]] Result<Line> parse_line(std::string_view text);

// Writes run.jsonl as the run goes: each line is one write(2), in the file when append() returns,
// so a rig killed with -9 loses at most the line in hand. Owns the file. One thread.
class JournalWriter {
 public:
  // Creates `path` (and refuses one that exists). Throws SetupError, naming the path.
  explicit JournalWriter(const std::filesystem::path& path);

  // An error (a full disk) is returned once for each line that was lost; the run goes on, and
  // what was written of that line is taken back.
  [[nodiscard]] error_code append(const Line& line);

 private:
  [[nodiscard]] error_code take_back(error_code because);

  UniqueFd fd_;
  std::int64_t size_ = 0;  // of the whole lines in the file
};

struct ReadRun {
  Run run;
  bool truncated = false;  // something after the last good line was left out
};
// Reads a record up to its first broken line (a killed run may leave one). An error when there is
// no file, nothing in it (errc::no_message_available) or no header of this schema first.
[[nodiscard]] Result<ReadRun> read_run(const std::filesystem::path& path);

}  // namespace closewait
