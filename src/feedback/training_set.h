/// The training texts that feedback makes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "feedback/feedback_state.h"
#include "feedback/trust.h"

namespace winnow {

struct TrainingSetOptions {
  /// Empty: the labels of people. Else the labels of this program, of texts that no person has labelled; for a training
  /// part only, because what a program has decided is no measure of another one.
  std::string teacher = {};
  /// Least sum of the weights of the users who agree on a label; labels of administrators need none.
  double least_weight = 0;
};

struct TrainingRow {
  std::string text, label;
  friend auto operator<=>(const TrainingRow&, const TrainingRow&) = default;
};

struct TrainingSet {
  std::vector<TrainingRow> rows;  ///< one per text, in the order of the texts' bytes
  size_t contradicted = 0;        ///< texts left out because equal weights of users contradict each other
  size_t light = 0;               ///< texts left out because of least_weight
  size_t audited = 0;             ///< texts left out because they have a blind label, which calibration and metrics use
};

/// Makes the training set. Of each text the last word of an administrator counts, else the label with the greatest sum
/// of users' weights. `labels` are the blind labels by text. Equal states give an equal set.
TrainingSet MakeTrainingSet(std::span<const FeedbackState> states, const TrustTable& trust,
                            const std::map<std::string, std::string>& labels, const TrainingSetOptions& options = {});

}  // namespace winnow
