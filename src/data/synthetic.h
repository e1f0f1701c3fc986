/// Synthetic texts: texts that a grammar generates and that are added to a training part.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "data/dataset.h"
#include "data/grammar.h"

namespace winnow {

struct SyntheticOptions {
  double share = 0.5;  ///< number of synthetic texts as a share of the training texts
  uint64_t seed = 42;
};

struct SyntheticReport {
  size_t sources = 0;                                     ///< number of training texts
  size_t made = 0;                                        ///< number of synthetic texts
  std::vector<std::pair<std::string, size_t>> made_of{};  ///< number of synthetic texts, by label
  size_t templates = 0;                                   ///< number of message templates
  size_t missing = 0;  ///< number of texts less than the share, because a text repeated

  /// Returns one line for people, with a line end.
  std::string Text() const;
};

/// Returns the id in the data set of each of the grammar's labels, in the order of the grammar. Names are compared
/// without regard to case, and "spam" and "ham" also stand for common names of the same labels, such as "junk" and
/// "not_spam". Errors: kUnsupported, with the reason, if the grammar does not fit the data: the data set is
/// multi-label, a label of either has no counterpart in the other, or texts have several segments.
Result<std::vector<int32_t>> LabelsOfGrammar(const Grammar& grammar, const Dataset& dataset);

/// Returns `share` times as many texts as the data set has, the same number of each of the grammar's labels, all of
/// them different and different from the data set's texts. The message templates of a label take turns in random order.
/// No text has the DuplicateKey of a text in a `held_out` set. `label_ids` is the result of LabelsOfGrammar. An example
/// has the path of the grammar's file, `file`, and the line of its message template as its place. The texts depend on
/// the grammar, the number of training texts and the seed, and are equal on every platform. Thread-safe.
std::vector<Example> SyntheticTexts(const Grammar& grammar, const std::vector<int32_t>& label_ids,
                                    const std::string& file, const Dataset& dataset, const SyntheticOptions& options,
                                    SyntheticReport& report, std::span<const Dataset* const> held_out = {});

}  // namespace winnow
