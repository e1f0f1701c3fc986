/// The texts of a review and what is known about them before anybody labels: a directory with
///
///     review.json   settings, as they were asked for
///     pool.jsonl    the texts, as they were read from the data file when the review was created
///     labels.jsonl  the log of labels (review/label_log.h)
///     NAME.bin      numbers that were computed once (features, predictions of models), with their digests
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "data/dataset.h"
#include "review/text_features.h"

namespace winnow {

inline constexpr char kReviewFile[] = "review.json";
inline constexpr char kPoolFile[] = "pool.jsonl";
inline constexpr char kLabelLog[] = "labels.jsonl";
inline constexpr size_t kMostPoolTexts = 100'000;

/// What a review was asked for.
struct ReviewSettings {
  std::string set;                                        ///< its name
  std::string data;                                       ///< name of the data file
  std::vector<std::string> labels;                        ///< at first; more can be added
  std::string features = "auto";                          ///< auto, tfidf or the name of a model
  std::string encoder;                                    ///< directory of that model; empty: TF-IDF
  std::string model, challenger;                          ///< names of models that predict beforehand; empty: none
  std::map<std::string, std::vector<std::string>> seeds;  ///< words that speak for a label
  int64_t created = 0;                                    ///< seconds since 1970
  uint64_t seed = 42;                                     ///< random seed of the order
  /// Numbers, ascending, of texts that were taken out of the pool (review/remove_items.h), as they were at first. The
  /// random order is that of all texts without these.
  std::vector<size_t> removed = {};

  Json ToJson() const;
  /// Errors: kInvalidData.
  static Result<ReviewSettings> FromJson(const Json& json);
};

struct PoolText {
  std::string text;
  std::optional<std::string> given = {};  ///< label in the data
  size_t row = 0;                         ///< row of the data file
};

/// Reads the texts of a data file, each once (DuplicateKey), with their labels if it has a label column. Errors: those
/// of ReadDataset for a label field that is asked for; kInvalidData for no texts, or more than kMostPoolTexts.
Result<std::vector<PoolText>> ReadPoolTexts(const std::filesystem::path& data, const ReadOptions& options);

/// Creates the directory of a review with the first two files, all at once. Thread-safe. Errors: kExists; kIo.
Result<void> CreateReview(const std::filesystem::path& directory, const ReviewSettings& settings,
                          const std::vector<PoolText>& texts);

struct ReviewPool {
  ReviewSettings settings;
  std::vector<PoolText> texts;
  std::string digest;  ///< SHA-256 of pool.jsonl

  std::vector<std::string_view> views() const;
};

/// Reads what CreateReview has written. Errors: kNotFound, kIo, kInvalidData.
Result<ReviewPool> ReadReview(const std::filesystem::path& directory);

/// Reads numbers that WriteNumbers has written for the same source. Nothing if there is no such file, or if it is
/// damaged: the numbers are then computed again.
std::optional<TextFeatures> ReadNumbers(const std::filesystem::path& file, std::string_view source);

/// Writes numbers, atomically. `source` identifies what they were computed from. Errors: kIo.
Result<void> WriteNumbers(const std::filesystem::path& file, std::string_view source, const TextFeatures& numbers);

}  // namespace winnow
