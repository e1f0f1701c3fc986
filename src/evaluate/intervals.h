/// Confidence intervals that hold for small counts and near 0 and 1, where the normal approximation does not.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace winnow {

struct Interval {
  double low = 0, high = 0;
  bool operator==(const Interval&) const = default;
};

/// Returns Wilson's score interval (1927), 95 %, of `successes` of `trials`. None if there are no trials or the counts
/// are not valid (below 0, more successes than trials).
std::optional<Interval> WilsonInterval(int64_t successes, int64_t trials);

/// The numbers of texts for which a label was decided rightly, decided wrongly, and missed.
struct LabelCounts {
  int64_t true_positives = 0, false_positives = 0, false_negatives = 0;
  bool operator==(const LabelCounts&) const = default;
};

/// Returns 2 tp / (2 tp + fp + fn); 0 if the label neither occurs nor is decided.
double F1(const LabelCounts& counts);

/// Returns the mean F1. `count_absent` says whether a label that neither occurs nor is decided counts as 0
/// (scikit-learn's multi-label form) or is left out (its single-label form). 0 if no label is left.
double MacroF1(std::span<const LabelCounts> counts, bool count_absent);

/// Returns the mean F1 of a bootstrap resample of texts. `of_all_texts` are the counts of the texts that it was drawn
/// from. A label that occurs in no text but is decided lowers the macro-F1 of all texts, so it counts as 0 in each
/// resample, also in those without a text that it is decided for; otherwise resamples would be better than all texts.
double MacroF1OfResample(std::span<const LabelCounts> counts, std::span<const LabelCounts> of_all_texts,
                         bool count_absent);

/// The contributions of texts to the label counts, stored once per kind of text: a bootstrap over texts needs only the
/// kinds, and there are few of them.
class Outcomes {
 public:
  explicit Outcomes(size_t labels) : labels_(labels) {}

  /// Adds a text by its true labels and the decided ones, both ascending and in range. A true label below 0 is an
  /// unknown one, which has no counts.
  void Add(std::span<const int32_t> truth, std::span<const int32_t> decided);

  size_t texts() const { return kind_of_text_.size(); }
  std::vector<LabelCounts> Counts() const;

  /// Returns a 95 % interval of the macro-F1, by the bootstrap: `resamples` draws of as many texts with replacement.
  /// With many labels the mean of the draws lies below the macro-F1 of the texts, just as that lies below the one of
  /// all texts. So the interval is the percentiles of the draws about the bias-corrected estimate, 2 * macro-F1 - mean
  /// of the draws (Efron, Tibshirani 1993, chapter 10), which is never narrower on a side than Wilson's interval of the
  /// micro-F1, and contains the macro-F1; with fewer than 3 texts per label both widths are added above (docs/adr/071).
  /// Equal seeds give equal intervals everywhere. None for no texts or no resamples. Costs resamples * texts draws.
  std::optional<Interval> BootstrapMacroF1(bool count_absent, int resamples, uint64_t seed) const;

 private:
  struct Kind {
    std::vector<int32_t> right, wrong, missed;
    auto operator<=>(const Kind&) const = default;
  };
  void AddCounts(std::span<const int64_t> texts_of_kind, std::span<LabelCounts> counts) const;
  uint32_t KindId(Kind kind);

  size_t labels_;
  std::vector<Kind> kinds_;
  std::vector<uint32_t> kind_order_;  // positions in kinds_, sorted by kind
  std::vector<uint32_t> kind_of_text_;
};

}  // namespace winnow
