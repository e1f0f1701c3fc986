/// One data file from opening to its last row: which fields count, which rows stay. Used by the readers of
/// data/dataset.h.
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
#include "data/record.h"
#include "text/text_template.h"

namespace winnow {

/// The parsed read options.
struct ReadPlan {
  FieldWishes wishes;
  Filter filter;
  std::optional<TextTemplate> text_template;
  ProblemType problem_type = ProblemType::kAuto;
};

Result<ReadPlan> MakeReadPlan(const ReadOptions& options, bool labels_needed);

/// Texts, filter and labels by name; ids come when all files are read. Not thread-safe; `plan` and `report` must
/// outlive it.
class FileScan {
 public:
  enum class Outcome { kKept, kDropped, kEnd };

  /// Opens the file, reads its first records and decides on the fields by them.
  static Result<FileScan> Open(const std::filesystem::path& file, const ReadPlan& plan, ReadReport& report);

  /// Reads on to the next row: its text, label names and number are then in `text`, `labels`, `row`.
  /// Errors: those of RecordReader::Next; kInvalidData at the end of a file when most of its rows can't be read.
  Result<Outcome> Next();

  /// Counts a dropped row, and shows the first few of each reason.
  void Drop(DropReason reason, size_t at, const std::string& why);

  /// The fields of the row that Next read last; valid until it is called again.
  const std::vector<Field>& fields() const { return record_->fields; }
  /// Whether the columns are numbered, since the file names none.
  bool numbered_columns() const { return !reader_->columns().empty() && !reader_->has_header(); }

  /// Whether the rows so far make the set a multi-label one.
  bool multi_label() const { return multi_label_; }

  std::string text;
  std::vector<std::string> labels;
  std::vector<double> shares;  ///< soft labels, parallel to `labels`, if the row has them: each above 0, with sum 1
  size_t row = 0;

 private:
  FileScan(const ReadPlan& plan, ReadReport& report) : plan_(&plan), report_(&report) {}

  FileReport& here() { return report_->files[index_]; }
  std::string Place(size_t at) const;
  Result<void> TakeSample();
  Error MostlyUnreadable();
  Result<Outcome> Finish();
  Result<Outcome> Take(const Record& record);
  Outcome Keep();
  bool MakeText(const Record& record);
  bool TakeLabels(const Record& record, std::string& problem);
  bool TakeColumns(const Record& record, std::string& problem);
  bool TakeShares(const Value& value, std::string& problem);

  const ReadPlan* plan_;
  ReadReport* report_;
  std::unique_ptr<RecordReader> reader_;
  size_t index_ = 0;
  FieldRoles roles_;
  std::vector<Record> sample_;
  size_t sampled_ = 0;
  bool sample_ended_ = false;
  Record current_;
  const Record* record_ = nullptr;  // points into sample_ or to current_
  bool multi_label_ = false;
};

}  // namespace winnow
