#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace closewait {

// The byte pattern that server and clients agree on: the byte at an offset of a stream follows
// from the offset alone, so that either side can check any part of it without having kept the
// rest. The period is a prime, so that a shift by a power of two never goes unnoticed.
inline constexpr std::size_t kPatternPeriod = 65521;

// Up to this many bytes can be had in one piece.
inline constexpr std::size_t kPatternChunk = 65536;

// The pattern from `offset` on, min(size, kPatternChunk) bytes. Points into static storage.
[[nodiscard]] std::span<const std::byte> pattern(std::uint64_t offset, std::size_t size) noexcept;

// The offset in the stream of the first byte that differs from the pattern, `data` being the
// bytes at `offset` and after; nothing when all of them agree.
[[nodiscard]] std::optional<std::uint64_t> first_difference(
    std::uint64_t offset, std::span<const std::byte> data) noexcept;

}  // namespace closewait
