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

/// In the order in which they matter, which is that of a review.
enum class FindingKind {
  kSimilarLabels,   ///< a class whose name is another's but for case, spaces or a typo
  kLeak,            ///< a text that also occurs in a held-out part
  kConflict,        ///< a text that also occurs with another label
  kLabelError,      ///< the model is sure of another label
  kNearLeak,        ///< a near-duplicate of a text of a held-out part
  kNearConflict,    ///< a near-duplicate of a text with another label
  kDuplicate,       ///< a repeated text
  kNearDuplicate,   ///< a near-duplicate of an earlier text
  kEncoding,        ///< characters that an encoding has broken
  kScript,          ///< a script that hardly any text has
  kNearlyEmpty,     ///< no more than a letter or digit
  kLength,          ///< much longer or shorter than the others
  kSmallClass,      ///< too few texts to learn it, or to measure it
  kOneTextClass,    ///< most of a class is one text
  kUnequalClasses,  ///< one class is nearly all
};
inline constexpr size_t kFindingKinds = 15;

/// "label error", as reviews name it.
std::string_view FindingName(FindingKind kind);
/// A heading for people: "probable label errors".
std::string_view FindingHeading(FindingKind kind);

struct Finding {
  FindingKind kind = FindingKind::kLabelError;
  std::optional<size_t> text;  ///< its number in the set; none where it is about the class `label`
  std::string label = {};      ///< what it is labelled now, as LabelText has it
  std::string suggested = {};  ///< another label, kDropFix, or empty: whoever reads it must decide
  double score = 0;            ///< within a kind: more is worse
  std::string note = {};
};

/// Values that a person may write as a fix in place of a label.
inline constexpr std::string_view kDropFix = "drop";
inline constexpr std::string_view kKeepFix = "keep";

/// A text's labels as reviews have them: joined by "; ", kNoLabels where it has none.
inline constexpr std::string_view kNoLabels = "(none)";
std::string LabelText(const LabelSet& labels, std::span<const int32_t> ids);

/// "data.csv:17"
std::string PlaceText(const Example& example);

/// Sorts by kind, then the worst first, then in the order of the data.
void SortFindings(std::vector<Finding>& findings);

std::array<size_t, kFindingKinds> CountFindings(std::span<const Finding> findings);

}  // namespace winnow
