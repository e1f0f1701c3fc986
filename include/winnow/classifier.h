/// Classifies texts with a bundle that `winnow train` made, or a plain Hugging Face classifier directory. Part of the
/// installed API; standard library only.
///
///   const auto spam = winnow::Classifier::Load("spam");
///   if (!spam) return std::cerr << spam.error().Text(), 1;
///   std::cout << spam->Classify("You won a prize")->label;
#pragma once

#include <expected>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "winnow/error.h"

namespace winnow {

/// How readily a text is called positive (spam, hate speech). Strict flags most, lenient least.
enum class Mode { kStrict, kModerate, kLenient };

/// Which of a bundle's weights answer.
enum class Weights {
  kAuto,   ///< INT8 where the bundle has them, else float
  kFloat,  ///< model.safetensors
  kInt8,   ///< model_int8.safetensors, an error where there are none
};

/// What is read of a text that has more tokens than the model's length. It changes nothing for shorter ones.
enum class LongText {
  kHead,      ///< the first tokens
  kHeadTail,  ///< the first tokens and the last ones, a quarter and three quarters
  /// Overlapping windows over all of it, at most 64. The one where the positive label is most probable answers;
  /// multi-label: so for each label; without a positive label: the mean of their probabilities.
  kWindows,
};

struct LoadOptions {
  int threads = 0;  ///< that a call may use, the caller's included; 0: all cores of the process
  Weights weights = Weights::kAuto;
  std::optional<LongText> long_text = {};  ///< empty: as the bundle says, by `winnow train --long-text`
  /// Whether texts are read without disguises (fr33, look-alike letters, f r e e); empty: as the bundle says, by
  /// `winnow train --fold-disguises`.
  std::optional<bool> fold_disguises = {};
};

struct ClassifyOptions {
  Mode mode = Mode::kModerate;  ///< which of the bundle's thresholds decides
  /// Confidence below which a decision is marked as abstained; empty: as the bundle says (`winnow calibrate
  /// --max-error`, else never), 0: never.
  std::optional<float> abstain_below = {};
};

struct LabelScore {
  std::string label;
  float score = 0;  ///< calibrated probability
};

/// What one text got.
struct Prediction {
  std::string label;       ///< the decided one; multi-label and none decided: the most probable
  float score = 0;         ///< probability of the positive label; of more than two labels, that of the decided one
  float confidence = 0;    ///< probability of what was decided
  bool abstained = false;  ///< too unsure to act on: for review
  /// The text is none of what the model knows (`winnow calibrate --out-of-scope`): label is the name for such texts,
  /// score and confidence are those of the most fitting label all the same.
  bool out_of_scope = false;
  std::vector<std::string> labels;  ///< multi-label: all that were decided
  std::vector<LabelScore> scores;   ///< of all labels, most probable first
};

/// What a word of a text does to the score.
struct WordEffect {
  size_t begin = 0, end = 0;  ///< bytes of the text
  float effect = 0;           ///< on the label's log-odds; above 0 it speaks for the label
  float score_change = 0;     ///< on its probability: with the word, minus without
};

/// Why a text got its score.
struct Explanation {
  std::string label;   ///< what is explained: the positive label of two, else the decided one
  float score = 0;     ///< its probability
  float base = 0;      ///< its log-odds before any word is read
  bool exact = false;  ///< a linear model's: base and effects add up to the log-odds. Else each word was left out once
  size_t words_in_effect = 1;     ///< more than one in long texts, where neighbours share an effect
  size_t unread = 0;              ///< words past the model's length, which have no effect and are left out
  std::vector<WordEffect> words;  ///< in their order
};

/// Immutable and thread-safe: any number of threads may classify at the same time. A call uses all threads while no
/// other call is using them, and its own alone otherwise; answers don't depend on that, nor, with INT8 weights, on the
/// texts that share a call.
class Classifier {
 public:
  /// Errors: kNotFound, kIo, kInvalidModel, kUnsupported.
  static std::expected<Classifier, Error> Load(const std::filesystem::path& bundle, const LoadOptions& options = {});
  Classifier(Classifier&&) noexcept;
  Classifier& operator=(Classifier&&) noexcept;
  ~Classifier();

  /// `text` is UTF-8; invalid bytes become U+FFFD, what is read of a text past the model's length is said by
  /// LongText, an empty text is classified as such. Errors: kInvalidModel when the tokenizer belongs to another model.
  std::expected<Prediction, Error> Classify(std::string_view text, const ClassifyOptions& options = {}) const;
  /// The same for many, in their order: several times faster than one by one.
  std::expected<std::vector<Prediction>, Error> Classify(std::span<const std::string> texts,
                                                         const ClassifyOptions& options = {}) const;

  /// Which words speak for the score, and how much. Costs as much as classifying the text once for each of its words,
  /// up to 200 and a few. Errors: Classify's.
  std::expected<Explanation, Error> Explain(std::string_view text, const ClassifyOptions& options = {}) const;

  /// By label id.
  const std::vector<std::string>& labels() const;
  /// Labels are decided each by itself, instead of one out of all.
  bool multi_label() const;

 private:
  struct Parts;
  explicit Classifier(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace winnow
