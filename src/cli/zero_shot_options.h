/// The options of `winnow classify` and `winnow compare` for zero-shot classification.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/options.h"
#include "base/result.h"
#include "classify/zero_shot.h"

namespace winnow {

/// The options that accompany --zero-shot; they have no effect without it.
struct ZeroShotDetails {
  std::optional<std::string> hypothesis;
  std::optional<int> entailment_id;
  std::optional<int> max_length;
};

void AddZeroShotDetails(ZeroShotDetails& details, OptionTable& table);

/// Refuses the options of zero-shot classification. Errors: kInvalidArgument if one of them is given.
Result<void> RequireNoZeroShotDetails(const ZeroShotDetails& details);

/// Returns the labels of a comma-separated list, without white space around them; empty ones are skipped.
std::vector<std::string> SplitLabels(std::string_view labels);

/// Returns the options of a ZeroShotClassifier for `labels` and `details`.
ZeroShotOptions ZeroShotOptionsOf(const ZeroShotDetails& details, std::vector<std::string> labels, bool multi_label,
                                  Weights weights);

}  // namespace winnow
