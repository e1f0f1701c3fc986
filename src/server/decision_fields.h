/// The fields of requests that say how a model decides: "mode" and "threshold".
#pragma once

#include "base/json.h"
#include "classify/bundle_classifier.h"
#include "server/api_error.h"

namespace winnow {

/// Reads "mode" and "threshold", which exclude each other, of an object of a request. Errors: 422.
ApiResult<ClassifyOptions> ReadDecisionFields(const Json& object);

/// Errors: 422 for a threshold that this model cannot apply, and for a mode other than moderate that has no effect on
/// it.
ApiResult<void> CheckDecisionFields(const ClassifyOptions& options, const BundleClassifier& classifier);

/// Returns the JSON Schemas of the two fields by their names.
Json DecisionFieldSchemas();

}  // namespace winnow
