/// How `winnow classify` and `winnow compare` are told about classification without training.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/options.h"
#include "base/result.h"
#include "classify/zero_shot.h"

namespace winnow {

/// What stands beside --zero-shot; without it none of these means anything.
struct ZeroShotDetails {
  std::optional<std::string> hypothesis;
  std::optional<int> entailment_id;
  std::optional<int> max_length;
};

void AddZeroShotDetails(ZeroShotDetails& details, OptionTable& table);

/// Errors: kInvalidArgument where one of them is given.
Result<void> RequireNoZeroShotDetails(const ZeroShotDetails& details);

/// Labels divided by commas, without the white space around them; empty ones are passed over.
std::vector<std::string> SplitLabels(std::string_view labels);

/// `labels` and `details` as the classifier takes them.
ZeroShotOptions ZeroShotOptionsOf(const ZeroShotDetails& details, std::vector<std::string> labels, bool multi_label,
                                  Weights weights);

}  // namespace winnow
