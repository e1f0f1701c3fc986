#include "workspace/data_scan.h"

#include <utility>

namespace winnow {

namespace fs = std::filesystem;

namespace {

constexpr size_t kMostRecordBytes = size_t{16} << 20;  // a document of that size takes up to 40 times as much memory

}  // namespace

Result<ReadPlan> ServerReadPlan(const ReadOptions& options, bool labels_needed) {
  ReadPlan plan = TRY(MakeReadPlan(options, labels_needed));
  plan.format.most_record_bytes = kMostRecordBytes;
  return plan;
}

Result<DataScan> DataScan::Open(const fs::path& file, const ReadOptions& options) {
  DataScan scan;
  const auto open = [&](bool labelled) -> Result<void> {
    scan.plan_ = std::make_unique<ReadPlan>(TRY(ServerReadPlan(options, labelled)));
    scan.report_ = std::make_unique<ReadReport>();
    scan.labelled_ = labelled;
    scan.scan_ = std::make_unique<FileScan>(TRY(FileScan::Open(file, *scan.plan_, *scan.report_)));
    return {};
  };
  const Result<void> opened = open(true);
  if (opened) return scan;
  if (opened.error().code != ErrorCode::kInvalidData || !options.label_field.empty() || !open(false)) {
    return std::unexpected(opened.error());
  }
  return scan;
}

Result<DataScan::Step> DataScan::Next() {
  const FileScan::Outcome outcome = TRY(scan_->Next());
  if (outcome == FileScan::Outcome::kEnd) return Step::kEnd;
  if (outcome == FileScan::Outcome::kDropped && scan_->dropped().reason == DropReason::kUnreadable) {
    return Step::kUnreadable;
  }
  const bool no_label = outcome == FileScan::Outcome::kDropped && scan_->dropped().reason == DropReason::kNoLabel;
  labels_.clear();
  if (labelled_ && !no_label) labels_ = scan_->labels;
  return Step::kRow;
}

Result<void> VisitRowsOfFile(const fs::path& file, const ReadOptions& options,
                             const std::function<bool(const DataRow& row)>& take) {
  DataScan scan = TRY(DataScan::Open(file, options));
  for (;;) {
    const DataScan::Step step = TRY(scan.Next());
    if (step == DataScan::Step::kEnd) return {};
    if (step == DataScan::Step::kRow && !take(scan.row())) return {};
  }
}

}  // namespace winnow
