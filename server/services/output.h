#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace closewait {

// What a connection still owes its peer: texts, which it owns, and ranges of the byte pattern,
// which lies in static storage, so that a response of any size costs some 150 bytes. Full from the
// high mark on, until it has shrunk to the low one: while it is full nothing more may be read.
class Output {
 public:
  static constexpr std::uint64_t kHighMark = 256 * 1024;
  static constexpr std::uint64_t kLowMark = 64 * 1024;

  void append(std::string_view text) { append({text}); }
  void append(std::initializer_list<std::string_view> texts);
  void append_pattern(std::uint64_t offset, std::uint64_t size);

  [[nodiscard]] bool empty() const noexcept { return owed_ == 0; }
  [[nodiscard]] bool full() const noexcept { return full_; }
  [[nodiscard]] std::uint64_t owed() const noexcept { return owed_; }
  // Bytes of memory held for what is owed.
  [[nodiscard]] std::size_t buffered() const noexcept { return text_.size() - text_sent_; }
  [[nodiscard]] bool holds_memory() const noexcept { return segments_.capacity() > 0; }

  // Points `pieces` at the next bytes to write and says how many pieces there are; they stay valid
  // until the next append or consume.
  [[nodiscard]] std::size_t gather(std::span<iovec> pieces) const;
  // Drops the first `size` bytes: they were written.
  void consume(std::uint64_t size);

 private:
  // Some bytes of text_, then a range of the pattern.
  struct Segment {
    std::size_t text = 0;
    std::uint64_t offset = 0;
    std::uint64_t pattern = 0;
  };

  void grow(std::uint64_t size) noexcept;
  void compact();

  std::string text_;
  std::size_t text_sent_ = 0;
  std::vector<Segment> segments_;
  std::size_t first_ = 0;  // the segments before it are written
  std::uint64_t owed_ = 0;
  bool full_ = false;
};

}  // namespace closewait
