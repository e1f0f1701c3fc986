/// Stratification of texts: into folds, and into an order whose parts have every label in proportion. De-duplicate
/// first: otherwise the same text may be in the training part and in the test part.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/result.h"
#include "data/dataset.h"

namespace winnow {

/// Distributes the texts over `folds` folds of about equal size, for single-label and multi-label sets, by iterative
/// stratification (Sechidis, Tsoumakas, Vlahavas 2011): the label with the fewest remaining texts is next; each of its
/// texts goes to the fold that needs most texts of the label, then to the fold that needs most texts. Returns the
/// indices of each fold's texts, ascending. Equal data and seeds give equal folds on every platform. Errors:
/// kInvalidArgument for fewer than two folds; kInvalidData for fewer texts than folds.
Result<std::vector<std::vector<size_t>>> StratifiedFolds(const Dataset& dataset, int folds, uint64_t seed);

/// Returns all indices in an order in which every initial part has each label in proportion, within one text: the i-th
/// of a label's n texts is at about (i + 1/2) / n of the order. A text of several labels counts for its rarest label.
std::vector<size_t> StratifiedOrder(const Dataset& dataset, uint64_t seed);

/// Returns the texts at `indices`, in that order.
Dataset PartOf(const Dataset& dataset, const std::vector<size_t>& indices);

}  // namespace winnow
