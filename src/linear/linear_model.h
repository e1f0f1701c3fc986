/// A linear classifier of texts: features, weights, and the conversion of scores to logits. Stored as `linear.bin`.
#pragma once

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
  size_t begin = 0, end = 0;  ///< bytes of the text: a word's, or a character's
  double share = 0;
};

/// Immutable and thread-safe. Cheap to move and to copy: copies share what they hold.
class LinearModel {
 public:
  /// Outputs are as in LinearWeights: one per label, or for two labels that exclude each other only label 1's. `platt`:
  /// one scale per output for SVMs, or empty: then scores count as logits. Errors: kInvalidModel if sizes disagree or
  /// a number is not finite.
  static Result<LinearModel> Make(Vectorizer vectorizer, LinearWeights weights, LinearKind kind, size_t labels,
                                  bool multi_label, std::vector<PlattScale> platt = {});

  /// Maps the file, and checks every length, offset and count in it. Errors: kNotFound, kIo, kInvalidModel.
  static Result<LinearModel> Load(const std::filesystem::path& file);

  /// Atomically; the same model gives the same bytes. Errors: kIo.
  Result<void> Save(const std::filesystem::path& file) const;

  LinearKind kind() const;
  size_t labels() const;
  bool multi_label() const;
  size_t features() const;
  size_t outputs() const;
  const Vectorizer& vectorizer() const;
  std::span<const float> weights() const;     ///< [features, outputs] row-major
  std::span<const float> bias() const;        ///< [outputs]
  std::span<const PlattScale> platt() const;  ///< [outputs] or none

  /// Scratch memory of scoring. Created once per thread, for any number of texts and models.
  struct Scratch {
    Vectorizer::Scratch vectorizer;
    std::vector<float> scores;
  };

  /// scores [outputs] of one text: the row's product with the weights, plus bias; scikit-learn's decision_function.
  /// `text` is UTF-8; invalid bytes become U+FFFD. Allocates nothing once `scratch` has grown.
  void Scores(std::string_view text, Scratch& scratch, std::span<float> scores) const;

  /// logits [labels] of one text, such that Softmax of them (multi-label: Sigmoid) are the model's probabilities: of
  /// two labels (0, z); of more the multinomial scores; of labels fitted one against the rest, and of SVMs by their
  /// Platt scaling, the logarithms of their probabilities. Allocates nothing once `scratch` has grown.
  void Logits(std::string_view text, Scratch& scratch, std::span<float> logits) const;

  /// logits [texts, labels] of many, on the pool's threads; each text's are those that it has alone.
  void Logits(std::span<const std::string_view> texts, ThreadPool& pool, std::span<float> logits) const;

  /// Which pieces of a text speak for a label, and how much: the share of an n-gram in the score is spread evenly over
  /// its words, or over its characters where n-grams are made of characters; with the analyzer kBoth over characters
  /// too, a word's share evenly over its own. A space that pads a word counts for the character beside it. So the
  /// shares sum to the label's score minus its bias; of two labels that exclude each other, label 0's score is label
  /// 1's with the opposite sign. In the order of the text, without overlaps; pieces that no feature covers are left
  /// out.
  std::vector<Contribution> Contributions(std::string_view text, size_t label) const;

 private:
  struct Parts;
  explicit LinearModel(std::shared_ptr<const Parts> parts) : parts_(std::move(parts)) {}
  void ToLogits(std::span<const float> scores, std::span<float> logits) const;
  std::shared_ptr<const Parts> parts_;
};

}  // namespace winnow
