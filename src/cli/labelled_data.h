/// The options of the commands that have a model read labelled texts, such as `winnow evaluate` and `winnow compare`.
#pragma once

#include <string>

#include "cli/command.h"
#include "pipeline/labelled_data.h"

namespace winnow {

struct LabelledDataOptions : CommonOptions {
  ReadingOptions reading;
  Mode mode = Mode::kModerate;
  Weights weights = Weights::kAuto;
};

/// Adds the groups "Data" and "Decision".
void AddLabelledDataOptions(LabelledDataOptions& options, OptionTable& table);

/// Returns the conditions of --filter as one condition.
std::string FilterOf(const LabelledDataOptions& options);

}  // namespace winnow
