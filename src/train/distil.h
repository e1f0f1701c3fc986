/// Distillation: a teacher's predictions as soft labels (Hinton, Vinyals, Dean 2015, arXiv:1503.02531).
#pragma once

#include <span>

#include "train/text_set.h"

namespace winnow {

struct DistilOptions {
  double temperature = 2;  ///< temperature that softens both distributions; for single-label sets
  /// Share of the teacher in the loss of labelled texts, 0 to 1; unlabelled texts have only the teacher's part.
  double weight = 0.5;
};

/// Gives every text of `set` the teacher's prediction, `probabilities` [texts, labels] at temperature 1. Single-label:
/// soft labels at the temperature. Multi-label: targets become a mean of the label and the teacher's probability. The
/// last `unlabelled` texts of the set have no labels of their own.
void AddTeacher(std::span<const float> probabilities, size_t unlabelled, const DistilOptions& options, TextSet& set);

}  // namespace winnow
