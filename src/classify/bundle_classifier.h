/// From a bundle and texts to decisions: a scorer turns texts into logits, calibration turns logits into probabilities,
/// and a decision rule turns probabilities into decisions. The installed class Classifier is built on this one, which
/// has label ids instead of names and accepts batches of prepared texts.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/threads.h"
#include "bundle/load_check.h"
#include "bundle/manifest.h"
#include "classify/scope_rule.h"
#include "classify/scorer.h"
#include "decide/decide.h"
#include "text/input_text.h"
#include "text/text_template.h"
#include "winnow/classifier.h"

namespace winnow {

/// The prediction for one text.
struct ClassifiedText {
  /// Calibrated probabilities by label id; those of a multi-label model do not sum to 1.
  std::vector<float> probabilities;
  Decision decision;                 ///< decision among the labels, also for an out-of-scope text
  std::optional<float> scope_score;  ///< out-of-scope score; only for bundles with a ScopeRule
  bool out_of_scope = false;  ///< true if the text belongs to none of the labels: its label is scope_rule()->label
};

/// A classifier of a loaded bundle. Thread-safe, as Classifier is.
class BundleClassifier {
 public:
  /// Receives the number of completed texts at intervals. Returning false stops the classification.
  using Progress = std::function<bool(size_t done)>;

  /// Loads a bundle, or a plain Hugging Face classifier directory, after checking the files that are read as `trust`
  /// demands (bundle/load_check.h). `pool` must outlive the classifier. `long_text` and `fold_disguises`, if given,
  /// override the manifest. Errors: kNotFound, kIo, kInvalidModel, kUnsupported.
  static Result<BundleClassifier> Load(const std::filesystem::path& bundle, ThreadPool& pool,
                                       Weights weights = Weights::kAuto, std::optional<LongText> long_text = {},
                                       std::optional<bool> fold_disguises = {},
                                       const BundleTrust& trust = DefaultBundleTrust());
  BundleClassifier(BundleClassifier&&) noexcept;
  BundleClassifier& operator=(BundleClassifier&&) noexcept;
  ~BundleClassifier();

  const std::vector<std::string>& labels() const;
  bool multi_label() const;
  /// Returns the manifest, in which max_length, long_text and fold_disguises have the values that are in effect.
  const Manifest& manifest() const;
  /// Returns the id of manifest().positive_label; -1 if there is none.
  int32_t positive_label() const;
  /// Returns the weights in use: "f32", "int8", "int8 with 2 of 6 layers bf16", "linear".
  std::string weights() const;
  const Scorer& scorer() const;
  /// Returns the template that makes texts of rows; null if there is none.
  const TextTemplate* text_template() const;
  /// Returns the number of segments of a text that the template makes; 1 without a template.
  size_t segments() const;

  /// Returns the predictions in the order of the texts. If a text exceeds the manifest's max_length tokens, its
  /// long_text says which tokens are read (classify/long_text.h). `texts` are UTF-8; invalid bytes become U+FFFD; an
  /// empty text is classified like any other. Errors: those of CheckOptions and Scorer::Score; kCancelled if `progress`
  /// returns false.
  Result<std::vector<ClassifiedText>> Classify(std::span<const InputTextView> texts,
                                               const ClassifyOptions& options = {},
                                               const Progress& progress = {}) const;

  /// Classifies into `results`, whose memory is reused: with INT8 weights, single-label models and no folding, nothing
  /// is allocated once the classifier has seen this number of texts and tokens.
  Result<void> ClassifyInto(std::span<const InputTextView> texts, const ClassifyOptions& options,
                            std::vector<ClassifiedText>& results, const Progress& progress = {}) const;

  /// Returns only the calibrated probabilities, [texts, labels] row-major.
  Result<std::vector<float>> Probabilities(std::span<const InputTextView> texts, const Progress& progress = {}) const;

  /// Pools the calibrated probabilities [windows, labels] of a text's windows into those of the text.
  void PoolText(std::span<const float> windows, std::span<float> probabilities) const;

  /// Computes the probabilities [texts, labels] of texts that were prepared by scorer(). `scope` receives the
  /// out-of-scope score of each text if the bundle has a rule for it, or is empty.
  Result<void> ProbabilitiesOf(const PreparedTexts& texts, std::span<float> probabilities,
                               const Progress& progress = {}, std::span<float> scope = {},
                               PoolUse use = PoolUse::kIfFree) const;

  /// Returns the uncalibrated logits [windows, labels] of texts, from which calibration starts. `tokens` receives the
  /// windows of the texts (for a scorer without tokens, one empty window per text). Errors: those of Classify.
  Result<std::vector<float>> Logits(std::span<const InputTextView> texts, TokenizedTexts& tokens,
                                    const Progress& progress = {}) const;

  /// Turns the logits [windows, labels] of these texts into probabilities [texts, labels], by the bundle's calibration
  /// or by another one for these labels.
  std::vector<float> ProbabilitiesOfLogits(std::span<const float> logits, const TokenizedTexts& tokens) const;
  std::vector<float> ProbabilitiesOfLogits(std::span<const float> logits, const TokenizedTexts& tokens,
                                           const Calibration& calibration) const;

  /// Returns the rule for out-of-scope texts; null if the bundle has none.
  const ScopeRule* scope_rule() const;

  /// Errors: kInvalidArgument for options that this model cannot apply (DecisionRule::Check).
  Result<void> CheckOptions(const ClassifyOptions& options) const;
  /// Errors: kInvalidArgument for a mode other than the default that has no effect on this model.
  Result<void> CheckMode(Mode mode) const;
  /// Returns the decision for the probabilities of one text, by options that CheckOptions accepts.
  Decision DecideOne(std::span<const float> probabilities, const ClassifyOptions& options = {}) const;
  /// Fills in `result` from the probabilities of one text: the decision and, if `scope` contains an out-of-scope score,
  /// whether the text is out of scope. `scope` has one element or none.
  void ApplyDecisionRule(std::span<const float> probabilities, std::span<const float> scope,
                         const ClassifyOptions& options, ClassifiedText& result) const;

 private:
  struct Parts;
  struct Call;
  Result<void> Compute(std::span<const InputTextView> texts, Call& call, std::span<float> probabilities,
                       const Progress& progress) const;
  Result<void> ComputeWindows(const PreparedTexts& texts, std::span<float> probabilities, std::span<float> scope,
                              const Progress& progress, PoolUse use) const;
  Pooling pooling() const;
  static Result<BundleClassifier> LoadParts(const std::filesystem::path& bundle, ThreadPool& pool, Weights weights,
                                            const ReadingOverrides& overrides);
  explicit BundleClassifier(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace winnow
