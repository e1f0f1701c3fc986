#include "decide/label_thresholds.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace winnow {
namespace {

double LogOdds(double p) {
  const double inside = std::clamp(p, double{kLeastThreshold}, double{kGreatestThreshold});
  return std::log(inside / (1 - inside));
}

/// The threshold with the best F1 of scores with whether the text has the label. A threshold below all scores is not
/// considered: if scores say nothing about a label, F1 is greatest with the label assigned to every text (Lipton,
/// Elkan, Narayanaswamy 2014), which is of no use.
float BestOf(std::vector<std::pair<float, bool>> scores, size_t positives) {
  std::ranges::sort(scores, [](const auto& a, const auto& b) { return a.first > b.first; });
  float best = 0.5f;
  double best_f1 = -1;
  size_t hits = 0;
  for (size_t decided = 1; decided < scores.size(); ++decided) {
    const float last = scores[decided - 1].first;
    hits += scores[decided - 1].second ? 1 : 0;
    const float next = scores[decided].first;
    if (next == last || next >= kGreatestThreshold) continue;  // no threshold lies between them
    const double f1 = 2.0 * static_cast<double>(hits) / static_cast<double>(decided + positives);
    // Anywhere between the two scores decides alike: as near to the middle of 0 ... 1 as the gap's middle half allows.
    const float gap = last - next;
    const float middle = std::clamp(0.5f, next + gap / 4, last - gap / 4);
    // Of neighbouring floats, a sum may round to either: a score that reaches the threshold is above `next`.
    const float threshold = std::clamp(middle, std::nextafter(next, 1.0f), std::min(last, kGreatestThreshold));
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
  const double moved = 1 / (1 + std::exp(-(LogOdds(static_cast<double>(moderate)) + shift)));
  return std::clamp(static_cast<float>(moved), kLeastThreshold, kGreatestThreshold);
}

}  // namespace winnow
