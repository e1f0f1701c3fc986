/// From a bundle and texts to decisions: a scorer turns texts into logits, calibration turns logits into probabilities,
/// and a decision rule turns probabilities into decisions. What the installed Classifier is made of, with label ids
/// instead of names, and batches of prepared texts.
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
  std::vector<float> probabilities;  ///< by label id; calibrated. Multi-label: each for itself
  Decision decision;                 ///< among the labels, whether the text is in their scope or not
  std::optional<float> scope_score;  ///< how far out of scope; of bundles with a ScopeRule
  bool out_of_scope = false;         ///< none of the labels: scope_rule()->label
};

/// Thread-safe, as Classifier is.
class BundleClassifier {
 public:
  /// Told now and then how many texts are done; stops the rest by returning false.
  using Progress = std::function<bool(size_t done)>;

  /// Loads a bundle, or a plain Hugging Face classifier directory. `pool` must outlive the classifier. `long_text`,
  /// and `fold_disguises`, where given, take the manifest's place. Errors: kNotFound, kIo, kInvalidModel, kUnsupported.
  static Result<BundleClassifier> Load(const std::filesystem::path& bundle, ThreadPool& pool,
                                       Weights weights = Weights::kAuto, std::optional<LongText> long_text = {},
                                       std::optional<bool> fold_disguises = {});
  BundleClassifier(BundleClassifier&&) noexcept;
  BundleClassifier& operator=(BundleClassifier&&) noexcept;
  ~BundleClassifier();

  const std::vector<std::string>& labels() const;
  bool multi_label() const;
  /// max_length, long_text and fold_disguises as they are in force.
  const Manifest& manifest() const;
  /// The id of manifest().positive_label; -1 if there is none.
  int32_t positive_label() const;
  /// The weights in use: "f32", "int8", "int8 with 2 of 6 layers bf16", "linear".
  std::string weights() const;
  const Scorer& scorer() const;
  /// How texts are made of rows of data; null if they are read as they are.
  const TextTemplate* text_template() const;
  /// The number of segments of a text that the template makes; 1 without a template.
  size_t segments() const;

  /// Decisions in the order of the texts. Of a text past the manifest's max_length tokens that part is read which its
  /// long_text says (classify/long_text.h). `texts` are UTF-8; invalid bytes become U+FFFD; an empty text is classified
  /// as such. Errors: those of Scorer::Score; kCancelled when `progress` returns false.
  Result<std::vector<ClassifiedText>> Classify(std::span<const InputTextView> texts,
                                               const ClassifyOptions& options = {},
                                               const Progress& progress = {}) const;

  /// Classifies into `results`, whose memory is used again: with INT8 weights, one label per text and no folding of
  /// disguises, nothing is allocated once it has seen as many texts and tokens.
  Result<void> ClassifyInto(std::span<const InputTextView> texts, const ClassifyOptions& options,
                            std::vector<ClassifiedText>& results, const Progress& progress = {}) const;

  /// The probabilities alone, [texts, labels] row-major.
  Result<std::vector<float>> Probabilities(std::span<const InputTextView> texts, const Progress& progress = {}) const;

  /// Texts that were prepared by scorer() to probabilities [texts, labels]. `scope`: for each text how far it is out of
  /// scope, of a bundle with a rule for that; or empty.
  Result<void> ProbabilitiesOf(const PreparedTexts& texts, std::span<float> probabilities,
                               const Progress& progress = {}, std::span<float> scope = {},
                               PoolUse use = PoolUse::kIfFree) const;

  /// What calibration starts from: logits [windows, labels] of texts, whose windows are put into `tokens` (of a scorer
  /// without tokens one per text, empty). Errors: as Classify's.
  Result<std::vector<float>> Logits(std::span<const InputTextView> texts, TokenizedTexts& tokens,
                                    const Progress& progress = {}) const;

  /// Logits [windows, labels] of these texts to their calibrated probabilities [texts, labels]; by the bundle's
  /// calibration, or another that fits its labels.
  std::vector<float> ProbabilitiesOfLogits(std::span<const float> logits, const TokenizedTexts& tokens) const;
  std::vector<float> ProbabilitiesOfLogits(std::span<const float> logits, const TokenizedTexts& tokens,
                                           const Calibration& calibration) const;

  /// Null if the bundle decides for one of its labels whatever the text.
  const ScopeRule* scope_rule() const;

  /// The decision that these probabilities of one text lead to.
  Decision DecideOne(std::span<const float> probabilities, const ClassifyOptions& options = {}) const;
  /// Fills `result` from one text's probabilities: the decision, and whether the score in `scope` (one, or none) is out
  /// of scope.
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
  explicit BundleClassifier(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace winnow
