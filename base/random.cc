#include "base/random.h"

namespace closewait {
namespace {

constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15;

std::uint64_t mix(std::uint64_t z) noexcept {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace

std::uint64_t hash(std::uint64_t seed, std::uint64_t number) noexcept {
  return mix(mix(seed + kGolden) + (number + 1) * kGolden);
}

Random::result_type Random::operator()() noexcept { return mix(state_ += kGolden); }

double Random::unit() noexcept {
  constexpr double kTwoToMinus53 = 1.0 / 9007199254740992.0;
  return static_cast<double>(((*this)() >> 11) + 1) * kTwoToMinus53;
}

std::uint64_t Random::below(std::uint64_t bound) noexcept {
  // Lemire's multiplication; the bias is below bound / 2^64 and does not matter here.
  return static_cast<std::uint64_t>((static_cast<unsigned __int128>((*this)()) * bound) >> 64);
}

}  // namespace closewait
