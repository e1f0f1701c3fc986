#include "decide/probabilities.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace winnow {
namespace {

double Inverse(double temperature) { return temperature > 0 && std::isfinite(temperature) ? 1.0 / temperature : 1.0; }

/// The limit where the largest logit is infinite: all mass on the largest ones, in equal parts.
void ShareAmongLargest(std::span<const float> row, float largest, std::span<float> out) {
  const auto equals = std::count(row.begin(), row.end(), largest);
  for (size_t i = 0; i < row.size(); ++i) {
    out[i] = row[i] == largest ? static_cast<float>(1.0 / static_cast<double>(equals)) : 0.0F;
  }
}

void SoftmaxRow(std::span<const float> row, double inverse, std::span<float> out) {
  float largest = -std::numeric_limits<float>::infinity();
  bool has_nan = false;
  for (const float value : row) {
    has_nan = has_nan || std::isnan(value);
    largest = std::max(largest, value);
  }
  if (has_nan) {
    std::fill(out.begin(), out.end(), std::numeric_limits<float>::quiet_NaN());
    return;
  }
  if (std::isinf(largest)) return ShareAmongLargest(row, largest, out);
  const auto power = [&](float value) {
    return std::exp((static_cast<double>(value) - static_cast<double>(largest)) * inverse);
  };
  // Exponentials are what takes the time: they are kept, as far as there is room for them.
  std::array<double, 256> powers;
  double sum = 0;
  for (size_t i = 0; i < row.size(); ++i) {
    const double each = power(row[i]);
    if (i < powers.size()) powers[i] = each;
    sum += each;
  }
  for (size_t i = 0; i < row.size(); ++i) {
    out[i] = static_cast<float>((i < powers.size() ? powers[i] : power(row[i])) / sum);
  }
}

}  // namespace

void Softmax(std::span<const float> logits, int classes, double temperature, std::span<float> out) {
  if (classes <= 0) return;
  const auto width = static_cast<size_t>(classes);
  const double inverse = Inverse(temperature);
  for (size_t at = 0; at + width <= std::min(logits.size(), out.size()); at += width) {
    SoftmaxRow(logits.subspan(at, width), inverse, out.subspan(at, width));
  }
}

void Sigmoid(std::span<const float> logits, double temperature, std::span<float> out) {
  const double inverse = Inverse(temperature);
  const size_t count = std::min(logits.size(), out.size());
  for (size_t i = 0; i < count; ++i) {
    // Of the two equal forms the one whose exponential can't overflow. A NaN passes through.
    const double scaled = static_cast<double>(logits[i]) * inverse;
    const double power = std::exp(-std::abs(scaled));
    out[i] = static_cast<float>((scaled < 0 ? power : 1.0) / (1.0 + power));
  }
}

}  // namespace winnow
