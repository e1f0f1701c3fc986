/// The data of a plan, read.
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

/// The options of the data folder for reading files so.
ReadOptions ReadOptionsOf(const ReadingOptions& reading);

/// The options for reading the files of a plan, its labels and label map included. Errors: kInvalidArgument for labels
/// that are named twice and for a label map that is not FROM=TO.
Result<ReadOptions> ReadOptionsOf(const DataPlan& data);

/// The label map by name. Errors: kInvalidArgument for an entry that is not FROM=TO.
Result<std::map<std::string, std::string>> LabelMapOf(const DataPlan& data);

/// The files of each part.
SplitFiles SplitFilesOf(const DataPlan& data);

/// Reads the files of the plan, de-duplicates and splits them, and notes what was read. Errors: ReadSplit's.
Result<Split> ReadParts(const TrainingPlan& plan, TrainingObserver& observer);

/// Adds augmented variants of the training texts, if the plan asks for them; none of them is a held-out text.
void AddVariants(const TrainingPlan& plan, Split& split, TrainingObserver& observer);

}  // namespace winnow
