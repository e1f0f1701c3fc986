#include "data/dataset.h"

#include <algorithm>
#include <unordered_map>

#include "data/columns.h"
#include "data/fasttext.h"
#include "data/filter.h"
#include "data/text_template.h"
#include "text/segments.h"

namespace winnow {
namespace {

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

/// The options, understood.
struct Plan {
  FieldWishes wishes;
  Filter filter;
  std::optional<TextTemplate> text_template;
  ProblemType problem_type = ProblemType::kAuto;
};

Result<Plan> MakePlan(const ReadOptions& options, bool labels_needed) {
  Plan plan;
  plan.filter = TRY(Filter::Parse(options.filter));
  plan.problem_type = options.problem_type;
  plan.wishes.text_field = options.text_field;
  plan.wishes.filter_fields = plan.filter.fields();
  plan.wishes.labels_needed = labels_needed;
  plan.wishes.single_label = options.problem_type == ProblemType::kSingle;
  if (!options.label_field.empty()) plan.wishes.label_fields = SplitAt(options.label_field, ",");
  if (!options.template_text.empty()) {
    plan.text_template = TRY(TextTemplate::Parse(options.template_text));
    plan.wishes.template_fields = plan.text_template->fields();
  }
  return plan;
}

/// One file, from opening to its last row: texts, filter and labels by name. Ids come when all files are read.
class FileScan {
 public:
  enum class Outcome { kKept, kDropped, kEnd };

