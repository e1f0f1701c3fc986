/// `winnow calibrate --out-of-scope`, and `winnow evaluate --out-of-scope`.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "base/options.h"
#include "base/result.h"
#include "calibrate/scope.h"

namespace winnow {

struct ScopeCommandOptions {
  std::vector<std::filesystem::path> outside;  ///< files of out-of-scope texts
  bool in_scope_only = false;                  ///< choose a rule without out-of-scope texts
  ScopeOptions choice;
  bool remove = false;

  bool asked() const { return !outside.empty() || in_scope_only; }
};

/// Binds the options of `winnow calibrate` for out-of-scope texts.
void AddScopeOptions(ScopeCommandOptions& options, OptionTable& table);

/// Chooses a rule for the bundle from its held-out texts and the files in the options, with a progress bar. Errors:
/// CalibrateScope's, those of reading.
Result<ScopeFit> ChooseScope(const BundleClassifier& classifier, const HeldOutTexts& texts, double confidence,
                             const ScopeCommandOptions& options);

/// Measures the rule of the bundle on labelled in-scope texts and on out-of-scope texts, and prints the result. Errors:
/// those of reading and classifying; kInvalidArgument for a bundle without a rule.
Result<void> RunScopeEvaluation(const BundleClassifier& classifier, const Dataset& inside,
                                std::span<const std::filesystem::path> outside, const ClassifyOptions& classify,
                                bool json);

}  // namespace winnow
