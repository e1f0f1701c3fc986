#include "data/file_scan.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

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

/// Returns the keys of a row that lacks `name` or, with an empty name, all fields that it needs; for messages.
std::string KeysOf(const Record& record, const std::string& name) {
  if (!name.empty() && record.Find(name) != nullptr) return ": '" + name + "' is empty or null";
  constexpr size_t kShown = 8;
  std::string keys;
  for (size_t i = 0; i < std::min(record.fields.size(), kShown); ++i) {
    keys += (i > 0 ? ", " : "") + std::string(FirstCodePoints(record.fields[i].name, 40));
  }
  if (record.fields.size() > kShown) keys += "...";
  const std::string what = name.empty() ? std::string() : ": there is no '" + name + "'";
  return what + (keys.empty() ? "; the row is empty" : "; its keys are: " + keys);
}

}  // namespace

Result<FormatWishes> FormatWishesOf(const FormatOptions& options) {
  constexpr std::array<std::pair<std::string_view, Format>, 6> kFormats = {{{"csv", Format::kCsv},
                                                                            {"tsv", Format::kTsv},
                                                                            {"jsonl", Format::kJsonLines},
                                                                            {"json", Format::kJson},
                                                                            {"fasttext", Format::kFastText},
                                                                            {"lines", Format::kLines}}};
  constexpr std::array<std::pair<std::string_view, Encoding>, 5> kEncodings = {
      {{"utf-8", Encoding::kUtf8},
       {"utf-16le", Encoding::kUtf16Le},
       {"utf-16be", Encoding::kUtf16Be},
       {"windows-1252", Encoding::kWindows1252},
       {"latin-1", Encoding::kLatin1}}};
  constexpr std::array<std::pair<std::string_view, Quoting>, 2> kQuotings = {
      {{"csv", Quoting::kCsv}, {"none", Quoting::kNone}}};
  const auto chosen = [](const auto& choices, std::string_view name, auto& value, const char* option) -> Result<void> {
    if (name.empty()) return {};
    const auto found = std::ranges::find(choices, name, [](const auto& choice) { return choice.first; });
    if (found == choices.end()) {
      return Fail(ErrorCode::kInvalidArgument, std::string(option) + ": '" + std::string(name) + "' is not supported");
    }
    value = found->second;
    return {};
  };
  FormatWishes wishes{.dialect = {.no_header = options.no_header}};
  TRY(chosen(kFormats, options.format, wishes.format, "--format"));
  TRY(chosen(kQuotings, options.quoting, wishes.dialect.quoting, "--quoting"));
  TRY(chosen(kEncodings, options.encoding, wishes.encoding, "--encoding"));
  const std::string delimiter = options.delimiter == "tab" || options.delimiter == "\\t" ? "\t" : options.delimiter;
  if (delimiter.size() > 1 || delimiter == "\"" || delimiter == "\n") {
    return Fail(ErrorCode::kInvalidArgument, "--delimiter: '" + delimiter + "' is not one ASCII character",
                "specify one character, such as ';', or 'tab'");
  }
  if (!delimiter.empty()) wishes.dialect.delimiter = delimiter[0];
  return wishes;
}

