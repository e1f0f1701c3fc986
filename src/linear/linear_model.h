/// A linear classifier of texts: features, weights, and the conversion of scores to logits. Stored as `linear.bin`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/threads.h"
#include "linear/features.h"
#include "linear/platt.h"
#include "linear/solver.h"

namespace winnow {

inline constexpr char kLinearFile[] = "linear.bin";

/// The contribution of a piece of a text to the score of a label.
struct Contribution {
  size_t begin = 0, end = 0;  ///< byte range of a word or character in the text
  double share = 0;
};

/// A piece of a text, and what it has of the features of the text: parts of their values, which sum to the text's row.
struct TextPiece {
  struct Part {
    int32_t column = 0;
    float value = 0;
  };
  size_t begin = 0, end = 0;  ///< byte range of a word or character in the text
  std::vector<Part> parts;
};

/// Converts the scores [outputs] of one text to logits [labels], as LinearModel::Logits describes. `platt`: one scale
/// per output, or empty. Allocates nothing.
void LogitsOfScores(LinearKind kind, bool multi_label, std::span<const PlattScale> platt, std::span<const float> scores,
                    std::span<float> logits);

/// A linear classifier. Immutable and thread-safe. Cheap to move and to copy: copies share their contents.
class LinearModel {
 public:
  /// Creates a model. Outputs are as in LinearWeights: one per label, or for two labels that exclude each other only
  /// that of label 1. `platt`: one scale per output for SVMs, or empty: then scores are used as logits. Errors:
  /// kInvalidModel if sizes disagree or a number is not finite.
  static Result<LinearModel> Make(Vectorizer vectorizer, LinearWeights weights, LinearKind kind, size_t labels,
                                  bool multi_label, std::vector<PlattScale> platt = {});

  /// Maps a file, and checks every length, offset and count in it. Errors: kNotFound, kIo, kInvalidModel.
  static Result<LinearModel> Load(const std::filesystem::path& file);

  /// Writes the model, atomically; equal models give equal bytes. Errors: kIo.
  Result<void> Save(const std::filesystem::path& file) const;

  LinearKind kind() const;
  size_t labels() const;
  bool multi_label() const;
  size_t features() const;
  size_t outputs() const;
  const Vectorizer& vectorizer() const;
  std::span<const float> weights() const;     ///< [features, outputs] row-major
  std::span<const float> bias() const;        ///< [outputs]
  std::span<const PlattScale> platt() const;  ///< [outputs], or empty

  /// Scratch memory of scoring. Created once per thread, for any number of texts and models.
  struct Scratch {
    Vectorizer::Scratch vectorizer;
    std::vector<float> scores;
  };

  /// Computes the scores [outputs] of one text: the row's product with the weights, plus bias; scikit-learn's
  /// decision_function. `text` is UTF-8; invalid bytes become U+FFFD. Allocates nothing once `scratch` has grown.
  void Scores(std::string_view text, Scratch& scratch, std::span<float> scores) const;

  /// Computes the logits [labels] of one text, of which Softmax (multi-label: Sigmoid) gives the model's probabilities:
  /// for two labels (0, z); for more the multinomial scores; for labels fitted one against the rest, and for SVMs with
  /// Platt scaling, the logarithms of their probabilities. Allocates nothing once `scratch` has grown.
  void Logits(std::string_view text, Scratch& scratch, std::span<float> logits) const;

  /// Computes the logits [texts, labels] of many texts on the pool's threads; each text has the logits that it has
  /// alone.
  void Logits(std::span<const std::string_view> texts, ThreadPool& pool, std::span<float> logits) const;

  /// Returns the contribution of each piece of a text to a label's score: the share of an n-gram in the score is
  /// divided evenly among its words, or among its characters if n-grams consist of characters; with the analyzer kBoth
  /// among characters too, a word's share evenly among its own. A space that pads a word counts for the character
  /// beside it. So the shares sum to the label's score minus its bias; for two labels that exclude each other, label
  /// 0's score is label 1's with the opposite sign. Pieces are in the order of the text, without overlaps; pieces that
  /// no feature covers are left out.
  std::vector<Contribution> Contributions(std::string_view text, size_t label) const;

  /// Returns the pieces from which Contributions are computed, for the contributions to several labels; the second one
  /// returns these for one label.
  std::vector<TextPiece> Pieces(std::string_view text) const;
  std::vector<Contribution> Contributions(std::span<const TextPiece> pieces, size_t label) const;
  /// Adds a piece's contributions to all scores [outputs], times `factor`.
  void AddScores(const TextPiece& piece, double factor, std::span<double> scores) const;

 private:
  struct Parts;
  explicit LinearModel(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}
  std::shared_ptr<const Parts> parts_;
};

}  // namespace winnow
