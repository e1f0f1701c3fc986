/// The verdict on a model in plain words: is it better than the simplest baseline, and which labels does it neglect?
/// Reports, and `winnow train` after a training, use the same sentences.
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

/// The comparison of the accuracy with that of always assigning the labels that most texts have; if most texts have no
/// label, of the macro-F1 with 0, that of always assigning no label.
struct BaselineVerdict {
  enum Outcome { kBetter, kUnclear, kNotBetter } outcome = kUnclear;
  std::string sentence;
};
BaselineVerdict VerdictAgainstMajority(const Metrics& m, const MajorityBaseline& majority);

/// Returns a sentence about the labels that occur, but were never predicted, or nothing.
std::string NeverPredictedText(const Metrics& m);

/// Returns a sentence about the labels of a multi-label model whose decision threshold could not be tuned, or nothing.
std::string UntunedText(const std::vector<std::string>& labels);

/// Returns all of these sentences on one line: "Accuracy 98.9 %. Better than always assigning 'ham' (accuracy 86.4 %)
/// by 12.5 percentage points."
std::string VerdictLine(const Metrics& metrics, const MajorityBaseline& majority,
                        const std::vector<std::string>& untuned_labels);

}  // namespace winnow