  static Result<FileScan> Open(const std::filesystem::path& file, const Plan& plan, ReadReport& report) {
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

  /// Reads on to the next row: its text, label names and number are then in `text`, `labels`, `row`.
  Result<Outcome> Next() {
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
    return Take(*record);
  }

  std::string text;
  std::vector<std::string> labels;
  size_t row = 0;

  /// Whether the rows so far make the set a multi-label one.
  bool multi_label() const { return multi_label_; }

  /// "data.csv, line 7"
  std::string Place(size_t at) const {
    return report_->files[index_].file + ", " + std::string(reader_->row_word()) + " " + std::to_string(at);
  }

  void Drop(DropReason reason, size_t at, const std::string& why) {
    FileReport& file = here();
    const size_t count = ++file.dropped[static_cast<size_t>(reason)];
    // That a row was filtered out is what was asked for.
    if (count <= ReadReport::kMaxExamples && reason != DropReason::kFiltered) {
      report_->examples.push_back(Place(at) + ": " + why);
    }
  }

 private:
  static constexpr size_t kSampleRows = 256;
  static constexpr size_t kSampleBytes = size_t{4} << 20;

  FileScan(const Plan& plan, ReadReport& report) : plan_(&plan), report_(&report) {}

  FileReport& here() { return report_->files[index_]; }

  /// The first records are held back, to find the fields by.
  Result<void> TakeSample() {
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

  Error MostlyUnreadable() {
    const FileReport& file = here();
    std::string message = file.file + ": " + std::to_string(file.Dropped(DropReason::kUnreadable)) + " of " +
                          std::to_string(file.rows) + " rows can't be read as " + file.description;
    size_t shown = 0;
    for (const std::string& example : report_->examples) {
      if (shown < 3 && example.starts_with(file.file + ", ")) {
        message += "\n  " + example;
        ++shown;
      }
    }
    return {ErrorCode::kInvalidData, message,
            "check the delimiter and the quotes; a text that holds the delimiter belongs in quotes"};
  }

  Result<Outcome> Finish() {
    const TextStream& stream = reader_->stream();
    here().invalid_bytes = stream.invalid_bytes();
    here().first_invalid_line = stream.first_invalid_line();
    if (here().Dropped(DropReason::kUnreadable) * 2 > here().rows) return std::unexpected(MostlyUnreadable());
    return Outcome::kEnd;
  }

  Result<Outcome> Take(const Record& record) {
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

  Outcome Keep() {
    if (text.find('\0') != std::string::npos) ++here().texts_with_nul;
    ++here().kept;
    return Outcome::kKept;
  }

  /// Fills `text`; false when there is nothing but white space in it.
  bool MakeText(const Record& record) {
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
  bool TakeLabels(const Record& record, std::string& problem) {
    labels.clear();
    const std::vector<std::string>& fields = roles_.label_fields;
    if (fields.size() > 1) {
      multi_label_ = true;
      for (const std::string& name : fields) {
        const Value* value = record.Find(name);
        const int bit = value == nullptr ? -1 : ZeroOrOne(*value);
        if (bit < 0) {
          problem = "column '" + name + "' is '" + (value == nullptr ? "" : value->text.substr(0, 40)) +
                    "' instead of 0 or 1";
          return false;
        }
        if (bit == 1) labels.push_back(name);
      }
      return true;
    }
    const Value* value = record.Find(fields[0]);
    if (value == nullptr || value->kind == Value::Kind::kMissing) return false;
    if (value->kind == Value::Kind::kOther) {
      problem = "'" + fields[0] + "' is neither a text nor a list of texts";
      return false;
    }
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
      problem = std::to_string(labels.size()) + " labels, where --problem-type single allows one";
      return false;
    }
    if (list && plan_->problem_type == ProblemType::kAuto && (!fasttext || labels.size() > 1)) multi_label_ = true;
    // A text of a multi-label set may have no label at all; a cell or line without one is only taken for that when
    // asked to.
    const bool none_allowed = plan_->problem_type == ProblemType::kMulti || (list && !fasttext);
    return !labels.empty() || (none_allowed && plan_->problem_type != ProblemType::kSingle);
  }

  const Plan* plan_;
  ReadReport* report_;
  std::unique_ptr<RecordReader> reader_;
  size_t index_ = 0;
  FieldRoles roles_;
  std::vector<Record> sample_;
  size_t sampled_ = 0;
  bool sample_ended_ = false;
  Record current_;
  bool multi_label_ = false;
};

/// "a, b and 3 more"
std::string SomeNames(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < names.size() && i < 10; ++i) text += (i > 0 ? ", " : "") + names[i];
  if (names.size() > 10) text += " and " + std::to_string(names.size() - 10) + " more";
  return text;
}

Error NothingUsable(const ReadReport& report) {
  std::string files;
  for (const FileReport& file : report.files) files += (files.empty() ? "" : ", ") + file.file;
  std::string message = files + ": no usable row among " + std::to_string(report.rows());
  for (size_t i = 0; i < kDropReasons; ++i) {
    const auto reason = static_cast<DropReason>(i);
    if (report.Dropped(reason) > 0) {
      message += "; " + std::to_string(report.Dropped(reason)) + " " + std::string(DropReasonText(reason));
    }
  }
  std::string hint = "check --text-field and --label-field";
  if (report.Dropped(DropReason::kFiltered) > 0) hint = "check --filter";
  if (report.Dropped(DropReason::kUnknownLabel) > 0) {
    std::vector<std::string> names;
    for (const auto& [name, count] : report.unknown_labels) names.push_back(name);
    hint = "the rows have the labels " + SomeNames(names) + "; check --labels";
  }
  return {ErrorCode::kInvalidData, message, hint};
}

}  // namespace

Result<Dataset> ReadDataset(std::span<const std::filesystem::path> files, const ReadOptions& options,
                            ReadReport& report) {
  report = {};
  if (files.empty()) return Fail(ErrorCode::kInvalidArgument, "no data file given", "name at least one");
  const Plan plan = TRY(MakePlan(options, true));
  Dataset dataset;
  bool labels_given = true;
  if (options.labels) {
    dataset.labels = *options.labels;
  } else if (!options.labels_file.empty()) {
    dataset.labels = TRY(ReadLabels(options.labels_file));
  } else {
    labels_given = false;
  }

  // Labels get provisional ids in order of appearance, or their final ones where they are given.
  std::unordered_map<std::string, int32_t> ids;
  for (const std::string& name : dataset.labels.names) ids.emplace(name, static_cast<int32_t>(ids.size()));
  dataset.multi_label = options.problem_type == ProblemType::kMulti;
  for (const std::filesystem::path& file : files) {
    FileScan scan = TRY(FileScan::Open(file, plan, report));
    // Named 0/1 columns are labels even where no row has a 1.
    if (const auto& columns = report.files.back().label_fields; columns.size() > 1 && !labels_given) {
      for (const std::string& name : columns) ids.emplace(name, static_cast<int32_t>(ids.size()));
    }
    for (;;) {
      const FileScan::Outcome outcome = TRY(scan.Next());
      if (outcome == FileScan::Outcome::kEnd) break;
      if (outcome == FileScan::Outcome::kDropped) continue;
      Example example;
      bool known = true;
      for (const std::string& name : scan.labels) {
        auto found = ids.find(name);
        if (found == ids.end() && labels_given) {
          ++report.unknown_labels[name];
          if (known) scan.Drop(DropReason::kUnknownLabel, scan.row, "unknown label '" + name + "'");
          known = false;
          continue;
        }
        if (found == ids.end()) found = ids.emplace(name, static_cast<int32_t>(ids.size())).first;
        example.labels.push_back(found->second);
      }
      if (!known) {
        --report.files.back().kept;
        continue;
      }
      example.text = std::move(scan.text);
      example.file = report.files.back().file;
      example.row = scan.row;
      dataset.examples.push_back(std::move(example));
    }
    dataset.multi_label |= scan.multi_label();
  }
  if (dataset.examples.empty()) return std::unexpected(NothingUsable(report));

  if (!labels_given) {
    std::vector<int32_t> final_ids(ids.size());
    for (const auto& [name, id] : ids) dataset.labels.names.push_back(name);
    SortLabels(dataset.labels.names);
    for (size_t i = 0; i < dataset.labels.size(); ++i) {
      final_ids[static_cast<size_t>(ids.at(dataset.labels.names[i]))] = static_cast<int32_t>(i);
    }
    for (Example& example : dataset.examples) {
      for (int32_t& id : example.labels) id = final_ids[static_cast<size_t>(id)];
    }
  }
  for (Example& example : dataset.examples) {
    std::ranges::sort(example.labels);
    for (const int32_t id : example.labels) ++report.label_counts[dataset.labels.names[static_cast<size_t>(id)]];
  }
  const size_t needed = dataset.multi_label ? 1 : 2;
  if (dataset.labels.size() < needed) {
    const std::string what = dataset.labels.size() == 0
                                 ? "no row has a label"
                                 : "every row has the same label, '" + dataset.labels.names[0] + "'";
    return Fail(ErrorCode::kInvalidData, report.files[0].file + ": " + what,
                "a classifier needs texts of at least two labels; check --label-field and --filter");
  }
  return dataset;
}

Result<void> ForEachText(const std::filesystem::path& file, const ReadOptions& options, ReadReport& report,
                         const std::function<Result<void>(std::string_view text, size_t row)>& take) {
  report = {};
  const Plan plan = TRY(MakePlan(options, false));
  FileScan scan = TRY(FileScan::Open(file, plan, report));
  for (;;) {
    const FileScan::Outcome outcome = TRY(scan.Next());
    if (outcome == FileScan::Outcome::kEnd) return {};
    if (outcome == FileScan::Outcome::kKept) TRY(take(scan.text, scan.row));
  }
}

Result<std::vector<std::string>> ReadTexts(const std::filesystem::path& file, const ReadOptions& options,
                                           ReadReport* report) {
  ReadReport unused;
  std::vector<std::string> texts;
  TRY(ForEachText(file, options, report == nullptr ? unused : *report,
                  [&](std::string_view text, size_t) -> Result<void> {
                    texts.emplace_back(text);
                    return {};
                  }));
  return texts;
}

void CanonicalBytes(const Dataset& dataset, const std::function<void(std::string_view)>& take) {
  const auto number = [&](size_t value) { take(std::to_string(value) + ":"); };
  take(dataset.multi_label ? "winnow data 1 multi\n" : "winnow data 1 single\n");
  number(dataset.labels.size());
  for (const std::string& name : dataset.labels.names) {
    number(name.size());
    take(name);
  }
  number(dataset.examples.size());
  for (const Example& example : dataset.examples) {
    number(example.labels.size());
    for (const int32_t id : example.labels) number(static_cast<size_t>(id));
    number(example.text.size());
    take(example.text);
  }
}

}  // namespace winnow
