/// How far the decided labels of two samples are apart, and how far chance alone puts samples apart.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace winnow {

struct LabelDistance {
  std::vector<double> reference, current;  ///< share of the texts for which each label is decided
  /// Single-label: the total variation distance of the shares. Multi-label: the largest difference of a label's shares,
  /// which is the total variation distance of that label alone.
  double value = 0;
  /// A distance that two samples of one distribution, as large as these, exceed with a probability of 1 %.
  double chance = 0;
};

/// Compares the decisions, which are sets of label ids: single-label, one id each. `chance` is that of a permutation
/// test (Fisher 1935): the texts are distributed over the two samples at random, 199 times, and the second largest of
/// the distances is exceeded in 2 of 200 cases if the samples do not differ (Barnard 1963; Hope 1968). Unlike the
/// chi-squared test it needs no least number of texts of a label. Equal seeds give equal results. Requires texts.
LabelDistance CompareDecisions(std::span<const std::vector<int32_t>> reference,
                               std::span<const std::vector<int32_t>> current, size_t labels, bool multi_label,
                               uint64_t seed = 42);

}  // namespace winnow
