/// Scores by a linear model, which reads texts as they are: it has features, and no tokens.
#pragma once

#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "classify/scorer.h"
#include "linear/linear_model.h"

namespace winnow {

/// Thread-safe. Many texts are scored on the pool's threads, for one caller at a time; few are scored by the caller.
class LinearScorer : public Scorer {
 public:
  /// `pool` must outlive the scorer.
  LinearScorer(LinearModel model, bool fold_disguises, ThreadPool& pool)
      : model_(std::move(model)), fold_disguises_(fold_disguises), pool_(pool) {}

  std::string weights() const override { return "linear"; }
  void Prepare(std::span<const InputTextView> texts, PreparedTexts& prepared) const override;
  /// A linear model takes about as long for four bytes as a transformer for a token, so to speak: what matters is that
  /// a batch is soon over.
  size_t Cost(const PreparedTexts& prepared, size_t text) const override { return prepared.texts[text].size() / 4 + 1; }
  Result<void> Score(const PreparedTexts& prepared, std::span<float> logits, const Progress& progress,
                     PoolUse use) const override;
  bool IsInstant(std::span<const InputTextView> texts) const override;
  void ForParts(size_t count, const std::function<void(size_t begin, size_t end)>& task) const override;
  Result<std::vector<TextToken>> TokensOf(std::string_view text, bool special) const override;
  /// Folded texts have other pieces than the text.
  bool scores_add_up() const override { return !fold_disguises_; }
  TextShares SharesOf(std::string_view text, size_t label, std::span<const float> probabilities,
                      double temperature) const override;

 private:
  std::unique_lock<std::mutex> TakeThreads(size_t texts) const;

  const LinearModel model_;
  const bool fold_disguises_;
  ThreadPool& pool_;
  mutable std::mutex pool_mutex_;  // one caller at a time has the other threads
};

/// Loads a directory that holds a linear model. Errors: those of LoadScorer; kInvalidArgument for Weights::kInt8.
Result<ScoredBundle> LoadLinearScorer(const std::filesystem::path& bundle, ThreadPool& pool, Weights weights,
                                      const ReadingOverrides& overrides);

}  // namespace winnow
