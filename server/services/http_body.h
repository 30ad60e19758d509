#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace closewait {

// How far the body of one request has been read, in either framing (RFC 9112, 6.2 and 7.1). Pure:
// it keeps numbers, never bytes, so a body costs no memory whatever its size.
class HttpBody {
 public:
  struct Limits {
    std::uint64_t body = 0;
    std::uint64_t trailers = 0;
  };
  // What the front of some input is: `used` bytes of framing and `data` (the last of them), nothing
  // yet (0), or something to refuse with `status`.
  struct Piece {
    std::size_t used = 0;
    std::string_view data;
    int status = 0;
  };

  void begin_sized(std::uint64_t size) noexcept;
  void begin_chunked() noexcept;
  [[nodiscard]] bool done() const noexcept { return part_ == Part::kDone; }
  // Bytes of it so far.
  [[nodiscard]] std::uint64_t taken() const noexcept { return taken_; }

  [[nodiscard]] Piece take(std::string_view input, Limits limits);

 private:
  enum class Part : std::uint8_t { kDone, kSized, kSize, kChunk, kChunkEnd, kTrailers };

  [[nodiscard]] Piece take_data(std::string_view input, Part then);
  [[nodiscard]] Piece take_size(std::string_view input, std::uint64_t max_body);
  [[nodiscard]] Piece take_chunk_end(std::string_view input);
  [[nodiscard]] Piece take_trailer(std::string_view input, std::uint64_t max_trailers);

  std::uint64_t left_ = 0;  // of the body, or of the chunk
  std::uint64_t taken_ = 0;
  std::uint32_t trailers_ = 0;  // bytes of them
  Part part_ = Part::kDone;
};

}  // namespace closewait
