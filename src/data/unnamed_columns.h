/// What the contents of a table of two columns without known names say about them.
///
/// `sample` are the first rows, each with two fields; `key` and `label` are the index of the column in question.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>

#include "data/record.h"

namespace winnow {

/// The contents of a column without a name, as far as they tell its role.
struct ColumnShape {
  size_t distinct = 0;
  size_t spaces = 0;
  std::unordered_map<std::string, size_t> counts;
};

using TwoShapes = std::array<ColumnShape, 2>;

TwoShapes ShapesOf(std::span<const Record> sample);

/// Returns the column of the labels, which recur and have few spaces. Where the sample is too small to show it, the
/// convention of the format decides.
std::optional<size_t> UnnamedLabelColumn(const TwoShapes& shapes, bool label_first);

/// Returns true if the first row looks like two names above texts and labels that recur.
bool LooksLikeHeader(std::span<const Record> sample, const TwoShapes& shapes, size_t label);

/// Returns true if the first row may be a header of several words, "Text der Mail;Art der Mail": the label recurs in
/// the other rows, but that of the first row does not, and neither field is a sentence or has a digit.
bool MayBeHeaderOfWords(std::span<const Record> sample, const TwoShapes& shapes, size_t label);

/// Returns true if the first row looks like names, and whole numbers stand below the name of the column `key`.
bool HasNameAboveNumbers(std::span<const Record> sample, const TwoShapes& shapes, size_t key);

/// Returns true if the first row looks like names, no value of the column `key` recurs, and the other column contains
/// mostly texts of several words. In labelled texts this is no sign: ham<TAB>hello may be the first of a few rows.
bool HasNameAboveTexts(std::span<const Record> sample, const TwoShapes& shapes, size_t key);

/// Returns true if the second field of each row begins with a space, as the second part of a sentence does.
bool DividesSentences(std::span<const Record> sample);

}  // namespace winnow
