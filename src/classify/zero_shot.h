/// Classification without training: a model for natural language inference reads each text together with a hypothesis
/// for each label ("This text is about work.") and tells whether the one entails the other (Yin et al. 2019,
/// "Benchmarking Zero-shot Text Classification"). Scores are those of transformers' ZeroShotClassificationPipeline.
///
/// Pairs are encoded as the model's tokenizer does for two texts, the text cut where they are too long. Then
///   one label out of all  softmax over the labels of the logits of entailment
///   each label by itself  entailment's share of the softmax over the logits of contradiction and entailment; so it is
///                         done for a single label, too
/// A bundle's temperature and thresholds are about its own labels, and are not used.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/threads.h"
#include "classify/bundle_classifier.h"
#include "classify/bundle_model.h"
#include "decide/decide.h"

namespace winnow {

inline constexpr char kDefaultHypothesis[] = "This text is about {label}.";
inline constexpr int kMostPairTokens = 512;  // unless more are asked for: as long as pairs are in training such models

struct ZeroShotOptions {
  std::vector<std::string> labels;              ///< at least one, none blank, no two the same
  std::vector<std::string> phrases = {};        ///< what hypotheses call the labels, one for each; empty: the labels
  std::string hypothesis = kDefaultHypothesis;  ///< with {label}, or {} as transformers has it, in the label's place
  bool multi_label = false;
  std::optional<int32_t> entailment_id = {};  ///< of config.json's labels; where their names don't tell
  int max_length = 0;  ///< tokens of a pair, at most as many as the model takes; 0: the manifest's, up to
                       ///< kMostPairTokens
  Weights weights = Weights::kAuto;
};

/// The output ids of an NLI model for entailment and contradiction.
struct NliLabels {
  int32_t entailment = -1;
  int32_t contradiction = -1;  ///< or what stands for it: "not_entailment"
};

/// Entailment is the first label whose name begins with "entail", in letters of any case, or `entailment_id`;
/// contradiction the first that begins with "contra". Where none does it is as in transformers' pipeline: the first
/// label, or the last where the first is entailment. Errors: kInvalidModel, naming the labels, when there is one label
/// alone or none for entailment; kInvalidArgument for an id that there is not.
Result<NliLabels> FindNliLabels(std::span<const std::string> labels, std::optional<int32_t> entailment_id,
                                std::string_view where);

/// A label's name as words: '_' and '-' become spaces. What labels of a data file are called in hypotheses.
std::string PhraseOfLabel(std::string_view label);

/// Errors: kInvalidArgument for labels, phrases or a hypothesis that make no sense, whatever the model.
Result<void> CheckZeroShotOptions(const ZeroShotOptions& options);

/// Movable. Thread-safe.
class ZeroShotClassifier {
 public:
  using Progress = BundleModel::Progress;

  /// Errors: kInvalidArgument for options that make no sense; FindNliLabels'; kNotFound, kIo, kInvalidModel,
  /// kUnsupported for what is wrong with the bundle. `pool` must outlive the classifier.
  static Result<ZeroShotClassifier> Load(const std::filesystem::path& bundle, ThreadPool& pool,
                                         ZeroShotOptions options);

  const std::vector<std::string>& labels() const { return options_.labels; }
  /// Labels are decided each by itself, as a single one is.
  bool multi_label() const { return options_.multi_label || options_.labels.size() == 1; }
  const Manifest& manifest() const { return model_->manifest(); }
  std::string weights() const { return model_->weights(); }

  /// [texts, labels] row-major. `texts` are UTF-8; invalid bytes become U+FFFD. Memory does not grow with the texts
  /// beyond the answer. Errors: kInvalidModel when the tokenizer belongs to another model; kCancelled when `progress`
  /// returns false.
  Result<std::vector<float>> Probabilities(std::span<const std::string_view> texts,
                                           const Progress& progress = {}) const;

  /// The decision that one text's probabilities lead to: the most probable label; of labels by themselves all that
  /// reach the mode's threshold (ModeThresholds' defaults).
  Decision DecideOne(std::span<const float> probabilities, const ClassifyOptions& options = {}) const;

  /// Probabilities and decisions, in the order of the texts. Errors: Probabilities'.
  Result<std::vector<ClassifiedText>> Classify(std::span<const std::string_view> texts,
                                               const ClassifyOptions& options = {},
                                               const Progress& progress = {}) const;

 private:
  ZeroShotClassifier(std::unique_ptr<const BundleModel> model, ZeroShotOptions options, NliLabels outputs);

  std::unique_ptr<const BundleModel> model_;
  ZeroShotOptions options_;  // its max_length resolved
  NliLabels outputs_;
  std::vector<std::string> hypotheses_;  // by label
  bool token_types_;
};

}  // namespace winnow
