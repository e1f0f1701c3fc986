/// Reading of the data of a plan.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/dataset.h"
#include "data/split.h"
#include "pipeline/training_observer.h"
#include "pipeline/training_plan.h"

namespace winnow {

/// Returns the data folder's options for reading files in this way.
ReadOptions ReadOptionsOf(const ReadingOptions& reading);

/// Returns the options for reading the files of a plan, including its labels and label map. Errors: kInvalidArgument
/// for labels that are named twice and for a label map that is not FROM=TO.
Result<ReadOptions> ReadOptionsOf(const DataPlan& data);

/// Returns the label map by name. Errors: kInvalidArgument for an entry that is not FROM=TO.
Result<std::map<std::string, std::string>> LabelMapOf(const DataPlan& data);

/// Returns the files of each part.
SplitFiles SplitFilesOf(const DataPlan& data);

/// Reads the files of the plan, de-duplicates and splits them, and notes the results. Errors: ReadSplit's.
Result<Split> ReadParts(const TrainingPlan& plan, TrainingObserver& observer);

/// Adds synthetic texts, and then augmented variants of all training texts, to the training part, if the plan asks for
/// them; none of them is a held-out text. Notes what was added, or why nothing was: a grammar that does not fit the
/// labels is a warning if the plan names a share, and a note if the share is the default of augmentation. Errors:
/// Grammar::Read's.
Result<void> AugmentTrainingPart(const TrainingPlan& plan, Split& split, TrainingObserver& observer);

}  // namespace winnow
