/// A teacher's answers as soft labels (Hinton, Vinyals, Dean 2015, arXiv:1503.02531).
#pragma once

#include <span>

#include "train/text_set.h"

namespace winnow {

struct DistilOptions {
  double temperature = 2;  ///< softens both distributions; of one label a text
  double weight = 0.5;     ///< the teacher's part of the loss of labelled texts, 0 to 1; unlabelled ones have it alone
};

/// Gives every text of `set` the teacher's answer, `probabilities` [texts, labels] at temperature 1. One label a text:
/// soft labels at the temperature. Several: targets become a mean of the label and the teacher's probability. The last
/// `unlabelled` texts of the set have no label of their own.
void AddTeacher(std::span<const float> probabilities, size_t unlabelled, const DistilOptions& options, TextSet& set);

}  // namespace winnow
