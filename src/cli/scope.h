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
  std::vector<std::filesystem::path> outside;  ///< files of texts out of scope
  bool in_scope_only = false;                  ///< choose without such texts
  ScopeOptions choice;
  bool remove = false;

  bool asked() const { return !outside.empty() || in_scope_only; }
};

/// Binds the options of `winnow calibrate`.
void AddScopeOptions(ScopeCommandOptions& options, OptionTable& table);

/// Chooses a rule for the bundle from its held-out texts and the files of the options, with a progress bar. Errors:
/// CalibrateScope's, those of reading.
Result<ScopeFit> ChooseScope(const BundleClassifier& classifier, const HeldOutTexts& texts, double confidence,
                             const ScopeCommandOptions& options);

/// Measures the rule of the bundle on labelled texts in scope and on texts out of scope, and prints the result. Errors:
/// those of reading and classifying; kInvalidArgument for a bundle without a rule.
Result<void> RunScopeEvaluation(const BundleClassifier& classifier, const Dataset& inside,
                                std::span<const std::filesystem::path> outside, const ClassifyOptions& classify,
                                bool json);

}  // namespace winnow
