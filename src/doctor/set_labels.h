/// Changes of the labels of a row in the form that the file has for them.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/record.h"

namespace winnow {

/// Where and how the rows of a file have their labels.
struct LabelForm {
  std::vector<std::string> fields = {};  ///< the label field, or several 0/1 columns
  /// Labels of the 0/1 columns or of the positions of a multi-hot vector, in their order; empty: the field has names.
  std::vector<std::string> positions = {};
  bool divided = false;  ///< true if a cell such as a,b is a list of labels (ProblemType::kMulti)
};

/// Writes labels into the label fields of a row, in the form that the fields have: one cell, a cell of several labels,
/// a list, a multi-hot vector, an object, or 0/1 columns. Errors: kInvalidData if there is no column or position for a
/// label.
Result<void> SetLabels(std::vector<Field>& fields, const LabelForm& form, std::span<const std::string> labels);

}  // namespace winnow
