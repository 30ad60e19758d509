#include "faults/raw_response.h"

#include <algorithm>

namespace closewait {

std::size_t RawResponse::take(std::string_view data) {
  if (complete_ || broken_) return 0;
  const std::size_t used = find_end(data);
  check_start(data.substr(0, used));
  size_ += used;
  const std::size_t begin = framing_->prefix.size;
  if (complete_ && size_ < begin + framing_->starts.size()) set_wrong(size_);
  if (broken_) set_wrong(size_);
  return used;
}

std::size_t RawResponse::find_end(std::string_view data) {
  switch (framing_->kind) {
    case RawFraming::Kind::kBytes:
      return count(data, framing_->bytes);
    case RawFraming::Kind::kUntil:
      return find_mark(data);
    case RawFraming::Kind::kLengthPrefix:
      return follow_prefix(data);
    case RawFraming::Kind::kPattern:
      return match(data);
  }
  return 0;
}

// Up to `owed` bytes of the whole response.
std::size_t RawResponse::count(std::string_view data, std::uint64_t owed) {
  const std::uint64_t missing = owed - size_;
  complete_ = data.size() >= missing;
  return complete_ ? static_cast<std::size_t>(missing) : data.size();
}

std::size_t RawResponse::find_mark(std::string_view data) {
  const std::string& mark = framing_->until;
  data = data.substr(0, kLongestRawResponse - size_);
  // A mark that is cut by the border of two pieces comes before all that lie in the second one.
  std::string border = held_;
  border += data.substr(0, mark.size() - 1);
  if (const std::size_t at = border.find(mark); at != border.npos) {
    complete_ = true;
    return at + mark.size() - held_.size();
  }
  if (const std::size_t at = data.find(mark); at != data.npos) {
    complete_ = true;
    return at + mark.size();
  }
  held_ += data.substr(data.size() - std::min(data.size(), mark.size() - 1));
  held_.erase(0, held_.size() - std::min(held_.size(), mark.size() - 1));
  broken_ = size_ + data.size() == kLongestRawResponse;
  return data.size();
}

std::size_t RawResponse::follow_prefix(std::string_view data) {
  const auto [prefix, big_endian] = framing_->prefix;
  const std::size_t part = std::min(data.size(), prefix - held_.size());
  held_ += data.substr(0, part);
  if (held_.size() < prefix) return part;
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < prefix; ++i) {
    const char byte = held_[big_endian ? i : prefix - 1 - i];
    length = length << 8U | static_cast<unsigned char>(byte);
  }
  if (length > kLongestRawResponse) {
    broken_ = true;
    set_wrong(0);
    return part;
  }
  return count(data, prefix + length);
}

std::size_t RawResponse::match(std::string_view data) {
  const std::size_t before = held_.size();
  held_ += data.substr(0, RawPattern::kMostMatched - before);
  if (const auto end = framing_->pattern->shortest_match(held_)) {
    complete_ = true;
    return *end - before;
  }
  broken_ = held_.size() == RawPattern::kMostMatched;
  return held_.size() - before;
}

// Compares the bytes that came with what the response is to begin with.
void RawResponse::check_start(std::string_view data) {
  const std::string& starts = framing_->starts;
  const std::size_t begin = framing_->prefix.size;
  for (std::size_t i = 0; i < data.size(); ++i) {
    const std::uint64_t at = size_ + i;
    if (at < begin) continue;
    if (at - begin >= starts.size()) return;
    if (data[i] != starts[at - begin]) return set_wrong(at);
  }
}

void RawResponse::set_wrong(std::uint64_t offset) {
  if (!wrong_at_) wrong_at_ = offset;
}

}  // namespace closewait
