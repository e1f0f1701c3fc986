#include "data/file_scan.h"

#include <algorithm>

#include "data/fasttext.h"
#include "text/segments.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

constexpr size_t kSampleRows = 256;
constexpr size_t kSampleBytes = size_t{4} << 20;

std::vector<std::string> SplitAt(std::string_view text, std::string_view delimiters) {
  std::vector<std::string> parts;
  for (size_t from = 0; from <= text.size();) {
    const size_t end = std::min(text.find_first_of(delimiters, from), text.size());
    const std::string_view part = TrimAscii(text.substr(from, end - from));
    if (!part.empty()) parts.emplace_back(part);
    from = end + 1;
  }
  return parts;
}

}  // namespace

Result<ReadPlan> MakeReadPlan(const ReadOptions& options, bool labels_needed) {
  ReadPlan plan;
  plan.filter = TRY(Filter::Parse(options.filter));
  plan.problem_type = options.problem_type;
  plan.wishes.text_field = options.text_field;
  plan.wishes.filter_fields = plan.filter.fields();
  plan.wishes.labels_needed = labels_needed;
  plan.wishes.single_label = options.problem_type == ProblemType::kSingle;
  if (!options.label_field.empty()) plan.wishes.label_fields = SplitAt(options.label_field, ",");
  if (plan.wishes.single_label && plan.wishes.label_fields.size() > 1) {
    return Fail(ErrorCode::kInvalidArgument,
                "several label columns cannot be combined with --problem-type single: " + options.label_field,
                "specify one column, or omit --problem-type");
  }
  if (!options.template_text.empty()) {
    plan.text_template = TRY(TextTemplate::Parse(options.template_text));
    plan.wishes.template_fields = plan.text_template->fields();
  }
  return plan;
}

Result<FileScan> FileScan::Open(const std::filesystem::path& file, const ReadPlan& plan, ReadReport& report) {
  OpenOptions open;
  open.allow_lines = !plan.wishes.labels_needed && plan.wishes.text_field.empty() && !plan.text_template;
  open.known_names = plan.wishes.label_fields;
  for (const auto* names : {&plan.wishes.template_fields, &plan.wishes.filter_fields}) {
    open.known_names.insert(open.known_names.end(), names->begin(), names->end());
  }
  if (!plan.wishes.text_field.empty()) open.known_names.push_back(plan.wishes.text_field);
  FileScan scan(plan, report);
  scan.reader_ = TRY(OpenRecords(file, open));
  scan.index_ = report.files.size();
  report.files.emplace_back();
  scan.here().file = scan.reader_->stream().name();
  scan.here().description = scan.reader_->Description();
  scan.here().gzip = scan.reader_->stream().gzip();
  TRY(scan.TakeSample());
  scan.roles_ = TRY(ResolveFields(*scan.reader_, scan.sample_, plan.wishes));
  scan.here().text_field = plan.text_template ? "template" : scan.roles_.text_field;
  scan.here().label_fields = scan.roles_.label_fields;
  report.warnings.insert(report.warnings.end(), scan.roles_.warnings.begin(), scan.roles_.warnings.end());
  return scan;
}

Result<FileScan::Outcome> FileScan::Next() {
  const Record* record = nullptr;
  if (sampled_ < sample_.size()) {
    record = &sample_[sampled_++];
  } else if (!sample_ended_) {
    sample_.clear();
    sampled_ = 0;
    switch (TRY(reader_->Next(current_))) {
      case RecordReader::Step::kEnd:
        return Finish();
      case RecordReader::Step::kBadRow:
        ++here().rows;
        Drop(DropReason::kUnreadable, current_.row, reader_->bad_reason());
        return Outcome::kDropped;
      case RecordReader::Step::kRecord:
        record = &current_;
        break;
    }
  } else {
    return Finish();
  }
  ++here().rows;
  row = record->row;
  record_ = record;
  return Take(*record);
}

/// "data.csv, line 7"
std::string FileScan::Place(size_t at) const {
  return report_->files[index_].file + ", " + std::string(reader_->row_word()) + " " + std::to_string(at);
}

void FileScan::Drop(DropReason reason, size_t at, const std::string& why) {
  FileReport& file = here();
  const size_t count = ++file.dropped[static_cast<size_t>(reason)];
  // That a row was filtered out is what was asked for.
  if (count <= ReadReport::kMaxExamples && reason != DropReason::kFiltered) {
    report_->examples.push_back(Place(at) + ": " + why);
  }
}

/// The first records are held back, to find the fields by.
Result<void> FileScan::TakeSample() {
  size_t bytes = 0;
  while (sample_.size() < kSampleRows && bytes < kSampleBytes) {
    Record record;
    const RecordReader::Step step = TRY(reader_->Next(record));
    if (step == RecordReader::Step::kEnd) {
      sample_ended_ = true;
      break;
    }
    if (step == RecordReader::Step::kBadRow) {
      ++here().rows;
      Drop(DropReason::kUnreadable, record.row, reader_->bad_reason());
      if (here().rows > 10 * kSampleRows && sample_.empty()) break;
      continue;
    }
    for (const Field& field : record.fields) bytes += field.name.size() + field.value.text.size();
    sample_.push_back(std::move(record));
  }
  if (sample_.empty() && here().rows > 0) return std::unexpected(MostlyUnreadable());
  return {};
}

Error FileScan::MostlyUnreadable() {
  const FileReport& file = here();
  std::string message = file.file + ": " + std::to_string(file.Dropped(DropReason::kUnreadable)) + " of " +
                        std::to_string(file.rows) + " rows cannot be read as " + file.description;
  size_t shown = 0;
  for (const std::string& example : report_->examples) {
    if (shown < 3 && example.starts_with(file.file + ", ")) {
      message += "\n  " + example;
      ++shown;
    }
  }
  return {ErrorCode::kInvalidData, message,
          "check the delimiter and the quotes; a text that contains the delimiter must be quoted"};
}

