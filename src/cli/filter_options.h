/// Options of the message filter that `winnow filter` and `winnow serve --filter` share.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "base/options.h"
#include "filter/spam_filter.h"

namespace winnow {

struct FilterStepOptions {
  std::filesystem::path rules;  ///< empty: the built-in rules; "none": no rules
  std::string store;
  StatedWeights weights;
  double reputation_half_life = 30;  ///< days

  std::chrono::milliseconds half_life() const {
    return std::chrono::milliseconds(static_cast<int64_t>(reputation_half_life * 86400e3));
  }
};

/// Adds --rules, --store, --rule-weight, --reputation-weight, --classifier-weight and --reputation-half-life.
void AddFilterStepOptions(FilterStepOptions& options, OptionTable& table);

}  // namespace winnow
