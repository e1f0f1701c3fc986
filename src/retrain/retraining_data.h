/// The data of a retraining: the base data, and the feedback of a store.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/split.h"
#include "pipeline/training_observer.h"
#include "pipeline/training_plan.h"
#include "retrain/feedback_selection.h"
#include "store/store.h"

namespace winnow {

/// Feedback that was added to the data of a training.
struct AddedFeedback {
  size_t rows = 0;
  std::string sha256 = {};               ///< digest of the rows as JsonLinesOf writes them
  std::vector<std::string> labels = {};  ///< labels of the rows, each once, sorted
};

/// Adds all feedback of the store, as `winnow feedback export` writes it, to the files of the plan. The file is written
/// into `directory`. Errors: those of the store and of writing; kInvalidArgument for a text template that feedback
/// cannot fill.
Result<AddedFeedback> AddAllFeedback(Store& store, double least_weight, const std::filesystem::path& directory,
                                     TrainingPlan& plan);

struct SelectedFeedback {
  FeedbackSelection selection = {};
  AddedFeedback added = {};
  size_t audits = 0;  ///< number of audited texts that were added to the validation part
};

/// Adds selected feedback to the training part of the split, and the texts that were audited before `audits_before` to
/// the validation part, which chooses the epoch, the calibration and the thresholds: complaints have no part in it. The
/// split is that of the base data alone, so that its test part does not change with the feedback. Nothing is added if
/// the selection is too_few. Errors: those of the store; kUnsupported for multi-label data; kInvalidArgument for a text
/// template that feedback cannot fill.
Result<SelectedFeedback> AddSelectedFeedback(Store& store, const FeedbackSelectionOptions& options,
                                             std::optional<StoreTime> trained_until,
                                             std::optional<StoreTime> audits_before, const ReadingOptions& reading,
                                             Split& split, TrainingObserver& observer);

}  // namespace winnow