Result<FileScan::Outcome> FileScan::Finish() {
  const TextStream& stream = reader_->stream();
  here().invalid_bytes = stream.invalid_bytes();
  here().first_invalid_line = stream.first_invalid_line();
  if (here().Dropped(DropReason::kUnreadable) * 2 > here().rows) return std::unexpected(MostlyUnreadable());
  return Outcome::kEnd;
}

Result<FileScan::Outcome> FileScan::Take(const Record& record) {
  const bool filled = MakeText(record);
  if (!plan_->filter.Keeps(record, text)) {
    Drop(DropReason::kFiltered, row, "filtered out");
    return Outcome::kDropped;
  }
  // An unlabelled text is answered whatever it holds.
  if (!plan_->wishes.labels_needed) return Keep();
  std::string problem;
  if (!TakeLabels(record, problem)) {
    const bool none = problem.empty();
    Drop(none ? DropReason::kNoLabel : DropReason::kUnreadable, row, none ? "no label" : problem);
    return Outcome::kDropped;
  }
  if (!filled) {
    Drop(DropReason::kEmptyText, row, "empty text");
    return Outcome::kDropped;
  }
  return Keep();
}

FileScan::Outcome FileScan::Keep() {
  if (text.find('\0') != std::string::npos) ++here().texts_with_nul;
  ++here().kept;
  return Outcome::kKept;
}

/// Fills `text`; false when there is nothing but white space in it.
bool FileScan::MakeText(const Record& record) {
  text.clear();
  if (plan_->text_template) {
    return plan_->text_template->Render(
        [&](std::string_view name) {
          const Value* value = record.Find(name);
          return value == nullptr ? std::string_view() : std::string_view(value->text);
        },
        text);
  }
  if (const Value* value = record.Find(roles_.text_field)) text = value->text;
  // The separator means something only where a template put it.
  std::ranges::replace(text, kSegmentSeparator, ' ');
  return !IsBlank(text);
}

/// Fills `labels`. False when the row has none, or when they make no sense; `problem` then says why.
bool FileScan::TakeLabels(const Record& record, std::string& problem) {
  labels.clear();
  shares.clear();
  const std::vector<std::string>& fields = roles_.label_fields;
  if (fields.size() > 1) return TakeColumns(record, problem);
  const Value* value = record.Find(fields[0]);
  if (value == nullptr || value->kind == Value::Kind::kMissing) return false;
  if (value->kind == Value::Kind::kOther) {
    problem = "'" + fields[0] + "' is neither a text nor a list of texts";
    return false;
  }
  if (value->kind == Value::Kind::kShares) return TakeShares(*value, problem);
  const bool list = value->kind == Value::Kind::kList;
  if (list) {
    for (const std::string& item : value->items) {
      if (const std::string_view name = TrimAscii(item); !name.empty()) labels.emplace_back(name);
    }
  } else if (plan_->problem_type == ProblemType::kMulti) {
    labels = SplitAt(value->text, ",;|");
  } else {
    if (const std::string_view name = TrimAscii(value->text); !name.empty()) labels.emplace_back(name);
  }
  std::ranges::sort(labels);
  labels.erase(std::unique(labels.begin(), labels.end()), labels.end());
  // fastText lines are lists by form; only several labels on a line make the set a multi-label one.
  const bool fasttext = reader_->format() == Format::kFastText;
  if (plan_->problem_type == ProblemType::kSingle && labels.size() > 1) {
    problem = std::to_string(labels.size()) + " labels, but --problem-type single allows one";
    return false;
  }
  if (list && plan_->problem_type == ProblemType::kAuto && (!fasttext || labels.size() > 1)) multi_label_ = true;
  // A text of a multi-label set may have no label at all; a cell or line without one is only taken for that when
  // asked to.
  const bool none_allowed = plan_->problem_type == ProblemType::kMulti || (list && !fasttext);
  return !labels.empty() || (none_allowed && plan_->problem_type != ProblemType::kSingle);
}

/// Fills `labels` and `shares` from an object like {"spam": 0.8, "ham": 0.2}: what several people, or a model, made of
/// the text.
bool FileScan::TakeShares(const Value& value, std::string& problem) {
  if (plan_->problem_type == ProblemType::kMulti) {
    problem = "soft labels require a single-label problem and cannot be combined with --problem-type multi";
    return false;
  }
  double sum = 0;
  for (const double share : value.shares) {
    if (!(share >= 0 && share <= 1e9)) {
      problem = "the probability of a label is negative or not a number";
      return false;
    }
    sum += share;
  }
  if (!(sum > 0)) return false;
  for (size_t i = 0; i < value.items.size(); ++i) {
    const std::string_view name = TrimAscii(value.items[i]);
    if (value.shares[i] == 0 || name.empty()) continue;
    labels.emplace_back(name);
    shares.push_back(value.shares[i] / sum);
  }
  return !labels.empty();
}

/// Fills `labels` from several 0/1 columns.
bool FileScan::TakeColumns(const Record& record, std::string& problem) {
  multi_label_ = true;
  for (const std::string& name : roles_.label_fields) {
    const Value* value = record.Find(name);
    const int bit = value == nullptr ? -1 : ZeroOrOne(*value);
    if (bit < 0) {
      const std::string shown(value == nullptr ? std::string_view() : FirstCodePoints(value->text, 40));
      problem = "column '" + name + "' is '" + shown + "' instead of 0 or 1";
      return false;
    }
    if (bit == 1) labels.push_back(name);
  }
  std::ranges::sort(labels);
  return true;
}

}  // namespace winnow
