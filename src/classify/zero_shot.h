/// Classification without training: a model for natural language inference reads each text together with a hypothesis
/// for each label ("This text is about work.") and tells whether the one entails the other (Yin et al. 2019,
/// "Benchmarking Zero-shot Text Classification"). Scores are those of transformers' ZeroShotClassificationPipeline.
///
/// Pairs are encoded as the model's tokenizer does for two texts, the text cut where they are too long. Then
///   one label out of all  softmax over the labels of the logits of entailment
///   each label by itself  entailment's share of the softmax over the logits of contradiction and entailment; so it is
///                         done for a single label, too
/// A bundle's temperature and thresholds refer to its own labels, and are not used.
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
  std::vector<std::string> labels;  ///< at least one label; none is blank, and no two are equal
  /// Phrases that stand for the labels in hypotheses, one per label; empty: the labels.
  std::vector<std::string> phrases = {};
  /// Hypothesis with {label}, or {} as in transformers, as the placeholder of the label.
  std::string hypothesis = kDefaultHypothesis;
  bool multi_label = false;
  /// Id of entailment among config.json's labels, if the labels' names do not tell it.
  std::optional<int32_t> entailment_id = {};
  /// Number of tokens of a pair, at most the model's maximum; 0: the manifest's maximum length, at most
  /// kMostPairTokens.
  int max_length = 0;
  Weights weights = Weights::kAuto;
};

/// The output ids of an NLI model for entailment and contradiction.
struct NliLabels {
  int32_t entailment = -1;
  int32_t contradiction = -1;  ///< label id of contradiction, or of its substitute: "not_entailment"
};

/// Finds the labels of an NLI model. Entailment is `entailment_id` or the first label whose name begins with "entail",
/// in any case of letters; contradiction is the first one that begins with "contra". If there is none, it is chosen as
/// in transformers' pipeline: the first label, or the last one if the first is entailment. Errors: kInvalidModel,
/// naming the labels, if there is only one label or none for entailment; kInvalidArgument for an id that does not
/// exist.
Result<NliLabels> FindNliLabels(std::span<const std::string> labels, std::optional<int32_t> entailment_id,
                                std::string_view where);

/// Returns a label's name as words, for use in hypotheses: '_' and '-' become spaces.
std::string PhraseOfLabel(std::string_view label);

/// Checks the options independently of the model. Errors: kInvalidArgument for labels, phrases or a hypothesis that are
/// not valid.
Result<void> CheckZeroShotOptions(const ZeroShotOptions& options);

/// A classifier for labels that the model was not trained on. Movable. Thread-safe.
class ZeroShotClassifier {
 public:
  using Progress = BundleModel::Progress;

  /// Loads an NLI model. `pool` must outlive the classifier. Errors: kInvalidArgument for options that are not valid;
  /// FindNliLabels'; kNotFound, kIo, kInvalidModel, kUnsupported for the bundle.
  static Result<ZeroShotClassifier> Load(const std::filesystem::path& bundle, ThreadPool& pool,
                                         ZeroShotOptions options);

  const std::vector<std::string>& labels() const { return options_.labels; }
  /// Returns true if each label is decided separately, which includes the case of a single label.
  bool multi_label() const { return options_.multi_label || options_.labels.size() == 1; }
  const Manifest& manifest() const { return model_->manifest(); }
  std::string weights() const { return model_->weights(); }

  /// Returns the probabilities [texts, labels], row-major. `texts` are UTF-8; invalid bytes become U+FFFD. Apart from
  /// the result, memory does not grow with the number of texts. Errors: kInvalidModel if the tokenizer belongs to
  /// another model; kCancelled if `progress` returns false.
  Result<std::vector<float>> Probabilities(std::span<const std::string_view> texts,
                                           const Progress& progress = {}) const;

  /// Returns the decision for the probabilities of one text: the most probable label or, if labels are decided
  /// separately, all labels that reach `options.threshold`, or the mode's threshold (ModeThresholds' defaults).
  Decision DecideOne(std::span<const float> probabilities, const ClassifyOptions& options = {}) const;

  /// Returns predictions in the order of the texts. Errors: Probabilities'.
  Result<std::vector<ClassifiedText>> Classify(std::span<const std::string_view> texts,
                                               const ClassifyOptions& options = {},
                                               const Progress& progress = {}) const;

 private:
  static Result<ZeroShotClassifier> LoadChecked(const std::filesystem::path& bundle, ThreadPool& pool,
                                                ZeroShotOptions options);
  ZeroShotClassifier(std::unique_ptr<const BundleModel> model, ZeroShotOptions options, NliLabels outputs);

  std::unique_ptr<const BundleModel> model_;
  ZeroShotOptions options_;  // its max_length resolved
  NliLabels outputs_;
  std::vector<std::string> hypotheses_;  // by label
  bool token_types_;
};

}  // namespace winnow
