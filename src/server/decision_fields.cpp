#include "server/decision_fields.h"

#include <algorithm>
#include <limits>

#include "server/json_request.h"

namespace winnow {
namespace {

// The floats next to 0 and 1, for numbers that only a double tells from them.
constexpr double kLeast = std::numeric_limits<float>::min();
constexpr double kMost = 1 - std::numeric_limits<float>::epsilon() / 2;

}  // namespace

ApiResult<ClassifyOptions> ReadDecisionFields(const Json& object) {
  ClassifyOptions options;
  const Result<Mode> mode = ParseMode(TRY(StringOr(object, "mode", "moderate")));
  if (!mode) return Reject("'mode' must be strict, moderate or lenient");
  options.mode = *mode;
  const Json* const threshold = FindField(object, "threshold");
  if (threshold == nullptr) return options;
  const double value = threshold->is_number() ? threshold->get<double>() : 0;
  if (!(value > 0 && value < 1)) return Reject("'threshold' must be a number more than 0 and less than 1");
  options.threshold = static_cast<float>(std::clamp(value, kLeast, kMost));
  if (FindField(object, "mode") != nullptr) {
    return Reject("'threshold' cannot be combined with 'mode', which stands for a threshold; send one of them");
  }
  return options;
}

ApiResult<void> CheckDecisionFields(const ClassifyOptions& options, const BundleClassifier& classifier) {
  const Result<void> checked = classifier.CheckOptions(options);
  if (!checked) return Reject("'threshold': " + checked.error().message);
  const Result<void> mode = classifier.CheckMode(options.mode);
  if (!mode) return Reject("'mode': " + mode.error().message);
  return {};
}

Json DecisionFieldSchemas() {
  return ParsedJson(R"({
    "mode": {"enum": ["strict", "moderate", "lenient", null], "default": "moderate",
      "description": "Decision thresholds to use: strict flags the most texts as the positive label, lenient the fewest"},
    "threshold": {"type": ["number", "null"], "exclusiveMinimum": 0, "exclusiveMaximum": 1,
      "description": "Decision threshold in place of that of the mode: the probability from which the positive label is assigned, or each label of a multi-label model; a lower threshold flags more texts. Cannot be combined with mode"}})");
}

}  // namespace winnow
