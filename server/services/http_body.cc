#include "server/services/http_body.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace closewait {
namespace {

constexpr std::size_t kMaxSizeLine = 256;  // with its extensions, which nobody uses

using Piece = HttpBody::Piece;

// Without its end; nothing while it is not whole.
std::optional<std::string_view> first_line(std::string_view input) {
  const std::size_t end = input.find("\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  return input.substr(0, end);
}

// What another reader might take for the end of a line, or of the text.
bool has_control_characters(std::string_view line) {
  return std::ranges::any_of(line, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

// "1a2b" or "1a2b;name=value"; nothing when it is neither, or beyond 64 bits.
std::optional<std::uint64_t> chunk_size(std::string_view line) {
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), size, 16);
  if (error != std::errc() || has_control_characters(line)) return std::nullopt;
  std::string_view rest = line.substr(static_cast<std::size_t>(end - line.data()));
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
  if (!rest.empty() && rest.front() != ';') return std::nullopt;
  return size;
}

}  // namespace

void HttpBody::begin_sized(std::uint64_t size) noexcept {
  *this = {};
  left_ = size;
  part_ = size > 0 ? Part::kSized : Part::kDone;
}

void HttpBody::begin_chunked() noexcept {
  *this = {};
  part_ = Part::kSize;
}

Piece HttpBody::take(std::string_view input, Limits limits) {
  switch (part_) {
    case Part::kDone:
      return {};
    case Part::kSized:
      return take_data(input, Part::kDone);
    case Part::kSize:
      return take_size(input, limits.body);
    case Part::kChunk:
      return take_data(input, Part::kChunkEnd);
    case Part::kChunkEnd:
      return take_chunk_end(input);
    case Part::kTrailers:
      return take_trailer(input, limits.trailers);
  }
  return {};
}

Piece HttpBody::take_data(std::string_view input, Part then) {
  const std::string_view data = input.substr(0, std::min<std::uint64_t>(input.size(), left_));
  left_ -= data.size();
  taken_ += data.size();
  if (left_ == 0) part_ = then;
  return {.used = data.size(), .data = data};
}

Piece HttpBody::take_size(std::string_view input, std::uint64_t max_body) {
  const auto line = first_line(input.substr(0, kMaxSizeLine));
  if (!line) return {.status = input.size() >= kMaxSizeLine ? 400 : 0};
  const auto size = chunk_size(*line);
  if (!size) return {.status = 400};
  if (*size > max_body - taken_) return {.status = 413};
  left_ = *size;
  part_ = left_ > 0 ? Part::kChunk : Part::kTrailers;
  return {.used = line->size() + 2};
}

Piece HttpBody::take_chunk_end(std::string_view input) {
  constexpr std::string_view kEnd = "\r\n";
  if (input.size() < kEnd.size()) return {.status = kEnd.starts_with(input) ? 0 : 400};
  if (!input.starts_with(kEnd)) return {.status = 400};
  part_ = Part::kSize;
  return {.used = kEnd.size()};
}

// Trailers are dropped.
Piece HttpBody::take_trailer(std::string_view input, std::uint64_t max_trailers) {
  const auto line = first_line(input);
  const std::uint64_t size = trailers_ + (line ? line->size() + 2 : input.size() + 1);
  if (size > max_trailers) return {.status = 431};
  if (!line) return {};
  if (has_control_characters(*line)) return {.status = 400};
  trailers_ = static_cast<std::uint32_t>(size);
  if (line->empty()) part_ = Part::kDone;
  return {.used = line->size() + 2};
}

}  // namespace closewait