Result<ReadPlan> MakeReadPlan(const ReadOptions& options, bool labels_needed) {
  ReadPlan plan;
  plan.filter = TRY(Filter::Parse(options.filter));
  plan.labels.problem_type = options.problem_type;
  if (options.labels) plan.labels.given_labels = options.labels->names;
  for (const auto& [from, to] : options.label_map) plan.labels.mapped_names.push_back(from);
  plan.format = TRY(FormatWishesOf(options.format));
  plan.wishes.text_field = options.text_field;
  plan.wishes.filter_fields = plan.filter.fields();
  plan.wishes.labels_needed = labels_needed;
  plan.wishes.single_label = options.problem_type == ProblemType::kSingle;
  plan.wishes.no_header = options.format.no_header;
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
  open.wishes = plan.format;
  open.allow_lines = !plan.wishes.labels_needed && plan.wishes.text_field.empty();
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
  scan.lines_ = scan.reader_->format() == Format::kLines;
  FieldWishes wishes = plan.wishes;
  if (scan.lines_) wishes.template_fields.clear();
  scan.roles_ = TRY(ResolveFields(*scan.reader_, scan.sample_, wishes));
  if (const auto& fields = scan.roles_.label_fields; fields.size() == 1) {
    scan.label_column_ =
        TRY(LabelColumn::Make(scan.here().file, fields[0], scan.reader_->format(), plan.labels, scan.sample_));
  }
  scan.TakeNotes();
  scan.here().text_field = plan.text_template && !scan.lines_ ? "template" : scan.roles_.text_field;
  scan.here().label_fields = scan.roles_.label_fields;
  scan.here().positions = scan.positions();
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

std::string FileScan::filter_advice() const {
  const bool none_kept = filtered_ && report_->files[index_].Dropped(DropReason::kFiltered) > 0;
  return none_kept ? filtered_->Advice() : "";
}

std::string FileScan::Place(size_t at) const {
  return report_->files[index_].file + ", " + std::string(reader_->row_word()) + " " + std::to_string(at);
}

/// Updates the notes of the report, which grow while the file is read.
void FileScan::TakeNotes() {
  FileReport& file = here();
  file.notes = reader_->notes();
  file.notes.insert(file.notes.end(), roles_.notes.begin(), roles_.notes.end());
  if (reader_->stream().encoding_assumed()) {
    file.notes.push_back("not UTF-8, so it is read as Windows-1252; for another encoding, specify --encoding");
  }
  const std::vector<std::string> notes = label_column_.notes();
  file.notes.insert(file.notes.end(), notes.begin(), notes.end());
}

void FileScan::Drop(DropReason reason, size_t at, const std::string& why) {
  if (reason == DropReason::kUnreadable && bad_row_.empty()) bad_row_ = Place(at) + ": unreadable row: " + why;
  FileReport& file = here();
  const size_t count = ++file.dropped[static_cast<size_t>(reason)];
  // That a row was filtered out is what was asked for.
  if (count <= ReadReport::kMaxExamples && reason != DropReason::kFiltered) {
    report_->examples.push_back(Place(at) + ": " + why);
    first_dropped_.push_back({reason, at, why});
  }
  dropped_ = {reason, at, why};
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
  TakeNotes();
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
  const bool table = reader_->format() == Format::kDelimited;
  if (plan_->wishes.label_fields.size() > 1 && message.find("instead of 0 or 1") != std::string::npos) {
    return {
        ErrorCode::kInvalidData, message,
        "a column for each label contains 0 or 1 in every row: replace other marks, such as x, by 1, and empty cells "
        "by 0"};
  }
  return {ErrorCode::kInvalidData, message,
          table
              ? "check the delimiter and the quotes (--delimiter, --quoting none); a text that contains the delimiter "
                "must be quoted"
          : plan_->wishes.labels_needed
              ? "expected one JSON object per row, such as {\"text\": \"...\", \"label\": \"spam\"}; specify other "
                "keys with --text-field and --label-field"
              : "expected one JSON object per row, such as {\"text\": \"...\"}"};
}

Result<FileScan::Outcome> FileScan::Finish() {
  const TextStream& stream = reader_->stream();
  TakeNotes();
  here().positions = positions();
  here().invalid_bytes = stream.invalid_bytes();
  here().first_invalid_line = stream.first_invalid_line();
  if (plan_->limits_bad_rows && (here().Dropped(DropReason::kUnreadable) - without_text_) * 2 > here().rows) {
    return std::unexpected(MostlyUnreadable());
  }
  return Outcome::kEnd;
}

Result<FileScan::Outcome> FileScan::Take(const Record& record) {
  const bool filled = MakeText(record);
  if (!plan_->filter.Keeps(record, text)) {
    if (filtered_) filtered_->Add(record, text);
    Drop(DropReason::kFiltered, row, "filtered out");
    return Outcome::kDropped;
  }
  filtered_.reset();
  const std::string text_problem = TextProblem(record);
  if (!plan_->wishes.labels_needed) {
    // An empty text is answered, but not a row without a text.
    if (text_problem.empty() || !plan_->texts_needed) return Keep();
    ++without_text_;
    Drop(DropReason::kUnreadable, row, text_problem);
    return Outcome::kDropped;
  }
  std::string problem;
  switch (TakeLabels(record, problem)) {
    case RowLabels::Outcome::kLabels:
      break;
    case RowLabels::Outcome::kNone:
      Drop(DropReason::kNoLabel, row, problem.empty() ? "no label" + KeysOf(record, roles_.label_fields[0]) : problem);
      return Outcome::kDropped;
    case RowLabels::Outcome::kUnreadable:
      Drop(DropReason::kUnreadable, row, problem);
      return Outcome::kDropped;
    case RowLabels::Outcome::kRefused:
      return Fail(ErrorCode::kInvalidData, Place(row) + ": " + problem, "correct or remove the row");
  }
  if (!filled || !text_problem.empty()) {
    Drop(DropReason::kEmptyText, row, text_problem.empty() ? "empty text" : text_problem);
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
  if (plan_->text_template && !lines_) {
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

/// Returns why a row has no text at all: its field is absent, or is a list or an object. Empty for an empty text.
std::string FileScan::TextProblem(const Record& record) const {
  const bool by_template = plan_->text_template && !lines_;
  const std::vector<std::string> one = {roles_.text_field};
  const std::vector<std::string>& names = by_template ? plan_->wishes.template_fields : one;
  bool found = false;
  for (const std::string& name : names) {
    const Value* value = record.Find(name);
    if (value == nullptr || value->kind == Value::Kind::kMissing) continue;
    found = true;
    if (value->kind == Value::Kind::kList) return "no text: '" + name + "' is a list";
    if (value->kind == Value::Kind::kShares || value->kind == Value::Kind::kOther) {
      return "no text: '" + name + "' is an object or a list of objects";
    }
  }
  if (found) return {};
  if (!by_template) return "no text" + KeysOf(record, roles_.text_field);
  return "no text: the row has none of the fields of the template" + KeysOf(record, "");
}

/// Fills `labels` and `shares`; `problem` says why the row has none.
RowLabels::Outcome FileScan::TakeLabels(const Record& record, std::string& problem) {
  labels.clear();
  shares.clear();
  const std::vector<std::string>& fields = roles_.label_fields;
  if (fields.size() > 1) return TakeColumns(record, problem);
  const RowLabels::Outcome outcome = label_column_.Take(record.Find(fields[0]), row_labels_);
  labels.swap(row_labels_.names);
  shares.swap(row_labels_.shares);
  multi_label_ |= row_labels_.multi_label;
  problem = row_labels_.problem;
  return outcome;
}

/// Fills `labels` from several 0/1 columns.
RowLabels::Outcome FileScan::TakeColumns(const Record& record, std::string& problem) {
  multi_label_ = true;
  label_places_.resize(roles_.label_fields.size());
  for (size_t i = 0; i < label_places_.size(); ++i) {
    const std::string& name = roles_.label_fields[i];
    // Most rows have a field where the row before has it, so that hundreds of columns are not searched.
    size_t& place = label_places_[i];
    if (place >= record.fields.size() || record.fields[place].name != name) {
      const auto found = std::ranges::find(record.fields, name, &Field::name);
      place = static_cast<size_t>(found - record.fields.begin());
    }
    const Value* value = place < record.fields.size() ? &record.fields[place].value : nullptr;
    const int bit = value == nullptr ? -1 : ZeroOrOne(*value);
    if (bit < 0) {
      const std::string shown(value == nullptr ? std::string_view() : FirstCodePoints(value->text, 40));
      problem = "column '" + name + "' is '" + shown + "' instead of 0 or 1";
      return RowLabels::Outcome::kUnreadable;
    }
    if (bit == 1) labels.push_back(name);
  }
  std::ranges::sort(labels);
  return RowLabels::Outcome::kLabels;
}

}  // namespace winnow
