/// One refit of a review: the head on all labels so far, the orders of the queues, and the measurement of the head.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/result.h"
#include "review/dense_head.h"
#include "review/estimate.h"
#include "review/preparation.h"
#include "review/queues.h"

namespace winnow {

/// The labels at one moment.
struct FitInput {
  std::vector<int32_t> labels;  ///< [items] id of the label; below 0: none
  std::vector<bool> blind;      ///< [items]
  size_t num_labels = 0;
  size_t labelled = 0;
};

/// What a refit has computed. Immutable once it is made.
struct FittedReview {
  size_t labelled = 0;  ///< number of labels that it was fitted to
  size_t num_labels = 0;
  DenseHead head;                    ///< empty: there was nothing to fit it to
  std::vector<float> probabilities;  ///< [items, num_labels]; empty: nothing predicts
  std::vector<float> nearness;       ///< [items] greatest cosine with a labelled text; -1: none is labelled
  std::vector<bool> near_of;         ///< [items] the labelled texts that nearness was computed from
  std::array<std::vector<QueuePlace>, kQueues> orders;
};

/// Fits the head, from where `before` ended (null: from nothing), and orders the queues. Errors: those of FitHead.
Result<FittedReview> FitReview(const PreparedReview& prepared, const FitInput& input, const FittedReview* before);

/// Predicts each labelled text by a head that was fitted without it, in five folds; if there are EnoughRandom texts,
/// only those. Texts stay in their fold, so that `heads`, the folds' heads of the last measurement, are a start that
/// has not seen them. Before each fold `go_on` is asked, if it is given. Errors: those of FitHead; kCancelled.
Result<std::vector<HeldOutPrediction>> PredictHeldOut(const PreparedReview& prepared, const FitInput& input,
                                                      std::vector<DenseHead>& heads,
                                                      const std::function<bool()>& go_on = {});

}  // namespace winnow
