/// The interface between a classifier and its model, of whatever kind: from texts to logits. Calibration and decisions
/// belong to the classifier (classify/bundle_classifier.h), queues and caches to the server.
#pragma once

#include <cstddef>
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
#include "classify/long_text.h"
#include "classify/text_tokens.h"
#include "text/input_text.h"
#include "text/text_template.h"
#include "winnow/classifier.h"

namespace winnow {

/// Texts in the form that a scorer reads: as tokens, or as they are.
struct PreparedTexts {
  TokenizedTexts tokens;                ///< windows of each text; for a scorer without tokens one empty window per text
  std::vector<std::string_view> texts;  ///< the texts, for a scorer without tokens; they must outlive their scoring

  size_t count() const { return tokens.texts(); }
  void Clear() {
    tokens.Clear();
    texts.clear();
  }
  /// Returns the tokens of all windows of a text, one window after the other: two texts that are read differently never
  /// have equal tokens. Empty for a scorer without tokens.
  std::span<const int32_t> IdsOf(size_t text) const { return IdsOf(text, text + 1); }
  /// Returns the tokens of several texts in a row.
  std::span<const int32_t> IdsOf(size_t begin, size_t end) const;
  /// Makes each window a text of its own, so that the windows of a long text can be scored one by one. Returns the
  /// former texts: text t is now texts begins[t] ... begins[t + 1] - 1.
  std::vector<int32_t> SplitIntoWindows();
  /// Appends one text of `from`, which must have been prepared by the scorer of this object.
  void AppendText(const PreparedTexts& from, size_t text);
};

/// A piece of a text, bytes [begin, end), and its contribution to the log-odds of a label.
struct TextShare {
  size_t begin = 0, end = 0;
  double share = 0;
};

/// The log-odds of a label as a sum over pieces of the text.
struct TextShares {
  std::vector<TextShare> shares;  ///< in the order of the text, without overlaps
  double base = 0;                ///< the part of the log-odds that no piece of the text contributes
  /// Returns the label's probability without the shares [begin, end). Empty if the probability is the sigmoid of the
  /// log-odds. Valid as long as the scorer.
  std::function<double(size_t begin, size_t end)> probability_without = {};
};

/// How much of a text a model knows.
struct TextCoverage {
  size_t pieces = 0;  ///< number of tokens; of a linear model, of words, or of characters if its features have no words
  size_t unknown = 0;  ///< number of these that are the unknown token, or belong to no feature
};

/// A model that scores texts. Thread-safe. The scores of a text do not depend on the other texts (with float weights:
/// except for rounding).
class Scorer {
 public:
  /// Receives the number of completed windows at intervals. Returning false stops the scoring.
  using Progress = std::function<bool(size_t done)>;

  virtual ~Scorer() = default;

  /// Returns the weights in use: "f32", "int8", "int8 with 2 of 6 layers bf16", "linear".
  virtual std::string weights() const = 0;

  /// Appends the texts to `prepared`. `texts` are UTF-8; invalid bytes become U+FFFD. Allocates nothing once `prepared`
  /// has grown, unless obfuscated text is folded.
  virtual void Prepare(std::span<const InputTextView> texts, PreparedTexts& prepared) const = 0;

  /// Returns the approximate cost of scoring a prepared text, in tokens.
  virtual size_t Cost(const PreparedTexts& prepared, size_t text) const = 0;

  /// Computes the logits [windows, labels]. Errors: kInvalidModel if the tokenizer belongs to another model; kCancelled
  /// if `progress` returns false.
  virtual Result<void> Score(const PreparedTexts& prepared, std::span<float> logits, const Progress& progress = {},
                             PoolUse use = PoolUse::kIfFree) const = 0;

  /// Returns the number of dimensions of the model's embeddings; 0 if the model has none, such as a linear model.
  virtual size_t embedding_size() const { return 0; }

  /// Computes the mean of the encoder's output over all tokens, special tokens included, of each window: [windows,
  /// embedding_size()]. Requires embedding_size() > 0. Errors: kInvalidModel as in Score.
  virtual Result<void> Embed(const PreparedTexts& prepared, std::span<float> means, PoolUse use) const;

  /// Appends texts that are given as token ids, each a window of its own. The ids are those of TokensOf with the
  /// special tokens. Errors: kInvalidArgument for ids that this model's tokenizer does not make: unknown ids, other
  /// special tokens at the begin or the end, or more than the maximum length; kUnsupported for a scorer without tokens.
  virtual Result<void> PrepareIds(std::span<const std::vector<int32_t>> texts, PreparedTexts& prepared) const;

  /// Returns true if scoring these texts at once takes less time than waiting for other texts to be scored with them.
  virtual bool IsInstant(std::span<const InputTextView>) const { return false; }

  /// Calls task(begin, end) for ranges of `count` texts that have been scored: on the scorer's threads if scoring is so
  /// fast that the work after it matters; otherwise once, on the caller's thread.
  virtual void ForParts(size_t count, const std::function<void(size_t begin, size_t end)>& task) const {
    task(0, count);
  }

  /// Returns true if a part of the text is not read because the text is too long.
  virtual bool IsCut(const InputTextView&) const { return false; }

  /// Returns the tokens of a text, whatever the maximum length. `special`: with the special tokens that the
  /// post-processor adds. Errors: kUnsupported for a scorer without tokens.
  virtual Result<std::vector<TextToken>> TokensOf(std::string_view text, bool special) const = 0;

  /// Returns how much of a text is known, whatever the maximum length.
  virtual TextCoverage CoverageOf(std::string_view text) const = 0;

  /// Returns true if the log-odds of a label are a sum over pieces of the text, so that SharesOf can be called.
  virtual bool scores_add_up() const { return false; }
  /// Returns the label's log-odds at this temperature as a sum over pieces of the text. If the model is single-label
  /// and its labels were fitted together, the log-odds are those against the strongest rival by the text's
  /// `probabilities` [labels], otherwise those against the label's absence. Requires scores_add_up().
  virtual TextShares SharesOf(std::string_view /*text*/, size_t /*label*/, std::span<const float> /*probabilities*/,
                              double /*temperature*/) const {
    return {};
  }
};

/// Values that override what a manifest says about how texts are read.
struct ReadingOverrides {
  std::optional<LongText> long_text = {};
  std::optional<bool> fold_disguises = {};
};

/// A bundle's scorer, and what the bundle says about its texts and logits.
struct ScoredBundle {
  /// Manifest in which max_length, long_text and fold_disguises have the values that are in effect.
  Manifest manifest;
  std::vector<std::string> labels;
  bool multi_label = false;
  std::optional<TextTemplate> text_template;
  std::unique_ptr<const Scorer> scorer;

  /// Returns the number of segments that the template makes; 1 without a template.
  size_t segments() const { return text_template ? text_template->segments() : 1; }
};

/// Returns the name of the file whose weights predict: linear.bin, model_int8.safetensors or model.safetensors.
std::string_view WeightsFile(const std::filesystem::path& bundle, Weights weights);

/// Loads a bundle, or a plain Hugging Face classifier directory. `pool` must outlive the scorer. Errors: kNotFound,
/// kIo, kInvalidModel, kUnsupported; kInvalidArgument for weights that this kind of model does not have.
Result<ScoredBundle> LoadScorer(const std::filesystem::path& bundle, ThreadPool& pool, Weights weights,
                                const ReadingOverrides& overrides = {});

/// Parses the manifest's template and applies the overrides. Errors: kInvalidModel.
Result<void> ApplyOverrides(const std::filesystem::path& bundle, const ReadingOverrides& overrides,
                            ScoredBundle& loaded);

}  // namespace winnow
