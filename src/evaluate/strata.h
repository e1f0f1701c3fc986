/// Texts in folds and in an order to take parts of, each with every label in proportion. De-duplicate first: a text
/// that comes twice would be learnt in one part and asked for in another.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/result.h"
#include "data/dataset.h"

namespace winnow {

/// Deals the texts out to `folds` folds of about the same size, of one label a text or several: iterative
/// stratification (Sechidis, Tsoumakas, Vlahavas 2011) - the label with the fewest texts left goes first, each of its
/// texts to the fold that still wants most of it, then most texts at all. Returns the indices of each fold's texts,
/// ascending. The same data and seed give the same folds on every platform. Errors: kInvalidArgument for fewer than two
/// folds; kInvalidData for fewer texts than folds.
Result<std::vector<std::vector<size_t>>> StratifiedFolds(const Dataset& dataset, int folds, uint64_t seed);

/// All indices, in an order of which the beginning, wherever it is cut, has each label in proportion to within one
/// text: the i-th of a label's n texts stands at about (i + 1/2) / n of the order. A text of several labels counts for
/// its rarest.
std::vector<size_t> StratifiedOrder(const Dataset& dataset, uint64_t seed);

/// The texts at `indices`, in that order.
Dataset PartOf(const Dataset& dataset, const std::vector<size_t>& indices);

}  // namespace winnow
