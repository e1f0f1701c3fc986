/// Classifies texts with a bundle that `winnow train` made, or a plain Hugging Face classifier directory. Part of the
/// installed API; standard library only.
///
///   const auto spam = winnow::Classifier::Load("spam");
///   if (!spam) return std::cerr << spam.error().Text(), 1;
///   std::cout << spam->Classify("You won a prize")->label;
#pragma once

#include <expected>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "winnow/error.h"

namespace winnow {

/// The set of decision thresholds in use: strict flags most texts as positive (spam, hate speech), lenient fewest.
enum class Mode { kStrict, kModerate, kLenient };

/// Selects which of a bundle's weights a classifier predicts with.
enum class Weights {
  kAuto,   ///< INT8 weights if the bundle has them, otherwise float weights
  kFloat,  ///< float weights, model.safetensors
  kInt8,   ///< model_int8.safetensors; loading fails if the bundle has no such file
};

/// Selects the tokens that are read of a text that exceeds the model's maximum length. Shorter texts are not affected.
enum class LongText {
  kHead,      ///< the first tokens
  kHeadTail,  ///< the first and the last tokens: a quarter and three quarters of the maximum length
  /// At most 64 overlapping windows over the whole text. With a positive label, the prediction is that of the window in
  /// which the positive label is most probable; a multi-label model takes this maximum for each label. Without a
  /// positive label, the probabilities of the windows are averaged.
  kWindows,
};

struct LoadOptions {
  /// Number of threads that a call may use, the caller's thread included; 0: all cores of the process.
  int threads = 0;
  Weights weights = Weights::kAuto;
  /// Long-text mode; empty: the mode in the bundle, as set by `winnow train --long-text`.
  std::optional<LongText> long_text = {};
  /// True if obfuscated texts (fr33, look-alike letters, f r e e) are folded before they are read; empty: the setting
  /// of the bundle, made by `winnow train --fold-disguises`.
  std::optional<bool> fold_disguises = {};
  /// True if the files that are read must have the digests in the bundle's winnow.json; otherwise loading fails.
  bool verify = true;
};

struct ClassifyOptions {
  /// Mode whose decision thresholds are used; kModerate for models that decide alike in every mode, since they have no
  /// positive label.
  Mode mode = Mode::kModerate;
  /// Decision threshold in place of those of the mode, more than 0 and less than 1: of the positive label, or of each
  /// label of a multi-label model. Empty: the thresholds of the mode.
  std::optional<float> threshold = {};
  /// Confidence below which a decision is marked as an abstention; 0: never. Empty: the value in the bundle, which
  /// `winnow calibrate --max-error` sets; a bundle without such a value never abstains.
  std::optional<float> abstain_below = {};
};

struct LabelScore {
  std::string label;
  float score = 0;  ///< calibrated probability of the label
};

/// The prediction of a classifier for one text.
struct Prediction {
  std::string label;       ///< the decided label; the most probable one if a multi-label model decided none
  float score = 0;         ///< single-label with two labels: probability of the positive label; else of the decided one
  float confidence = 0;    ///< probability of the decided label; if none was decided, 1 minus the highest probability
  bool abstained = false;  ///< true if the prediction is too uncertain to act on and should be reviewed by a person
  /// True if the text belongs to none of the model's labels (`winnow calibrate --out-of-scope`). In that case `label`
  /// is the name for out-of-scope texts, while `score` and `confidence` are still those of the most probable label.
  bool out_of_scope = false;
  std::vector<std::string> labels;  ///< all decided labels of a multi-label model
  std::vector<LabelScore> scores;   ///< the probabilities of all labels, the most probable label first
};

/// The effect of one word on the log-odds of a label.
struct WordEffect {
  size_t begin = 0, end = 0;  ///< byte range [begin, end) of the word in the text
  float effect = 0;           ///< effect on the log-odds of the explained label; positive values speak for the label
  float score_change = 0;     ///< change of the label's probability: its value with the word minus its value without it
};

/// The explanation of a prediction: the effect of each word of the text.
struct Explanation {
  std::string label;  ///< the explained label: single-label with two labels: the positive one; else the decided one
  float score = 0;    ///< probability of the explained label
  float base = 0;     ///< log-odds of the explained label before any word is read
  /// True for a linear model, where `base` and the effects add up to the log-odds exactly. False if the effects were
  /// measured by leaving out each word once.
  bool exact = false;
  /// Number of words per effect; more than one in long texts, where neighbouring words share an effect.
  size_t words_in_effect = 1;
  /// Number of words beyond the maximum length, which have no effect and are not listed in `words`.
  size_t unread = 0;
  std::vector<WordEffect> words;  ///< the effects, in the order of the words in the text
};

/// A loaded classifier. Immutable and thread-safe: any number of threads may classify at the same time. A call uses all
/// threads of the classifier while no other call is using them, and otherwise only its own thread. Predictions do not
/// depend on the number of threads nor, with INT8 weights, on the other texts of the call.
class Classifier {
 public:
  /// Loads a bundle. Errors: kInvalidArgument for a negative number of threads; kNotFound, kIo, kInvalidModel,
  /// kUnsupported.
  static std::expected<Classifier, Error> Load(const std::filesystem::path& bundle, const LoadOptions& options = {});
  Classifier(Classifier&&) noexcept;
  Classifier& operator=(Classifier&&) noexcept;
  ~Classifier();

  /// Classifies one text. `text` is UTF-8; invalid bytes become U+FFFD. LongText defines what is read of a text that
  /// exceeds the maximum length. An empty text is classified like any other. Errors: kInvalidModel if the tokenizer
  /// belongs to another model, or its rules make the text grow without bound; kInvalidArgument for a threshold that is
  /// out of range, and for a threshold or another mode than kModerate if the model cannot use it because it is
  /// single-label and has no positive label; kUnsupported in a forked child.
  std::expected<Prediction, Error> Classify(std::string_view text, const ClassifyOptions& options = {}) const;
  /// Classifies many texts and returns the predictions in the order of the texts: several times faster than one call
  /// per text. Errors: those of the function for one text.
  std::expected<std::vector<Prediction>, Error> Classify(std::span<const std::string> texts,
                                                         const ClassifyOptions& options = {}) const;
  /// The same for texts in braces: Classify({"You won a prize", "See you at six"}). Without this function, two texts
  /// would be taken for the begin and the end of one.
  std::expected<std::vector<Prediction>, Error> Classify(std::initializer_list<std::string_view> texts,
                                                         const ClassifyOptions& options = {}) const;

  /// Returns the effect of each word on the log-odds of a label: the positive one of a single-label model with two
  /// labels, else the decided one. Takes as long as classifying the text once per word, but at most about 200 times.
  /// Errors: those of Classify.
  std::expected<Explanation, Error> Explain(std::string_view text, const ClassifyOptions& options = {}) const;

  /// Returns the names of the labels, by label id.
  const std::vector<std::string>& labels() const;
  /// Returns true if the model is multi-label: each label is decided separately.
  bool multi_label() const;

 private:
  struct Parts;
  explicit Classifier(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace winnow
