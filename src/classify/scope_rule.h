/// The rule by which a bundle recognizes out-of-scope texts: out_of_scope.safetensors, beside the weights. The metadata
/// of the file contains the rule, its tensors contain the data of the distance. It is a single file, so that rule and
/// tensors are replaced together.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "bundle/scope_file.h"
#include "decide/out_of_scope.h"

namespace winnow {

inline constexpr char kDefaultScopeLabel[] = "out_of_scope";

/// A rule for out-of-scope texts. Immutable once made; then thread-safe.
struct ScopeRule {
  std::string label = kDefaultScopeLabel;  ///< name for out-of-scope texts; not one of the model's labels
  ScopeMethod method = ScopeMethod::kMaxProbability;
  float threshold = 0;  ///< texts with a score above the threshold are out of scope
  ScopeShape shape;     ///< parameters of the method kDistance

  // How it came about.
  double max_rejected = 0;  ///< guaranteed bound on the share of in-scope texts that are rejected
  double confidence = 0;
  int64_t texts = 0, outside_texts = 0;  ///< number of in-scope and out-of-scope texts on which the rule was chosen
  std::optional<double> auroc;           ///< area under the ROC curve for separating in-scope from out-of-scope texts
  std::string source, weights;

  bool Rejects(float score) const { return !(score <= threshold); }
};

/// Reads a rule. Errors: kNotFound, kIo; kInvalidModel for a file that is not a rule for a single-label model with this
/// number of labels.
Result<ScopeRule> ReadScopeRule(const std::filesystem::path& file, std::span<const std::string> labels);

/// Writes a rule, atomically. Errors: kIo.
Result<void> WriteScopeRule(const std::filesystem::path& file, const ScopeRule& rule);

}  // namespace winnow
