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

/// The parts share one label set and hold their texts in the order of the data.
struct Split {
  Dataset train;
  Dataset validation;
  Dataset test;
  std::vector<std::string> training_only;  ///< labels with too few texts to be in every part; all of those train
};

/// Splits so that each part has every label in proportion, and at least one text of it where there is one for each
/// part. Single labels: the largest remainders of each class's quota. Multi-label: iterative stratification (Sechidis
/// et al. 2011). The same data, sizes and seed give the same parts on every platform. Deduplicate first. Errors:
/// kInvalidArgument for sizes outside [0, 1) or that leave nothing to train on; kInvalidData when a part is empty.
Result<Split> StratifiedSplit(Dataset dataset, const SplitOptions& options);

struct SplitFiles {
  std::vector<std::filesystem::path> train;
  std::vector<std::filesystem::path> validation;  ///< empty: split off training, if validation_size is not 0
  std::vector<std::filesystem::path> test;        ///< empty: split off training, if test_size is not 0
};

struct SplitReport {
  ReadReport train, validation, test;
  DedupeReport duplicates;      ///< duplicates in the training files; given held-out files are not changed
  size_t train_leaks = 0;       ///< training texts that are also in a held-out file: dropped from training
  size_t validation_leaks = 0;  ///< validation texts that are also in the test file: dropped from validation
  size_t train_size = 0, validation_size = 0, test_size = 0;
  std::vector<std::string> warnings;

  std::string Text() const;
  Json ToJson() const;
};

/// Reads, de-duplicates and splits. Where there are too few texts for all parts there is no test part, and where they
/// are still too few the training texts are used for validation as well; a warning says so. Errors: those of
/// ReadDataset and StratifiedSplit; kInvalidData when a held-out file has labels that training lacks (unless the
/// options give the labels: such rows are then dropped and counted).
Result<Split> ReadSplit(const SplitFiles& files, const ReadOptions& options, const SplitOptions& split,
                        SplitReport& report);

}  // namespace winnow
