/// Findings as a table that a person goes through in a spreadsheet, and the fixes that come back in it.
///
/// A row a finding: file, line, text, label, suggested, kind, score, note, and `fix`, empty, for the person: a label,
/// `drop` or `keep`. No row is changed that has no fix.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "data/dataset.h"
#include "data/record.h"
#include "doctor/findings.h"

namespace winnow {

/// A cell that a spreadsheet does not take for a formula (OWASP, "CSV Injection"): one that begins with = + - @, a tab
/// or a carriage return gets an apostrophe before it; so does one that begins with an apostrophe, so that ReadCell
/// gives every text back.
std::string SafeCell(std::string_view text);
std::string ReadCell(std::string_view cell);

/// The text as a review shows it: its first 16,000 characters (a spreadsheet's cell ends at 32,767 units), control
/// characters but line ends and tabs as spaces.
std::string ReviewText(std::string_view text);

/// Writes .csv, .tsv or .jsonl. Errors: RowWriter's.
Result<void> WriteReview(const std::filesystem::path& path, const Dataset& dataset, std::span<const Finding> findings);

/// The action for one text.
struct Fix {
  enum class Kind { kNone, kRelabel, kDrop };
  Kind kind = Kind::kNone;
  std::vector<std::string> labels = {};  ///< of kRelabel
};

struct Fixes {
  std::vector<Fix> of_text;                  ///< [texts]
  size_t answered = 0;                       ///< rows of the review with a fix
  size_t unanswered = 0;                     ///< without
  size_t kept = 0;                           ///< answered `keep`
  size_t elsewhere = 0;                      ///< answered, of files that are not in the data
  size_t relabelled = 0, dropped = 0;        ///< texts
  std::vector<std::string> new_labels = {};  ///< that `label:NAME` makes
};

/// Reads a review's fixes for a data set that was read with the same options. A fix is a label of the set (of texts
/// with any number of labels all of them, "a; b", or "(none)"), `label:NAME` (one that is new, or called drop or keep),
/// `drop` or `keep`; of a finding about a class it holds for all its texts that have no fix of their own, and of texts
/// with several labels `drop` takes that label away. Errors: OpenRecords'; kInvalidData, with the first places, for a
/// table that is no review, a fix that is no label, two different fixes of one text, and a text that is not the one in
/// the data: a file was changed meanwhile.
Result<Fixes> ReadReview(const std::filesystem::path& path, const Dataset& dataset);

/// Puts labels into a row's label fields, whatever form they have there: one cell, a cell of several, a list, 0/1
/// columns. Errors: kInvalidData where one of several columns is missing for a label.
Result<void> SetLabels(std::vector<Field>& fields, std::span<const std::string> label_fields,
                       std::span<const std::string> labels);

}  // namespace winnow
