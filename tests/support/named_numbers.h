/// Numbers that a name alone decides, so that a test and a script make the same weights without a file between them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace winnow {

/// `count` values in [-1, 1): those of numbers() in tools/encoder_cases.py.
inline std::vector<float> NamedNumbers(std::string_view name, size_t count) {
  uint64_t seed = 0xCBF29CE484222325;  // FNV-1a
  for (const char c : name) seed = (seed ^ static_cast<uint8_t>(c)) * 0x100000001B3;
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) {
    uint64_t x = seed + (i + 1) * 0x9E3779B97F4A7C15;  // SplitMix64 (Steele, Lea, Flood 2014)
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
    x ^= x >> 31;
    values[i] = static_cast<float>(static_cast<double>(x >> 40) / (1 << 23) - 1);
  }
  return values;
}

}  // namespace winnow
