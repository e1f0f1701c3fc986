/// Reading of all rows of a data file as people see them: also those that have no label or no text yet, which readers
/// for training drop.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/dataset.h"
#include "data/file_scan.h"
#include "workspace/data_row.h"

namespace winnow {

/// Returns the plan of reading for a server: of records that are not larger than its memory allows. Errors: those of
/// MakeReadPlan.
Result<ReadPlan> ServerReadPlan(const ReadOptions& options, bool labels_needed);

/// A scan of one file. Not thread-safe.
class DataScan {
 public:
  enum class Step { kRow, kUnreadable, kEnd };

  /// Opens the file as labelled texts or, where it has no labels and the options name none, as texts. Errors: those of
  /// FileScan::Open; of the former attempt if both fail.
  static Result<DataScan> Open(const std::filesystem::path& file, const ReadOptions& options);

  /// Reads the next row. Errors: those of FileScan::Next.
  Result<Step> Next();
  /// Returns the row that Next has read.
  DataRow row() const { return {.row = scan_->row, .text = scan_->text, .labels = labels_}; }

  /// Returns true if the file has labels.
  bool labelled() const { return labelled_; }
  /// Returns true if rows may have several labels, by those read so far.
  bool multi_label() const { return scan_->multi_label(); }
  const FileScan& scan() const { return *scan_; }
  const ReadReport& report() const { return *report_; }

 private:
  DataScan() = default;

  std::unique_ptr<ReadPlan> plan_;      // the scan refers to it
  std::unique_ptr<ReadReport> report_;  // and to this
  std::unique_ptr<FileScan> scan_;
  std::vector<std::string> labels_;
  bool labelled_ = true;
};

/// Calls `take` with each row until it returns false. Errors: those of DataScan.
Result<void> VisitRowsOfFile(const std::filesystem::path& file, const ReadOptions& options,
                             const std::function<bool(const DataRow& row)>& take);

}  // namespace winnow
