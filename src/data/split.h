/// Training, validation and test parts: split at random by a seed, or given as files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "data/dataset.h"
#include "data/deduplicate.h"

namespace winnow {

struct SplitOptions {
  double test_size = 0.2;        ///< share of all texts in the test part, to a millionth; 0: no test part
  double validation_size = 0.1;  ///< share of all texts in the validation part, to a millionth; 0: no validation part
  uint64_t seed = 42;
  size_t min_class_texts = 0;  ///< single-label: labels with fewer texts are left out, with their texts
};

/// The parts of a split data set, which share one label set and contain their texts in the order of the data.
struct Split {
  Dataset train;
  Dataset validation;
  Dataset test;
  /// Labels with too few texts for every part; all their texts are in the training part.
  std::vector<std::string> training_only;
  bool validation_is_training = false;  ///< true if there are too few texts for a validation part: it is a copy
  /// Number of texts at the end of the training part that data augmentation has added: first the synthetic texts, then
  /// the variants.
  size_t synthetic = 0, variants = 0;
};

/// Splits a data set so that each part has every label in proportion, and at least one text of every label that has
/// enough texts. Single-label: by the largest remainders of each class's quota. Multi-label: iterative stratification
/// (Sechidis et al. 2011). Equal data, sizes and seeds give equal parts on every platform. De-duplicate first. Errors:
/// kInvalidArgument for sizes outside [0, 1) or sizes that leave no training texts; kInvalidData if a part is empty.
Result<Split> StratifiedSplit(Dataset dataset, const SplitOptions& options);

struct SplitFiles {
  std::vector<std::filesystem::path> train;
  /// Files of the validation part; empty: split off the training files, if validation_size is not 0.
  std::vector<std::filesystem::path> validation;
  /// Files of the test part; empty: split off the training files, if test_size is not 0.
  std::vector<std::filesystem::path> test;
};

struct SplitReport {
  ReadReport train, validation, test;
  DedupeReport duplicates;      ///< duplicates in the training files; given held-out files are not changed
  size_t train_leaks = 0;       ///< training texts that are also in a held-out file: dropped from training
  size_t validation_leaks = 0;  ///< validation texts that are also in the test file: dropped from validation
  size_t train_size = 0, validation_size = 0, test_size = 0;
  size_t test_variants = 0;  ///< test texts that equal a training text but for their numbers; they stay
  std::vector<std::string> warnings;

  std::string Text() const;
  Json ToJson() const;
};

/// Reads, de-duplicates and splits. If there are too few texts for all parts, there is no test part; if there are still
/// too few, the training texts are used for validation as well. A warning reports both cases. Errors: those of
/// ReadDataset and StratifiedSplit. `options.unknown_labels` says what happens to rows of the test files with labels
/// that the training part lacks. Such rows of the validation files can neither choose an epoch nor be calibrated on:
/// they are dropped and counted if the options give the labels or say kDrop, and otherwise an error, kInvalidData.
Result<Split> ReadSplit(const SplitFiles& files, const ReadOptions& options, const SplitOptions& split,
                        SplitReport& report);

}  // namespace winnow
