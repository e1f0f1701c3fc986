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

/// Wilson's score interval (1927), 95 %, of `successes` of `trials`. None where there are no trials or the counts make
/// no sense (below 0, more successes than trials).
std::optional<Interval> WilsonInterval(int64_t successes, int64_t trials);

/// How often a label was decided rightly, decided wrongly, and missed.
struct LabelCounts {
  int64_t true_positives = 0, false_positives = 0, false_negatives = 0;
  bool operator==(const LabelCounts&) const = default;
};

/// 2 tp / (2 tp + fp + fn); 0 where the label neither occurs nor is decided.
double F1(const LabelCounts& counts);

/// Mean F1. `count_absent` says whether a label that neither occurs nor is decided counts as 0 (scikit-learn's
/// multi-label form) or is left out (its single-label form). 0 where nothing is left.
double MacroF1(std::span<const LabelCounts> counts, bool count_absent);

/// What each text contributes to the label counts, told once for each kind of text there is: a bootstrap over texts
/// needs no more, and kinds are few.
class Outcomes {
 public:
  explicit Outcomes(size_t labels) : labels_(labels) {}

  /// Adds a text by the labels it has and those decided, both ascending and in range.
  void Add(std::span<const int32_t> truth, std::span<const int32_t> decided);

  size_t texts() const { return kind_of_text_.size(); }
  std::vector<LabelCounts> Counts() const;

  /// Percentile bootstrap (Efron 1979), 95 %, of the macro-F1: `resamples` draws of as many texts with replacement. The
  /// same seed gives the same interval on every machine. None for no texts or no resamples. Costs resamples * texts
  /// draws.
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
