#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "faults/raw_protocol.h"

namespace closewait {

// Reads one response by its framing while its bytes come, however they are cut. Keeps a few bytes
// of it at most: what may be the begin of its end, or what a pattern looks at. Borrows the framing.
class RawResponse {
 public:
  explicit RawResponse(const RawFraming& framing) : framing_(&framing) {}

  // Takes what came and says how much of it belongs to this response: less than all of it only
  // when the response is complete or broken.
  std::size_t take(std::string_view data);

  [[nodiscard]] bool complete() const { return complete_; }
  // It cannot be read on: where it would end is not known.
  [[nodiscard]] bool broken() const { return broken_; }
  // Offset of the first byte that is not as owed.
  [[nodiscard]] std::optional<std::uint64_t> wrong_at() const { return wrong_at_; }

 private:
  std::size_t find_end(std::string_view data);
  std::size_t count(std::string_view data, std::uint64_t owed);
  std::size_t find_mark(std::string_view data);
  std::size_t follow_prefix(std::string_view data);
  std::size_t match(std::string_view data);
  void check_start(std::string_view data);
  void set_wrong(std::uint64_t offset);

  const RawFraming* framing_;
  std::uint64_t size_ = 0;  // taken
  std::string held_;        // the last bytes, those of the prefix, or what the pattern looks at
  std::optional<std::uint64_t> wrong_at_;
  bool complete_ = false;
  bool broken_ = false;
};

}  // namespace closewait
