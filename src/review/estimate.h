/// How good a head is, measured honestly, and what more labels would bring.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "evaluate/intervals.h"
#include "review/review_state.h"

namespace winnow {

/// The texts that a macro-F1 was measured on.
enum class EstimateBasis {
  /// Texts that were drawn at random and labelled without a suggestion: a sample of the whole pool.
  kRandom,
  /// All labelled texts, by cross-validation. The queue has chosen most of them because they are hard, so that the
  /// macro-F1 of the pool is usually higher.
  kLabelled,
};

/// What further labels would bring.
struct NextGain {
  size_t labels = 100;
  double gain = 0;
};

struct Estimate {
  double f1_macro = 0;
  Interval interval = {};
  EstimateBasis basis = EstimateBasis::kLabelled;
  size_t texts = 0;  ///< number of texts that it was measured on
};

/// A label and the prediction of a head that was fitted without this text.
struct HeldOutPrediction {
  int32_t truth = 0, predicted = 0;
  bool blind = false;
};

/// Number of random texts from which on they alone are used. Below it a macro-F1 of them means little.
inline constexpr size_t kEnoughRandom = 20;
/// Returns true if there are kEnoughRandom of them, and as many as labels.
inline bool EnoughRandom(size_t random, size_t labels) { return random >= kEnoughRandom && random >= labels; }

/// Measures the macro-F1 of the labels that occur, with a 95 % interval: the bootstrap's and Wilson's of the accuracy,
/// of which the widths are added as independent errors are. Nothing for fewer than ten predictions. If there are
/// EnoughRandom texts, only they count.
std::optional<Estimate> EstimateMacroF1(std::span<const HeldOutPrediction> predictions, size_t labels);

/// Extrapolates a learning curve by the power law  1 - F1 = a * n^-b  (Hestness et al. 2017, arXiv:1712.00409), fitted
/// by least squares of the logarithms. Nothing unless it means something: at least four points over a doubling of the
/// labels, a slope that differs from 0 by twice its standard error, and a gain of at least .005.
std::optional<NextGain> ExtrapolateGain(std::span<const CurvePoint> curve, size_t labelled, size_t further);

/// Returns "macro-F1 .81 [.77, .85] after 120 labels; 100 more would bring about .02".
std::string EstimateSentence(const std::optional<Estimate>& estimate, const std::optional<NextGain>& next,
                             size_t labelled);

}  // namespace winnow
