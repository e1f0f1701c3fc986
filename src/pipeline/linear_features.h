/// The features of a linear model, as a plan specifies them.
#pragma once

#include "base/result.h"
#include "linear/features.h"
#include "pipeline/training_plan.h"

namespace winnow {

/// Returns the options of the features. Errors: kInvalidArgument for n-gram lengths that are not valid, beginning with
/// the name of the option.
Result<FeatureOptions> FeatureOptionsOf(const LinearPlan& plan);

}  // namespace winnow
