#include "decide/label_thresholds.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace winnow {
namespace {

double LogOdds(double p) {
  const double inside = std::clamp(p, 1e-6, 1 - 1e-6);
  return std::log(inside / (1 - inside));
}

/// Scores with whether the text has the label, highest first.
float BestOf(std::vector<std::pair<float, bool>> scores, size_t positives) {
  std::ranges::sort(scores, [](const auto& a, const auto& b) { return a.first > b.first; });
  float best = 0.5f;
  double best_f1 = -1;
  size_t hits = 0;
  for (size_t decided = 1; decided <= scores.size(); ++decided) {
    const float last = scores[decided - 1].first;
    hits += scores[decided - 1].second ? 1 : 0;
    const float next = decided < scores.size() ? scores[decided].first : 0.0f;
    if (next == last) continue;  // no threshold lies between equals
    const double f1 = 2.0 * static_cast<double>(hits) / static_cast<double>(decided + positives);
    // Anywhere between the two scores decides alike: as near to the middle of 0 ... 1 as the gap's middle half allows.
    const float gap = last - next;
    const float threshold = std::clamp(0.5f, next + gap / 4, last - gap / 4);
    const bool nearer = std::abs(threshold - 0.5f) < std::abs(best - 0.5f);
    if (f1 > best_f1 || (f1 == best_f1 && nearer)) {
      best_f1 = f1;
      best = threshold;
    }
  }
  return best;
}

}  // namespace

std::vector<float> BestF1Thresholds(std::span<const float> probabilities, std::span<const std::vector<int32_t>> truth,
                                    size_t labels, size_t least) {
  std::vector<float> thresholds(labels, 0.5f);
  for (size_t label = 0; label < labels; ++label) {
    std::vector<std::pair<float, bool>> scores;
    size_t positives = 0;
    for (size_t t = 0; t < truth.size(); ++t) {
      const bool has = std::ranges::find(truth[t], static_cast<int32_t>(label)) != truth[t].end();
      positives += has ? 1 : 0;
      scores.emplace_back(probabilities[t * labels + label], has);
    }
    if (positives >= least && truth.size() - positives >= least)
      thresholds[label] = BestOf(std::move(scores), positives);
  }
  return thresholds;
}

float ThresholdInMode(float moderate, const ModeThresholds& modes, Mode mode) {
  if (mode == Mode::kModerate) return moderate;
  const double shift = LogOdds(static_cast<double>(modes.At(mode))) - LogOdds(static_cast<double>(modes.moderate));
  return static_cast<float>(1 / (1 + std::exp(-(LogOdds(static_cast<double>(moderate)) + shift))));
}

}  // namespace winnow
