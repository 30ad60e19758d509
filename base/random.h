#pragma once

#include <cstdint>

namespace closewait {

// A random number that depends only on (seed, number): the same connection makes the same
// choices whoever runs it and whenever. SplitMix64's finalizer over both words.
[[nodiscard]] std::uint64_t hash(std::uint64_t seed, std::uint64_t number) noexcept;

// A seeded sequence (SplitMix64; Steele, Lea, Flood 2014). Small enough to give each connection
// its own. Satisfies UniformRandomBitGenerator.
class Random {
 public:
  using result_type = std::uint64_t;

  explicit Random(std::uint64_t seed) noexcept : state_(seed) {}

  result_type operator()() noexcept;
  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return ~result_type{0}; }

  // Uniform in (0, 1]: never 0, so that a logarithm of it is finite.
  [[nodiscard]] double unit() noexcept;

  // Uniform in [0, bound); bound must not be 0.
  [[nodiscard]] std::uint64_t below(std::uint64_t bound) noexcept;

 private:
  std::uint64_t state_;
};

}  // namespace closewait
