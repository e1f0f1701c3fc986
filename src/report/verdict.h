/// The verdict on a model in plain words: what to expect of it, is it better than the simplest baseline, and which
/// labels does it neglect? `winnow train`, `winnow evaluate` and reports share these sentences.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "evaluate/metrics.h"

namespace winnow {

/// The labels that most texts have, for comparison with a model that assigns them to every text.
struct MajorityBaseline {
  std::vector<int32_t> labels;
  int64_t texts = 0;  ///< number of texts that have exactly these labels
};

/// Returns the baseline of texts with these sets of label ids.
MajorityBaseline MajorityOf(std::span<const std::vector<int32_t>> truth);

/// The comparison of the accuracy with that of always assigning the labels that most texts have (McNemar's exact test);
/// if most texts have no label, of the macro-F1 with that of always assigning all labels.
struct BaselineVerdict {
  enum Outcome { kBetter, kUnclear, kNotBetter } outcome = kUnclear;
  std::string sentence;
};
BaselineVerdict VerdictAgainstMajority(const Metrics& m, const MajorityBaseline& majority);

/// Returns what the accuracy lets a user expect of new texts, in numbers of texts: "Of 1,000 texts like these, expect
/// about 986 to get the right label (with 95 % confidence, between 977 and 992)."
std::string ExpectationText(const Metrics& m);

/// Returns a sentence about the labels that occur, but were never predicted, or nothing.
std::string NeverPredictedText(const Metrics& m);

/// Returns a sentence about the labels of a multi-label model whose decision threshold could not be tuned, or nothing.
std::string UntunedText(const std::vector<std::string>& labels);

/// Returns the verdict of an evaluation on one line: ExpectationText, the comparison with the majority, and
/// NeverPredictedText.
std::string EvaluationVerdict(const Metrics& metrics, const MajorityBaseline& majority);

/// Returns the verdict of a training on one line: "Accuracy 98.9 %. Better than always assigning 'ham' (accuracy
/// 86.4 %) by 12.5 percentage points.", NeverPredictedText and UntunedText.
std::string VerdictLine(const Metrics& metrics, const MajorityBaseline& majority,
                        const std::vector<std::string>& untuned_labels);

}  // namespace winnow
