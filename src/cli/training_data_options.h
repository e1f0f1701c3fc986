/// The options of `winnow train` about its data.
#pragma once

#include "base/options.h"
#include "pipeline/training_plan.h"

namespace winnow {

/// Binds the options of the group "Data": the parts of the data and their sizes, how files are read, labels, data
/// augmentation and synthetic texts. `data` must outlive the table.
void AddTrainingDataOptions(DataPlan& data, OptionTable& table);

}  // namespace winnow
