/// When a bundle answers "none of these": out_of_scope.safetensors, beside the weights. Its metadata has the rule, its
/// tensors what the distance is measured with. One file, so that rule and tensors are replaced together.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "decide/out_of_scope.h"

namespace winnow {

inline constexpr char kScopeFile[] = "out_of_scope.safetensors";
inline constexpr char kDefaultScopeLabel[] = "out_of_scope";

/// Immutable once made; then thread-safe.
struct ScopeRule {
  std::string label = kDefaultScopeLabel;  ///< what such texts are called; none of the model's own
  ScopeMethod method = ScopeMethod::kMaxProbability;
  float threshold = 0;  ///< scores above it are out of scope
  ScopeShape shape;     ///< of kDistance

  // How it came about.
  double max_rejected = 0;  ///< guaranteed: the largest share of in-scope texts that are rejected
  double confidence = 0;
  int64_t texts = 0, outside_texts = 0;  ///< in and out of scope that chose it
  std::optional<double> auroc;           ///< of telling these apart
  std::string source, weights;

  bool Rejects(float score) const { return !(score <= threshold); }
};

/// Errors: kNotFound, kIo; kInvalidModel for a file that is no rule for a single-label model of so many labels.
Result<ScopeRule> ReadScopeRule(const std::filesystem::path& file, std::span<const std::string> labels);

/// Atomically. Errors: kIo.
Result<void> WriteScopeRule(const std::filesystem::path& file, const ScopeRule& rule);

}  // namespace winnow
