/// Defects of a data set, one finding each: a text or a class, what is wrong with it, and what to do.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/dataset.h"

namespace winnow {

/// Kinds of findings, by decreasing importance, which is the order of a review.
enum class FindingKind {
  kSimilarLabels,   ///< a class whose name differs from another's only in case, spaces or a typing error
  kLeak,            ///< a text that also occurs in a held-out part
  kConflict,        ///< a text that also occurs with another label
  kLabelError,      ///< a text for which the model is confident of another label
  kNearLeak,        ///< a near-duplicate of a text of a held-out part
  kNearConflict,    ///< a near-duplicate of a text with another label
  kDuplicate,       ///< a repeated text
  kNearDuplicate,   ///< a near-duplicate of an earlier text
  kEncoding,        ///< characters that an encoding has broken
  kScript,          ///< a text in a script that hardly any other text has
  kNearlyEmpty,     ///< a text with at most one letter or digit
  kLength,          ///< a text that is much longer or shorter than the others
  kSmallClass,      ///< a class with too few texts to learn or to measure it
  kOneTextClass,    ///< a class in which one text makes up most of the rows
  kUnequalClasses,  ///< a class that contains nearly all texts
};
inline constexpr size_t kFindingKinds = 15;

/// Returns the name of a kind in reviews: "label error".
std::string_view FindingName(FindingKind kind);
/// Returns a heading for people: "probable label errors".
std::string_view FindingHeading(FindingKind kind);

struct Finding {
  FindingKind kind = FindingKind::kLabelError;
  std::optional<size_t> text;  ///< index of the text in the data set; none if the finding is about the class `label`
  std::string label = {};      ///< current label of the text, as LabelText writes it
  std::string suggested = {};  ///< another label, kDropFix, or empty if only a person can decide
  double score = 0;            ///< severity within the kind; higher is worse
  std::string note = {};
};

/// Values that a person may write as a fix in place of a label: drop the text, or keep it as it is.
inline constexpr std::string_view kDropFix = "drop";
inline constexpr std::string_view kKeepFix = "keep";

/// Text that stands for no label.
inline constexpr std::string_view kNoLabels = "(none)";
std::string LabelText(const LabelSet& labels, std::span<const int32_t> ids);

/// Returns the position of an example: "data.csv:17".
std::string PlaceText(const Example& example);

/// Sorts findings by kind, then by decreasing severity, then in the order of the data.
void SortFindings(std::vector<Finding>& findings);

std::array<size_t, kFindingKinds> CountFindings(std::span<const Finding> findings);

}  // namespace winnow
