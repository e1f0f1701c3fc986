/// Texts that are none of a model's labels: `winnow calibrate --out-of-scope`, and `winnow evaluate --out-of-scope`.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/options.h"
#include "base/result.h"
#include "classify/bundle_classifier.h"
#include "data/dataset.h"
#include "evaluate/scope_fit.h"

namespace winnow {

struct ScopeOptions {
  std::vector<std::filesystem::path> outside;  // texts out of scope; their labels, if any, are not looked at
  bool in_scope_only = false;                  // without such texts
  std::string label = kDefaultScopeLabel;
  std::optional<ScopeMethod> method;
  double max_rejected = 0.05;
  bool remove = false;

  bool asked() const { return !outside.empty() || in_scope_only; }
};

/// Those of `winnow calibrate`.
void AddScopeOptions(ScopeOptions& options, OptionTable& table);

struct ScopeReport {
  ScopeRule rule;
  std::string text;  ///< lines ended by \n
  Json json;
  std::vector<std::string> notes;
};

/// Chooses a rule for the bundle, which keeps --max-rejected with `confidence`. `logits` [texts, labels] and the set's
/// labels are those of held-out texts. Errors: FitScope's, those of reading; kInvalidArgument for a multi-label model
/// and for a label that the model has.
Result<ScopeReport> CalibrateScope(const BundleClassifier& classifier, const Dataset& held_out,
                                   std::span<const float> logits, const std::string& source, double confidence,
                                   const ScopeOptions& options);

/// Measures the bundle's rule on labelled texts in scope and these out of scope, and prints it. Errors: those of
/// reading and classifying; kInvalidArgument for a bundle without a rule.
Result<void> RunScopeEvaluation(const BundleClassifier& classifier, const Dataset& inside,
                                std::span<const std::filesystem::path> outside, const ClassifyOptions& classify,
                                bool json);

}  // namespace winnow
