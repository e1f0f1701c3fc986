/// Reading of one data file from its opening to its last row: selection of the fields and of the rows that are kept.
/// Used by the readers of data/dataset.h.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "data/columns.h"
#include "data/dataset.h"
#include "data/filter.h"
#include "data/label_column.h"
#include "data/record.h"
#include "text/text_template.h"

namespace winnow {

/// The parsed read options.
struct ReadPlan {
  FieldWishes wishes;
  Filter filter;
  std::optional<TextTemplate> text_template;
  LabelWishes labels = {};
  FormatWishes format = {};
  bool texts_needed = false;  ///< true if a row without labels must have a text, which may be empty
  /// True if it is an error that most rows are not in the format of the file, which is then probably wrong. Rows that
  /// only lack a text are not counted.
  bool limits_bad_rows = true;
};

/// Returns the settings of the format. Errors: kInvalidArgument for values that FormatOptions does not name.
Result<FormatWishes> FormatWishesOf(const FormatOptions& options);

Result<ReadPlan> MakeReadPlan(const ReadOptions& options, bool labels_needed);

/// A scan of one file. Texts, filter and labels are found by name; labels get ids after all files were read. Not
/// thread-safe; `plan` and `report` must outlive the scan.
class FileScan {
 public:
  enum class Outcome { kKept, kDropped, kEnd };

  /// A row that was dropped.
  struct DroppedRow {
    DropReason reason = DropReason::kUnreadable;
    size_t row = 0;
    std::string why;
  };

  /// Opens the file, reads its first records and chooses the fields from them.
  static Result<FileScan> Open(const std::filesystem::path& file, const ReadPlan& plan, ReadReport& report);

  /// Reads the next row. Its text, label names and number are then in `text`, `labels` and `row`. Errors: those of
  /// RecordReader::Next; kInvalidData for a row that shows that the labels of the file are not what they seem, and at
  /// the end of a file if most of its rows are unreadable (ReadPlan::limits_bad_rows).
  Result<Outcome> Next();

  /// Returns the position of a row: "data.csv, line 7".
  std::string Place(size_t at) const;
  /// Counts a dropped row, and stores the first few rows of each reason as examples.
  void Drop(DropReason reason, size_t at, const std::string& why);

  /// Returns the fields of the row that Next read last; valid until the next call of Next.
  const std::vector<Field>& fields() const { return record_->fields; }
  /// Returns the row for which Next has returned kDropped. An unreadable one has no fields.
  const DroppedRow& dropped() const { return dropped_; }
  /// Returns the first rows that were dropped so far, a few for each reason: also those that Open has met. Rows that
  /// the filter drops are not among them.
  const std::vector<DroppedRow>& first_dropped() const { return first_dropped_; }
  /// Returns the reader of the file, for its format.
  const RecordReader& reader() const { return *reader_; }
  /// Returns true if columns are numbered because the file has no names for them.
  bool numbered_columns() const { return !reader_->columns().empty() && !reader_->has_header(); }

  /// Returns the length of the multi-hot vectors in the label field; 0 if it contains labels.
  size_t multi_hot() const { return label_column_.multi_hot(); }
  /// Returns the description of a row that was dropped as unreadable: "data.csv, line 7: 3 columns instead of 2".
  const std::string& bad_row() const { return bad_row_; }

  /// Returns true if the rows read so far make the data set a multi-label one.
  bool multi_label() const { return multi_label_; }

  std::string text;
  std::vector<std::string> labels;
  std::vector<double> shares;  ///< soft labels, parallel to `labels`, if the row has them: each above 0, with sum 1
  size_t row = 0;

 private:
  FileScan(const ReadPlan& plan, ReadReport& report) : plan_(&plan), report_(&report) {}

  FileReport& here() { return report_->files[index_]; }
  Result<void> TakeSample();
  void TakeNotes();
  Error MostlyUnreadable();
  Result<Outcome> Finish();
  Result<Outcome> Take(const Record& record);
  Outcome Keep();
  bool MakeText(const Record& record);
  std::string TextProblem(const Record& record) const;
  RowLabels::Outcome TakeLabels(const Record& record, std::string& problem);
  RowLabels::Outcome TakeColumns(const Record& record, std::string& problem);

  const ReadPlan* plan_;
  ReadReport* report_;
  std::unique_ptr<RecordReader> reader_;
  size_t index_ = 0;
  FieldRoles roles_;
  LabelColumn label_column_;
  RowLabels row_labels_;
  std::vector<Record> sample_;
  size_t sampled_ = 0;
  bool sample_ended_ = false;
  Record current_;
  const Record* record_ = nullptr;  // points into sample_ or to current_
  bool multi_label_ = false;
  size_t without_text_ = 0;  // rows among the unreadable ones that lack only a text
  bool lines_ = false;       // the file has no fields, and so no template
  std::string bad_row_;
  DroppedRow dropped_;
  std::vector<DroppedRow> first_dropped_;
};

}  // namespace winnow
