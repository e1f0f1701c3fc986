/// From a bundle and texts to decisions: tokenizer, encoder, calibration and thresholds together.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/threads.h"
#include "bundle/manifest.h"
#include "bundle/model_config.h"
#include "decide/decide.h"

namespace winnow {

/// What one text got.
struct Prediction {
  std::vector<float> probabilities;  ///< by label id; calibrated. Multi-label: each for itself
  Decision decision;
};

struct ClassifyOptions {
  Mode mode = Mode::kModerate;
  float abstain_below = 0;  ///< confidence below which a decision is marked as abstained
};

class Classifier {
 public:
  /// Loads a bundle, or a plain Hugging Face classifier directory. `pool` must outlive the classifier.
  /// Errors: kNotFound, kIo, kInvalidModel, kUnsupported.
  static Result<Classifier> Load(const std::filesystem::path& bundle, ThreadPool& pool);
  Classifier(Classifier&&) noexcept;
  Classifier& operator=(Classifier&&) noexcept;
  ~Classifier();

  const std::vector<std::string>& labels() const;
  bool multi_label() const;
  const Manifest& manifest() const;
  /// Of manifest().positive_label; -1 where there is none.
  int32_t positive_label() const;

  /// Decisions in the order of the texts, each truncated to the manifest's max_length tokens. `texts` are UTF-8;
  /// invalid bytes become U+FFFD; an empty text is classified as such. `segmented`: texts come from a data template,
  /// with segments divided by kSegmentSeparator. One caller at a time. Errors: kInvalidModel when the tokenizer belongs
  /// to another model; kCancelled when `progress`, which is told how many texts are done, returns false.
  Result<std::vector<Prediction>> Classify(std::span<const std::string_view> texts, const ClassifyOptions& options = {},
                                           bool segmented = false,
                                           const std::function<bool(size_t)>& progress = {}) const;

  /// The probabilities alone, [texts, labels] row-major.
  Result<std::vector<float>> Probabilities(std::span<const std::string_view> texts, bool segmented = false,
                                           const std::function<bool(size_t)>& progress = {}) const;

  /// The decision that these probabilities of one text lead to.
  Decision DecideOne(std::span<const float> probabilities, const ClassifyOptions& options = {}) const;

 private:
  struct Parts;
  explicit Classifier(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace winnow
