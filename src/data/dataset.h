/// Labelled texts from files: TSV, CSV, JSON Lines, JSON, fastText; each plain or gzip, in UTF-8 or marked UTF-16.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "data/labels.h"
#include "data/read_report.h"
#include "text/input_text.h"

namespace winnow {

struct Example {
  std::string
      text;  ///< valid UTF-8, not blank; a template's segments are divided as files have them (text/input_text.h)
  std::vector<int32_t> labels;  ///< ids in ascending order: one of them, or any number in a multi-label set
  std::string file;             ///< the path of the file as the user gave it
  size_t row = 0;               ///< 1-based line where the row begins, or item of a JSON document
  /// Soft labels, where the file gives shares: each label's share of 1, by id. `labels` has the one with the largest.
  std::vector<std::pair<int32_t, float>> shares = {};
};

struct Dataset {
  std::vector<Example> examples;
  LabelSet labels;
  bool multi_label = false;
};

/// The examples' texts in their order, each as one string; views into the set.
std::vector<std::string_view> TextViews(const Dataset& dataset);
/// The examples' texts in their order, with their segments, as classifiers read them; views into the set.
std::vector<InputTextView> InputTexts(const Dataset& dataset);

enum class ProblemType { kAuto, kSingle, kMulti };

/// Each member has a default, so that a designated initializer may name only some.
struct ReadOptions {
  /// Names in the file and what they become, before anything else looks at them: several may become one.
  std::map<std::string, std::string> label_map = {};
  std::string text_field = {};             ///< empty: found by name (data/columns.h)
  std::string label_field = {};            ///< empty: found by name; "a,b,c": 0/1 columns of a multi-label set
  std::string filter = {};                 ///< data/filter.h
  std::string template_text = {};          ///< data/text_template.h; then text_field is not used
  std::filesystem::path labels_file = {};  ///< ReadLabels; rows with other labels are dropped and counted
  std::optional<LabelSet> labels =
      {};  ///< a label set already read, such as a bundle's; takes precedence over labels_file
  ProblemType problem_type = ProblemType::kAuto;
};

/// Reads and joins files. Labels get ids in SortLabels' order unless the options give them. A set is multi-label when
/// the options say so, when labels are several 0/1 columns or lists in JSON, or when a fastText line has more than one;
/// with ProblemType::kMulti a label column is cut at commas, semicolons and bars. In JSON a label may be an object of
/// shares, {"spam": 0.8, "ham": 0.2}: a soft label. `report` tells what was read, what
/// was dropped, and why; it is filled as far as reading went on errors too. Errors: kNotFound, kIo; kInvalidArgument
/// for a filter or template that makes no sense; kInvalidData, with columns or rows named, for a file that is empty,
/// not text, without a text or label column, mostly unreadable, or without one usable row, and where all rows have one
/// label (unless the options give the labels).
Result<Dataset> ReadDataset(std::span<const std::filesystem::path> files, const ReadOptions& options,
                            ReadReport& report);

/// Calls `take` with each text of an unlabelled file ("-": standard input) in order, as it is read; a file that is none
/// of the formats above has one text per line, blank lines included. Labels are not looked at. Stops at `take`'s first
/// error. Unreadable rows are counted in `report` and skipped.
Result<void> ForEachText(const std::filesystem::path& file, const ReadOptions& options, ReadReport& report,
                         const std::function<Result<void>(std::string_view text, size_t row)>& take);

/// Returns the texts of an unlabelled file, as ForEachText reads them.
Result<std::vector<std::string>> ReadTexts(const std::filesystem::path& file, const ReadOptions& options,
                                           ReadReport* report = nullptr);

/// Gives a set's identity piece by piece, for a digest (training_info.json's data_sha256): labels and texts in their
/// order, each with its length before it. Independent of file names and formats.
void CanonicalBytes(const Dataset& dataset, const std::function<void(std::string_view)>& take);

}  // namespace winnow
