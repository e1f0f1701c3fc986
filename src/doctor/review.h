/// Reviews: findings as a table that a person edits in a spreadsheet, and reading of the fixes in the edited table.
///
/// The table has one row per finding, with the columns file, line, text, label, suggested, kind, score, note, and
/// `fix`. The last one is empty, for the person to enter a label, `drop` or `keep`. Rows without a fix change nothing.
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

/// Returns the text as a cell that a spreadsheet does not interpret as a formula (OWASP, "CSV Injection"): a text that
/// begins with = + - @, a tab or a carriage return gets an apostrophe before it. A text that begins with an apostrophe
/// gets another one, so that ReadCell restores every text.
std::string SafeCell(std::string_view text);
std::string ReadCell(std::string_view cell);

/// Returns the text as a review shows it: its first 16,000 characters (a spreadsheet's cell is limited to 32,767
/// units), with control characters other than line ends and tabs as spaces.
std::string ReviewText(std::string_view text);

/// Writes a review as .csv, .tsv or .jsonl. Errors: RowWriter's.
Result<void> WriteReview(const std::filesystem::path& path, const Dataset& dataset, std::span<const Finding> findings);

/// The action for one text.
struct Fix {
  enum class Kind { kNone, kRelabel, kDrop };
  Kind kind = Kind::kNone;
  std::vector<std::string> labels = {};  ///< new labels, with kRelabel
};

struct Fixes {
  std::vector<Fix> of_text;                  ///< [texts] the fix of each text
  size_t answered = 0;                       ///< number of rows of the review with a fix
  size_t unanswered = 0;                     ///< number of rows of the review without a fix
  size_t kept = 0;                           ///< number of rows with the fix `keep`
  size_t elsewhere = 0;                      ///< number of rows with a fix whose file is not in the data
  size_t relabelled = 0, dropped = 0;        ///< number of relabelled and of dropped texts
  std::vector<std::string> new_labels = {};  ///< labels that `label:NAME` adds
};

/// Reads the fixes of a review for a data set that was read with the same options as for the review. A fix is a label
/// of the set (in a multi-label set all labels of the text, "a; b", or "(none)"), `label:NAME` (a new label, or one
/// with the name drop or keep), `drop` or `keep`. The fix of a finding about a class holds for all its texts without a
/// fix of their own; in a multi-label set `drop` then removes that label from the texts. Errors: OpenRecords';
/// kInvalidData, with the first positions, for a table that is not a review, a fix that is not a label, two different
/// fixes of one text, and a text that differs from the one in the data because a file was changed meanwhile.
Result<Fixes> ReadReview(const std::filesystem::path& path, const Dataset& dataset);

}  // namespace winnow
