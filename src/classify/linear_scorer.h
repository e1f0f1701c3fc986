/// Scoring by a linear model, which has features instead of tokens and reads texts as they are.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "classify/scorer.h"
#include "linear/linear_model.h"

namespace winnow {

/// A scorer for linear models. Thread-safe. Many texts are scored on the pool's threads, for one caller at a time; few
/// texts are scored on the caller's thread.
class LinearScorer : public Scorer {
 public:
  /// Creates a scorer; `pool` must outlive it.
  LinearScorer(LinearModel model, bool fold_disguises, ThreadPool& pool)
      : model_(std::move(model)), fold_disguises_(fold_disguises), pool_(pool) {}

  std::string weights() const override { return "linear"; }
  void Prepare(std::span<const InputTextView> texts, PreparedTexts& prepared) const override;
  /// Counts a token per four bytes, which is a rough equivalent: the purpose is that a batch takes a short time only.
  size_t Cost(const PreparedTexts& prepared, size_t text) const override { return prepared.texts[text].size() / 4 + 1; }
  Result<void> Score(const PreparedTexts& prepared, std::span<float> logits, const Progress& progress,
                     PoolUse use) const override;
  bool IsInstant(std::span<const InputTextView> texts) const override;
  void ForParts(size_t count, const std::function<void(size_t begin, size_t end)>& task) const override;
  Result<std::vector<TextToken>> TokensOf(std::string_view text, bool special) const override;
  TextCoverage CoverageOf(std::string_view text) const override;
  /// False if texts are folded, since the pieces of a folded text are not those of the original text.
  bool scores_add_up() const override { return !fold_disguises_; }
  TextShares SharesOf(std::string_view text, size_t label, std::span<const float> probabilities,
                      double temperature) const override;

 private:
  const LinearModel model_;
  const bool fold_disguises_;
  ThreadPool& pool_;
  mutable Mutex pool_mutex_;  // one caller at a time has the other threads
};

/// Loads a directory that contains a linear model. Errors: those of LoadScorer; kInvalidArgument for Weights::kInt8.
Result<ScoredBundle> LoadLinearScorer(const std::filesystem::path& bundle, ThreadPool& pool, Weights weights,
                                      const ReadingOverrides& overrides);

}  // namespace winnow
