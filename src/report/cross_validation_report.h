/// The result of a cross-validation as a table for people and as JSON for machines.
#pragma once

#include <string>

#include "base/json.h"
#include "evaluate/cross_validation.h"

namespace winnow {

/// Returns a table of the folds with mean and deviation, followed by ReportText of the pooled metrics.
std::string CrossValidationText(const CrossValidation& result);

/// Returns {folds: [{fold, train_count, validation_count, test_count, best_epoch, seconds, figures by name}], mean:
/// {figures}, standard_deviation: {figures}, pooled: evaluate's document}.
Json CrossValidationJson(const CrossValidation& result);

}  // namespace winnow
