#include "decide/neyman_pearson.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace winnow {
namespace {

float NextAbove(float value) { return std::nextafter(value, std::numeric_limits<float>::infinity()); }

Result<void> CheckBounds(double max_fpr, double confidence) {
  if (max_fpr > 0 && max_fpr < 1 && confidence > 0 && confidence < 1) return {};
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("a false-positive rate of {} with a confidence of {} is not valid", max_fpr, confidence),
              "specify two numbers between 0 and 1, such as .02 and .95");
}

/// Returns how many of n scores may lie above the threshold; -1 if even none would be too many.
int64_t AllowedAbove(int64_t n, double alpha, double delta) {
  // Terms of the binomial distribution, each from the one before, in logarithms: the first may be too small for a
  // double.
  const double count = static_cast<double>(n);
  double log_term = count * std::log1p(-alpha), sum = 0;
  const double log_odds = std::log(alpha) - std::log1p(-alpha);
  for (int64_t above = 0; above < n; ++above) {
    sum += std::exp(log_term);
    if (sum > delta) return above - 1;
    log_term += std::log(static_cast<double>(n - above)) - std::log(static_cast<double>(above + 1)) + log_odds;
  }
  return n - 1;
}

/// Just above the k-th smallest of `sorted`. Errors: kInvalidData where there is no number above it.
Result<FprThreshold> Above(std::span<const float> sorted, int64_t rank, double max_fpr) {
  const float score = sorted[static_cast<size_t>(rank - 1)];
  if (!(score < 1)) {
    return Fail(ErrorCode::kInvalidData,
                fmt::format("{} of {} negatives have a score of 1, the highest possible, so no threshold keeps a "
                            "false-positive rate of {}",
                            std::ranges::count_if(sorted, [](float s) { return !(s < 1); }), sorted.size(), max_fpr),
                "check these texts for wrong labels, calibrate the model, or allow more false positives");
  }
  return FprThreshold{.threshold = NextAbove(score), .rank = rank, .max_fpr = max_fpr};
}

Result<FprThreshold> ThresholdOfSorted(std::span<const float> sorted, double max_fpr, double confidence) {
  TRY(CheckBounds(max_fpr, confidence));
  const auto n = static_cast<int64_t>(sorted.size());
  const int64_t above = AllowedAbove(n, max_fpr, 1 - confidence);
  if (n == 0 || above < 0) {
    return Fail(
        ErrorCode::kInvalidData,
        fmt::format("a false-positive rate of at most {} with {:.4g} % confidence needs at least {} "
                    "negatives, and there are {}",
                    max_fpr, 100 * confidence, TextsNeededForFpr(max_fpr, confidence), n),
        fmt::format("use more held-out texts, or specify a higher limit: with {} negatives the lowest rate that can be "
                    "guaranteed is {}",
                    n, FprText(n == 0 ? 1.0 : 1 - std::pow(1 - confidence, 1 / static_cast<double>(n)))));
  }
  return Above(sorted, n - above, max_fpr);
}

}  // namespace

std::string FprText(double max_fpr) {
  const std::string text = fmt::format("{:.6g}", max_fpr);
  if (!(max_fpr > 0) || std::abs(std::stod(text) - max_fpr) <= 1e-12 * max_fpr) return text;
  const double unit = std::pow(10.0, std::floor(std::log10(max_fpr)) - 2);
  return fmt::format("{:.3g}", std::ceil(max_fpr / unit) * unit);
}

double ViolationProbability(int64_t n, int64_t k, double alpha) {
  double log_term = static_cast<double>(n) * std::log1p(-alpha), sum = 0;
  for (int64_t above = 0; above <= n - k; ++above) {
    sum += std::exp(log_term);
    log_term += std::log(static_cast<double>(n - above)) - std::log(static_cast<double>(above + 1)) + std::log(alpha) -
                std::log1p(-alpha);
  }
  return std::min(sum, 1.0);
}

int64_t TextsNeededForFpr(double max_fpr, double confidence) {
  auto needed = static_cast<int64_t>(std::ceil(std::log(1 - confidence) / std::log1p(-max_fpr)));
  needed = std::max<int64_t>(needed, 1);
  // What counts is what the search says, which rounds in its own way.
  while (AllowedAbove(needed, max_fpr, 1 - confidence) < 0) ++needed;
  return needed;
}

Result<FprThresholds> ThresholdsForFpr(std::span<const float> negatives, double max_fpr, double confidence) {
  if (!(max_fpr < 0.5)) {
    return Fail(ErrorCode::kInvalidArgument, fmt::format("a false-positive rate of {} is not valid", max_fpr),
                "specify a number below .5: the strict mode allows twice as much");
  }
  std::vector<float> sorted(negatives.begin(), negatives.end());
  std::ranges::sort(sorted);
  FprThresholds result;
  result.moderate = TRY(ThresholdOfSorted(sorted, max_fpr, confidence));
  result.strict = TRY(ThresholdOfSorted(sorted, 2 * max_fpr, confidence));
  const auto n = static_cast<int64_t>(sorted.size());
  if (AllowedAbove(n, max_fpr / 2, 1 - confidence) >= 0) {
    result.lenient = TRY(ThresholdOfSorted(sorted, max_fpr / 2, confidence));
    return result;
  }
  const double promised = 1 - std::pow(1 - confidence, 1 / static_cast<double>(n));
  result.lenient = TRY(Above(sorted, n, promised));
  result.notes.push_back(fmt::format(
      "the lenient mode guarantees a false-positive rate of at most {} instead of {}, because the latter needs {} "
      "negatives, and there are {}",
      FprText(promised), FprText(max_fpr / 2), TextsNeededForFpr(max_fpr / 2, confidence), n));
  return result;
}

float PositiveScore(std::span<const float> probabilities, int32_t positive_label) {
  const auto positive = static_cast<size_t>(positive_label);
  const float of_positive = probabilities[positive];
  if (probabilities.size() <= 2) return of_positive;
  float rival = 0;
  for (size_t i = 0; i < probabilities.size(); ++i) {
    if (i != positive) rival = std::max(rival, probabilities[i]);
  }
  const double sum = static_cast<double>(of_positive) + static_cast<double>(rival);
  if (!(sum > 0)) return 1;  // no probabilities at all: Decide's product is 0 >= 0
  const double quotient = static_cast<double>(of_positive) / sum;
  const auto rounded = static_cast<float>(quotient);
  return static_cast<double>(rounded) < quotient ? std::min(NextAbove(rounded), 1.0F) : rounded;
}

}  // namespace winnow
