#include "server/services/output.h"

#include <algorithm>

#include "base/pattern.h"

namespace closewait {

void Output::append(std::initializer_list<std::string_view> texts) {
  compact();
  const std::size_t before = text_.size();
  for (const std::string_view text : texts) text_.append(text);
  const std::size_t size = text_.size() - before;
  if (segments_.empty() || segments_.back().pattern > 0) segments_.emplace_back();
  segments_.back().text += size;
  grow(size);
}

void Output::append_pattern(std::uint64_t offset, std::uint64_t size) {
  if (size == 0) return;
  if (segments_.empty() || segments_.back().pattern > 0) segments_.emplace_back();
  segments_.back().offset = offset;
  segments_.back().pattern = size;
  grow(size);
}

std::size_t Output::gather(std::span<iovec> pieces) const {
  std::size_t count = 0;
  const char* text = text_.data() + text_sent_;
  for (std::size_t i = first_; i < segments_.size() && count < pieces.size(); ++i) {
    Segment rest = segments_[i];
    if (rest.text > 0) {
      // iovec has no const; sendmsg() does not write through it.
      pieces[count++] = {const_cast<char*>(text), rest.text};
      text += rest.text;
    }
    while (rest.pattern > 0 && count < pieces.size()) {
      const auto bytes = pattern(rest.offset, std::min(rest.pattern, kPatternChunk));
      pieces[count++] = {const_cast<std::byte*>(bytes.data()), bytes.size()};
      rest.offset += bytes.size();
      rest.pattern -= bytes.size();
    }
  }
  return count;
}

void Output::consume(std::uint64_t size) {
  owed_ -= size;
  while (size > 0) {
    Segment& segment = segments_[first_];
    const std::size_t text = std::min<std::uint64_t>(size, segment.text);
    segment.text -= text;
    text_sent_ += text;
    const std::uint64_t bytes = std::min(size - text, segment.pattern);
    segment.offset += bytes;
    segment.pattern -= bytes;
    size -= text + bytes;
    if (segment.text == 0 && segment.pattern == 0) ++first_;
  }
  if (owed_ <= kLowMark) full_ = false;
  if (owed_ > 0) return;
  text_.clear();
  text_sent_ = 0;
  segments_.clear();
  first_ = 0;
}

void Output::grow(std::uint64_t size) noexcept {
  owed_ += size;
  if (owed_ >= kHighMark) full_ = true;
}

// Written bytes are dropped in large steps, so that each byte is moved about once.
void Output::compact() {
  if (text_sent_ > kLowMark) {
    text_.erase(0, text_sent_);
    text_sent_ = 0;
  }
  if (first_ > 1024) {
    segments_.erase(segments_.begin(), segments_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
}

}  // namespace closewait
