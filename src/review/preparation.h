/// What is computed once for a review, before and beside labelling: features of the texts, clusters, predictions of the
/// models that were named, and what speaks for a label before anybody has given one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "review/clusters.h"
#include "review/dense_head.h"
#include "review/queues.h"
#include "review/review_pool.h"

namespace winnow {

/// A label in the data that a model doubts which was fitted without this text.
struct Suspect {
  uint32_t item = 0;
  int32_t suggested = 0;
  float probability = 0;  ///< probability of the suggested label
};

struct PreparedReview {
  TextFeatures features;          ///< [items and further rows, columns]; the further rows are those of weak examples
  Clusters clusters;              ///< clusters of the items
  std::vector<uint32_t> random;   ///< the items in random order
  size_t audits = 0;              ///< the number of those at its beginning that are kept for audits
  std::vector<int32_t> given;     ///< [items] label in the data; -1: none
  std::vector<HeadExample> weak;  ///< weak evidence for labels: their names, and texts with seed words
  std::vector<float> champion, challenger;  ///< [items, settings.labels] probabilities; empty: no such model
  std::vector<Suspect> suspects;            ///< the most doubtful first
  std::vector<uint32_t> contradicted;       ///< items that users have judged differently
  std::vector<size_t> duplicate_of;         ///< [items] first text of the text's group of near-duplicates

  size_t items() const { return given.size(); }
  DenseRows item_rows() const {
    return {std::span(features.values).first(items() * features.columns), features.columns};
  }
  DenseRows all_rows() const { return {features.values, features.columns}; }
};

struct PreparationSources {
  std::filesystem::path directory;             ///< directory of the review, with features and predictions that are kept
  std::filesystem::path encoder;               ///< model of the features; empty: TF-IDF
  std::filesystem::path champion, challenger;  ///< models that predict; empty: none
  std::filesystem::path nli;  ///< model for natural language inference that judges label names; empty: none
  int threads = 1;
};

/// Receives the share that is done, in texts of the pool. Returning false stops the preparation.
using PreparationProgress = std::function<bool(size_t done)>;

/// Prepares a review. Errors: those of features and of the models; kCancelled.
Result<PreparedReview> PrepareReview(const ReviewPool& pool, const PreparationSources& sources,
                                     const PreparationProgress& progress);

/// Finds labels of the data that do not fit, by confident learning (doctor/label_errors.h) on probabilities of heads
/// that were fitted without the text. None if fewer than 20 texts have labels, or only one label occurs.
Result<std::vector<Suspect>> FindSuspects(const DenseRows& features, std::span<const int32_t> given, size_t labels);

/// Returns examples for labels that nobody has given yet: for each label's name its row, and for each seed word up to
/// 20 texts that contain it as a word. `name_rows` is the first of the rows of the names; nothing: they have none.
std::vector<HeadExample> WeakExamples(const ReviewPool& pool, std::optional<size_t> name_rows);

}  // namespace winnow
