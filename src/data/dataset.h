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
  std::vector<int32_t> labels;  ///< label ids in ascending order: one id, or any number in a multi-label set
  std::string file;             ///< the path of the file as the user gave it
  size_t row = 0;               ///< 1-based line where the row begins, or item of a JSON document
  /// Soft labels, if the file has them: the share of each label by id, with sum 1. `labels` contains the label with the
  /// largest share.
  std::vector<std::pair<int32_t, float>> shares = {};
  /// Names of the labels that a given label set does not contain. If there are any, `labels` begins with
  /// kUnknownLabelId (UnknownLabels::kError).
  std::vector<std::string> unknown_labels = {};
};

struct Dataset {
  std::vector<Example> examples;
  LabelSet labels;
  bool multi_label = false;
};

/// Returns the examples' texts in their order, each as one string. The views refer to the data set.
std::vector<std::string_view> TextViews(const Dataset& dataset);
/// Returns the examples' texts in their order, divided into segments, as classifiers read them. The views refer to the
/// data set.
std::vector<InputTextView> InputTexts(const Dataset& dataset);

enum class ProblemType { kAuto, kSingle, kMulti };

/// What happens to rows with a label that a given label set does not contain.
enum class UnknownLabels {
  kError,   ///< the text is kept with kUnknownLabelId, so that an evaluation counts it as an error
  kRefuse,  ///< reading fails, and the error names the labels and the rows
  kDrop     ///< the row is dropped and counted
};

/// Options of the format of data files. An empty setting is detected from the contents and the name of each file.
struct FormatOptions {
  std::string format = {};     ///< "csv", "tsv", "jsonl", "json", "fasttext" or "lines"
  std::string delimiter = {};  ///< delimiter of tables: one ASCII character, or "tab"
  std::string quoting = {};    ///< "csv" or "none" (data/dialect.h)
  std::string encoding = {};   ///< "utf-8", "utf-16le", "utf-16be", "windows-1252" or "latin-1"
  bool no_header = false;      ///< true if the first row of tables is data
};

/// A data file that Winnow has written as JSON lines, to be read together with files of users: the options of their
/// format are not about it.
struct OwnFile {
  std::filesystem::path file;
  std::string filter = {};  ///< filter expression of this file, in place of ReadOptions::filter
};

/// Options of reading data files. Each member has a default, so that a designated initializer may name only some.
struct ReadOptions {
  /// Label names in the file and the names that replace them before labels are used in any other way; several names may
  /// have the same replacement.
  std::map<std::string, std::string> label_map = {};
  std::string text_field = {};  ///< field of the text; empty: found by name (data/columns.h)
  /// Field of the label; empty: found by name; "a,b,c": 0/1 columns of a multi-label set.
  std::string label_field = {};
  std::string filter = {};         ///< filter expression (data/filter.h); empty: all rows
  std::string template_text = {};  ///< text template (text/text_template.h), used in place of text_field; empty: none
  /// File of label names (ReadLabels); `unknown_labels` says what happens to rows with other labels.
  std::filesystem::path labels_file = {};
  std::optional<LabelSet> labels =
      {};  ///< a label set already read, such as a bundle's; takes precedence over labels_file
  std::string labels_source = "--labels";  ///< what specifies labels_file or labels, for the report
  UnknownLabels unknown_labels = UnknownLabels::kDrop;
  ProblemType problem_type = ProblemType::kAuto;
  FormatOptions format = {};
  std::optional<OwnFile> own_file = {};  ///< the one of the files that Winnow has written, if there is one
};

/// Reads files into one data set. Labels get ids in SortLabels' order unless the options give them. A set is
/// multi-label if the options say so, if labels are several 0/1 columns or lists in JSON, or if a fastText line has
/// more than one label; with ProblemType::kMulti a label column is divided at commas, semicolons and bars. In JSON a
/// label may be an object of shares, {"spam": 0.8, "ham": 0.2}: a soft label. Lists of as many zeros and ones in every
/// row are multi-hot vectors of the given labels, or of labels named 0, 1 and so on. Objects of zeros and ones with
/// several ones are labels of a multi-label set. What IsMissingLabel recognizes is no label, unless the options name
/// it. Spellings of one value (1 and 1.0, true and True, names that differ in invisible characters) are one label;
/// `report` gets a warning of them, and those of LabelWarnings. `report` also receives the numbers of rows that were
/// read and dropped, and the reasons; after an error it covers the rows read so far. Errors: kNotFound, kIo;
/// kInvalidArgument for a filter or template that is not valid; kInvalidData, with columns or rows named, for a file
/// that is empty, not text, without a text or label column, mostly unreadable, or without one usable row, for a row
/// that contradicts the form of the labels in the others (a multi-hot vector of another length), if all rows have the
/// same label (unless the options give the labels), and for unknown labels with UnknownLabels::kRefuse.
Result<Dataset> ReadDataset(std::span<const std::filesystem::path> files, const ReadOptions& options,
                            ReadReport& report);

/// What happens to rows of a file that cannot be read.
enum class BadRows {
  kRefuse,   ///< the first one is an error
  kSkipFew,  ///< they are skipped; an error if most rows are not in the format of the file, which is then probably
             ///< wrong
  kSkip,     ///< they are skipped, however many there are, if a row among the first thousands can be read
};

/// Calls `take` with each text of an unlabelled file ("-": standard input) in order, while the file is read. A file in
/// none of the formats of ReadDataset has one text per line, blank lines included; the template is not used for such
/// lines. Labels are ignored. Stops at the first error of `take`. Unreadable rows, and those without a text, are
/// counted in `report`; `bad_rows` says whether they are errors, kInvalidData.
Result<void> ForEachText(const std::filesystem::path& file, const ReadOptions& options, ReadReport& report,
                         const std::function<Result<void>(std::string_view text, size_t row)>& take,
                         BadRows bad_rows = BadRows::kSkipFew);

/// Returns the texts of an unlabelled file, as ForEachText reads them.
Result<std::vector<std::string>> ReadTexts(const std::filesystem::path& file, const ReadOptions& options,
                                           ReadReport* report = nullptr);

/// Passes the bytes that identify a data set to `take` piece by piece, for a digest (training_info.json's data_sha256):
/// labels and texts in their order, each preceded by its length. Independent of file names and formats.
void CanonicalBytes(const Dataset& dataset, const std::function<void(std::string_view)>& take);

}  // namespace winnow
