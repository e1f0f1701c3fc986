/// Distillation: a trained model, the teacher, helps to train a smaller one, the student.
#pragma once

#include <filesystem>
#include <vector>

#include "base/result.h"
#include "base/threads.h"
#include "classify/bundle_classifier.h"
#include "classify/text_encoder.h"
#include "data/split.h"
#include "pipeline/training_observer.h"
#include "pipeline/training_plan.h"
#include "train/text_set.h"

namespace winnow {

/// Appends the unlabelled texts of the plan to `train`, as `encoder` reads them, and gives each text the prediction of
/// the teacher. Errors: those of loading and reading; kInvalidArgument for a teacher with other labels.
Result<void> AddTeacherPredictions(const TrainingPlan& plan, const Split& split, const TextEncoder& encoder,
                                   ThreadPool& pool, TrainingObserver& observer, TextSet& train);

/// Returns for each label of the data its id in the classifier of `bundle`, which may have the labels in another order.
/// Errors: kInvalidArgument unless both have the same labels.
Result<std::vector<size_t>> LabelIdsIn(const BundleClassifier& classifier, const std::filesystem::path& bundle,
                                       const LabelSet& labels);

}  // namespace winnow
