/// What a classifier asks of its model, whatever kind of model that is: texts go in, logits come out. Calibration and
/// decisions are the classifier's (classify/bundle_classifier.h), queues and caches the server's.
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
  TokenizedTexts tokens;                ///< by text; of a scorer without tokens one window per text, which is empty
  std::vector<std::string_view> texts;  ///< of a scorer without tokens: the texts, which must outlive their scoring

  size_t count() const { return tokens.texts(); }
  void Clear() {
    tokens.Clear();
    texts.clear();
  }
  /// The tokens of all the text's windows, one window behind the other: no two texts that are read differently have the
  /// same. Empty without tokens.
  std::span<const int32_t> IdsOf(size_t text) const;
  /// Appends one of the texts of `from`, which the same scorer prepared.
  void AppendText(const PreparedTexts& from, size_t text);
};

/// A piece of a text, bytes [begin, end), and what it adds to the log-odds of a label.
struct TextShare {
  size_t begin = 0, end = 0;
  double share = 0;
};

/// A label's log-odds as a sum over pieces of the text.
struct TextShares {
  std::vector<TextShare> shares;  ///< in the order of the text, without overlaps
  double base = 0;                ///< what no piece of the text adds
};

/// Thread-safe. Scores of a text do not depend on the other texts (with float weights: but for rounding).
class Scorer {
 public:
  /// Told now and then how many windows are done; stops the rest by returning false.
  using Progress = std::function<bool(size_t done)>;

  virtual ~Scorer() = default;

  /// The weights in use: "f32", "int8", "int8 with 2 of 6 layers bf16", "linear".
  virtual std::string weights() const = 0;

  /// Appends the texts to `prepared`. `texts` are UTF-8; invalid bytes become U+FFFD. Allocates nothing once `prepared`
  /// has grown, unless obfuscated text is folded.
  virtual void Prepare(std::span<const InputTextView> texts, PreparedTexts& prepared) const = 0;

  /// How long a prepared text takes, in tokens, about.
  virtual size_t Cost(const PreparedTexts& prepared, size_t text) const = 0;

  /// logits [windows, labels]. Errors: kInvalidModel when the tokenizer belongs to another model; kCancelled when
  /// `progress` returns false.
  virtual Result<void> Score(const PreparedTexts& prepared, std::span<float> logits, const Progress& progress = {},
                             PoolUse use = PoolUse::kIfFree) const = 0;

  /// Whether scoring these texts at once takes less time than waiting for other texts to be scored with them.
  virtual bool IsInstant(std::span<const InputTextView>) const { return false; }

  /// Calls task(begin, end) for parts of `count` texts that have been scored: on the scorer's threads, if scoring is so
  /// fast that what comes after it counts; else once, here.
  virtual void ForParts(size_t count, const std::function<void(size_t begin, size_t end)>& task) const {
    task(0, count);
  }

  /// Whether a part of the text is not read because the text is too long.
  virtual bool IsCut(const InputTextView&) const { return false; }

  /// The tokens of a text, whatever the maximum length. `special`: with the post-processor's around them. Errors:
  /// kUnsupported of a scorer without tokens.
  virtual Result<std::vector<TextToken>> TokensOf(std::string_view text, bool special) const = 0;

  /// Whether a label's log-odds are a sum over pieces of the text, so that SharesOf tells what each piece adds.
  virtual bool scores_add_up() const { return false; }
  /// The label's log-odds at this temperature as a sum over pieces of the text: against its strongest rival by the
  /// text's `probabilities` [labels] if labels exclude each other and were fitted together, else against the label's
  /// absence. Requires scores_add_up().
  virtual TextShares SharesOf(std::string_view /*text*/, size_t /*label*/, std::span<const float> /*probabilities*/,
                              double /*temperature*/) const {
    return {};
  }
};

/// What takes the place of what a manifest says about how texts are read.
struct ReadingOverrides {
  std::optional<LongText> long_text = {};
  std::optional<bool> fold_disguises = {};
};

/// A bundle's scorer, and what the bundle says about the texts that go in and the logits that come out.
struct ScoredBundle {
  Manifest manifest;  ///< max_length, long_text and fold_disguises as they are in force
  std::vector<std::string> labels;
  bool multi_label = false;
  std::optional<TextTemplate> text_template;
  std::unique_ptr<const Scorer> scorer;

  /// The number of segments that the template makes; 1 without a template.
  size_t segments() const { return text_template ? text_template->segments() : 1; }
};

/// Loads a bundle, or a plain Hugging Face classifier directory. `pool` must outlive the scorer. Errors: kNotFound,
/// kIo, kInvalidModel, kUnsupported; kInvalidArgument for weights that this kind of model does not have.
Result<ScoredBundle> LoadScorer(const std::filesystem::path& bundle, ThreadPool& pool, Weights weights,
                                const ReadingOverrides& overrides = {});

/// Parses the manifest's template and lets the overrides take effect. Errors: kInvalidModel.
Result<void> SettleReading(const std::filesystem::path& bundle, const ReadingOverrides& overrides,
                           ScoredBundle& loaded);

}  // namespace winnow
