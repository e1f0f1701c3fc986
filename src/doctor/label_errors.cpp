#include "doctor/label_errors.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <tuple>
#include <utility>

namespace winnow {
namespace {

Result<void> CheckProbabilities(std::span<const float> probabilities, size_t texts, size_t labels) {
  if (probabilities.size() != texts * labels || labels == 0) {
    return Fail(ErrorCode::kInvalidArgument,
                "internal error: label errors: got " + std::to_string(probabilities.size()) + " probabilities for " +
                    std::to_string(labels) + " labels and " + std::to_string(texts) + " texts");
  }
  const auto bad = std::ranges::find_if_not(probabilities, [](float p) { return p >= 0 && p <= 1.0001F; });
  if (bad == probabilities.end()) return {};
  return Fail(ErrorCode::kInvalidArgument, "label errors: " + std::to_string(*bad) + " is not a probability");
}

void Rank(std::vector<LabelDoubt>& doubts) {
  std::ranges::sort(doubts, {}, [](const LabelDoubt& doubt) {
    return std::tuple(doubt.self_confidence, -doubt.suggested_confidence, doubt.text, doubt.given);
  });
}

/// t_j = the mean of p_j over the texts with label j (the paper's equation 2).
std::vector<double> Thresholds(std::span<const float> probabilities, std::span<const int32_t> given, size_t labels) {
  std::vector<double> sums(labels, 0);
  std::vector<size_t> counts(labels, 0);
  for (size_t t = 0; t < given.size(); ++t) {
    if (given[t] < 0) continue;
    const auto label = static_cast<size_t>(given[t]);
    sums[label] += static_cast<double>(probabilities[t * labels + label]);
    ++counts[label];
  }
  for (size_t j = 0; j < labels; ++j) {
    sums[j] = counts[j] == 0 ? std::numeric_limits<double>::quiet_NaN() : sums[j] / static_cast<double>(counts[j]);
  }
  return sums;
}

/// The label that a text has with confidence: of those at or above their thresholds the most probable (the paper's
/// equation 1, collisions settled by argmax); `labels` where there is none.
size_t ConfidentLabel(std::span<const float> row, std::span<const double> thresholds) {
  // A probability that equals its threshold but for rounding counts, or labels of equal probabilities all over (one
  // text, or a model that learnt nothing) would come and go with the order of a sum.
  constexpr double kRounding = 1e-6;
  size_t best = row.size();
  for (size_t j = 0; j < row.size(); ++j) {
    const bool confident = static_cast<double>(row[j]) >= thresholds[j] - kRounding;  // false where it is NaN
    if (confident && (best == row.size() || row[j] > row[best])) best = j;
  }
  return best;
}

}  // namespace

Result<LabelErrors> FindLabelErrors(std::span<const float> probabilities, std::span<const int32_t> given,
                                    size_t labels) {
  TRY(CheckProbabilities(probabilities, given.size(), labels));
  for (const int32_t label : given) {
    if (label < -1 || label >= static_cast<int64_t>(labels)) {
      return Fail(ErrorCode::kInvalidArgument, "label errors: there is no label " + std::to_string(label));
    }
  }
  LabelErrors found;
  found.thresholds = Thresholds(probabilities, given, labels);
  found.confident_joint.assign(labels * labels, 0);
  for (size_t t = 0; t < given.size(); ++t) {
    if (given[t] < 0) continue;
    const auto own = static_cast<size_t>(given[t]);
    const std::span<const float> row = probabilities.subspan(t * labels, labels);
    const size_t confident = ConfidentLabel(row, found.thresholds);
    if (confident < labels) ++found.confident_joint[own * labels + confident];
    size_t other = own;
    for (size_t j = 0; j < labels; ++j) {
      if (j != own && (other == own || row[j] > row[other])) other = j;
    }
    const bool error = confident < labels && confident != own;
    if (error) other = confident;
    found.doubts.push_back({.text = t,
                            .given = given[t],
                            .suggested = static_cast<int32_t>(other),
                            .self_confidence = static_cast<double>(row[own]),
                            .suggested_confidence = other == own ? 0 : static_cast<double>(row[other]),
                            .error = error});
  }
  Rank(found.doubts);
  return found;
}

Result<LabelErrors> FindMultiLabelErrors(std::span<const float> probabilities, std::span<const int8_t> has,
                                         size_t labels) {
  const size_t texts = labels == 0 ? 0 : has.size() / labels;
  if (labels == 0 || texts * labels != has.size()) {
    return Fail(ErrorCode::kInvalidArgument, "internal error: label errors: got " + std::to_string(has.size()) +
                                                 " label flags, which is not a multiple of " + std::to_string(labels) +
                                                 " labels");
  }
  TRY(CheckProbabilities(probabilities, texts, labels));
  LabelErrors all;
  std::vector<float> two(texts * 2);
  std::vector<int32_t> given(texts);
  for (size_t label = 0; label < labels; ++label) {
    for (size_t t = 0; t < texts; ++t) {
      const float p = std::min(probabilities[t * labels + label], 1.0F);
      two[2 * t] = 1 - p;
      two[2 * t + 1] = p;
      given[t] = has[t * labels + label] < 0 ? -1 : std::min<int32_t>(has[t * labels + label], 1);
    }
    LabelErrors found = TRY(FindLabelErrors(two, given, 2));
    all.thresholds.push_back(found.thresholds[1]);
    for (LabelDoubt& doubt : found.doubts) {
      doubt.given = doubt.suggested = static_cast<int32_t>(label);
      all.doubts.push_back(doubt);
    }
  }
  Rank(all.doubts);
  return all;
}

}  // namespace winnow
