#include "data/dataset.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include "base/suggest.h"
#include "data/any_labels.h"
#include "data/file_scan.h"
#include "data/label_names.h"
#include "data/label_warnings.h"

namespace winnow {
namespace {

/// Labels that a map made one have their shares together. Unknown labels are different ones.
void AddShare(int32_t id, float share, Example& example) {
  if (id == kUnknownLabelId) {
    example.shares.emplace_back(id, share);
    return;
  }
  const auto same = std::ranges::find(example.shares, id, &std::pair<int32_t, float>::first);
  if (same == example.shares.end()) {
    example.shares.emplace_back(id, share);
  } else {
    same->second += share;
  }
}

/// Returns the error of files without usable rows. `filter_advice` is about the first file of which the filter keeps no
/// row.
Error NothingUsable(const ReadReport& report, const std::string& filter_advice = "") {
  std::string files;
  for (const FileReport& file : report.files) files += (files.empty() ? "" : ", ") + file.file;
  if (report.rows() == 0) {
    const bool header = std::ranges::any_of(
        report.files, [](const FileReport& file) { return file.description.contains("with a header"); });
    return {ErrorCode::kInvalidData, files + (header ? ": contains a header, but no rows" : ": contains no rows"),
            "add a row for each text, with the text and its label"};
  }
  std::string message = files + ": no usable row among " + std::to_string(report.rows());
  for (size_t i = 0; i < kDropReasons; ++i) {
    const auto reason = static_cast<DropReason>(i);
    if (report.Dropped(reason) > 0) {
      message += "; " + std::to_string(report.Dropped(reason)) + " " + std::string(DropReasonText(reason));
    }
  }
  std::string hint = "check --text-field and --label-field";
  if (report.Dropped(DropReason::kFiltered) > 0) {
    hint = filter_advice.empty() ? "check --filter" : filter_advice;
  }
  if (!report.unknown_labels.empty()) {
    std::vector<std::string> names;
    for (const auto& [name, count] : report.unknown_labels) names.push_back(name);
    hint = "the rows have the labels " + SomeNames(names) + "; " +
           (report.labels_source.starts_with("--") ? "check " : "") + report.labels_source + ": " +
           SomeNames(report.known_labels);
    if (report.labels_source == "--labels") hint += "; a preset may have set it, and --labels of your own replaces it";
  }
  return {ErrorCode::kInvalidData, message, hint};
}

/// Ids of labels while files are read: final ones where the labels are given; else provisional ones, in the order of
/// their appearance. Spellings of one value have one id.
class LabelIds {
 public:
  /// `map` gives labels new names; it must outlive this object.
  LabelIds(const LabelSet& labels, bool given, UnknownLabels unknown, const decltype(ReadOptions::label_map)& map)
      : given_(given), unknown_(unknown), map_(map) {
    for (const std::string& name : labels.names) Add(name);
    for (const auto& [from, to] : map) map_by_key_.emplace(LabelKey(from), from);
  }

  /// Makes `names` of a file labels, unless labels are given.
  void AddNames(std::span<const std::string> names) {
    if (given_) return;
    for (const std::string& name : names) {
      const std::string& label = Mapped(name);
      if (!Find(label)) Add(label);
    }
  }

  /// Gives `example` the labels and shares of the row that `scan` is at. Returns false if one is unknown and its row
  /// was dropped.
  bool SetLabels(FileScan& scan, ReadReport& report, Example& example) {
    bool known = true;
    for (size_t i = 0; i < scan.labels.size(); ++i) {
      const std::string& name = Mapped(scan.labels[i]);
      std::optional<int32_t> id = Find(name);
      if (!id && given_) {
        ++report.unknown_labels[name];
        TakeUnknown(name, known, scan, report);
        known = false;
        example.unknown_labels.push_back(name);
        example.labels.push_back(kUnknownLabelId);
        if (!scan.shares.empty()) AddShare(kUnknownLabelId, static_cast<float>(scan.shares[i]), example);
        continue;
      }
      if (!id) id = Add(name);
      example.labels.push_back(*id);
      if (!scan.shares.empty()) AddShare(*id, static_cast<float>(scan.shares[i]), example);
    }
    return known || unknown_ != UnknownLabels::kDrop;
  }

  /// Sorts the names that were found, and gives all examples the ids that follow from their order. Given labels keep
  /// theirs.
  void MakeFinal(Dataset& dataset) const {
    if (given_) return;
    dataset.labels.names = names_;
    SortLabels(dataset.labels.names);
    std::vector<int32_t> final_ids(names_.size());
    for (size_t i = 0; i < names_.size(); ++i) {
      final_ids[static_cast<size_t>(ids_.at(dataset.labels.names[i]))] = static_cast<int32_t>(i);
    }
    for (Example& example : dataset.examples) {
      for (int32_t& id : example.labels) id = final_ids[static_cast<size_t>(id)];
      for (auto& [id, share] : example.shares) id = final_ids[static_cast<size_t>(id)];
    }
  }

  /// Adds warnings for spellings that were read as one label, and for names that may be something else than labels.
  void Warn(ReadReport& report, bool multi_label) const {
    for (const auto& [spelling, name] : joined_) {
      report.warnings.push_back("'" + spelling + "' and '" + name + "' are read as one label, '" + name + "'");
    }
    if (!given_) {
      const std::vector<std::string> warnings = LabelWarnings(names_, multi_label);
      report.warnings.insert(report.warnings.end(), warnings.begin(), warnings.end());
    }
  }

  /// Adds a warning for names in the label map that no row had.
  void WarnOfMap(ReadReport& report) const {
    for (const auto& [from, to] : map_) {
      if (used_.contains(from)) continue;
      const std::vector<std::string> others(unmapped_.begin(), unmapped_.end());
      // Where each label of the data has a replacement, the rest is for other data, as in a preset.
      if (others.empty()) continue;
      report.warnings.push_back("--label-map: no row has the label '" + from + "'; " +
                                DidYouMean(from, others, "labels without a replacement: " + SomeNames(others)));
    }
  }

 private:
  /// The name that a label of a file has after the label map.
  const std::string& Mapped(const std::string& label) {
    if (map_.empty()) return label;
    auto mapped = map_.find(label);
    if (mapped == map_.end()) {
      const auto other = map_by_key_.find(LabelKey(label));
      if (other == map_by_key_.end()) {
        unmapped_.insert(label);
        return label;
      }
      mapped = map_.find(other->second);
    }
    used_.insert(mapped->first);
    return mapped->second;
  }

  /// The id of a name, or of another spelling of it.
  std::optional<int32_t> Find(const std::string& name) {
    if (const auto found = ids_.find(name); found != ids_.end()) return found->second;
    const auto found = by_key_.find(LabelKey(name));
    if (found == by_key_.end()) return std::nullopt;
    ids_.emplace(name, found->second);
    joined_.emplace(name, names_[static_cast<size_t>(found->second)]);
    return found->second;
  }

  int32_t Add(const std::string& name) {
    const auto id = static_cast<int32_t>(names_.size());
    names_.push_back(name);
    ids_.emplace(name, id);
    by_key_.emplace(LabelKey(name), id);
    return id;
  }

  /// Counts a row with an unknown label, `first` if it is the row's first one.
  void TakeUnknown(const std::string& name, bool first, FileScan& scan, ReadReport& report) const {
    if (!first) return;
    const std::string why = "unknown label '" + name + "'";
    if (unknown_ == UnknownLabels::kDrop) return scan.Drop(DropReason::kUnknownLabel, scan.row, why);
    ++report.unknown_label_texts;
    if (report.unknown_label_texts <= ReadReport::kMaxExamples)
      report.examples.push_back(scan.Place(scan.row) + ": " + why);
  }

  const bool given_;
  const UnknownLabels unknown_;
  const decltype(ReadOptions::label_map)& map_;
  std::vector<std::string> names_;                // by id
  std::unordered_map<std::string, int32_t> ids_;  // by spelling
  std::unordered_map<std::string, int32_t> by_key_;
  std::unordered_map<std::string, std::string> map_by_key_;  // names in the map, by value
  std::set<std::string> used_;                               // names in the map that rows had
  std::set<std::string> unmapped_;                           // labels of rows that the map does not have
  std::map<std::string, std::string> joined_;                // other spellings, and the names that they were read as
};

/// Puts labels and shares in ascending order, each label once. The label of a text with shares is the largest one's.
void OrderLabels(Example& example) {
  std::ranges::sort(example.shares);
  if (!example.shares.empty()) {
    example.labels = {std::ranges::max_element(example.shares, {}, &std::pair<int32_t, float>::second)->first};
    std::erase_if(example.shares, [](const auto& share) { return share.first == kUnknownLabelId; });
    if (example.labels.front() != kUnknownLabelId) example.unknown_labels.clear();
  }
  std::ranges::sort(example.labels);
  example.labels.erase(std::unique(example.labels.begin(), example.labels.end()), example.labels.end());
}

/// Errors: kInvalidData for unknown labels that are refused, or if no row has a known label: then the label field or
/// the labels are probably not the ones that were meant.
Result<void> CheckUnknown(UnknownLabels unknown, const Dataset& dataset, const ReadReport& report) {
  if (report.unknown_label_texts == 0) return {};
  const auto known = [](const Example& example) { return !example.labels.empty() && example.labels.back() >= 0; };
  if (std::ranges::none_of(dataset.examples, known)) return std::unexpected(NothingUsable(report));
  if (unknown != UnknownLabels::kRefuse) return {};
  std::vector<std::string> names;
  for (const auto& [name, count] : report.unknown_labels) names.push_back(name + " (" + std::to_string(count) + ")");
  const size_t rows = report.unknown_label_texts;
  std::string what = std::to_string(rows) + (rows == 1 ? " row has" : " rows have") +
                     " labels that are not among the " + report.labels_source + ": " + SomeNames(names);
  for (const std::string& example : report.examples) {
    if (example.find("unknown label") != std::string::npos) what += "\n  " + example;
  }
  if (rows > ReadReport::kMaxExamples)
    what += "\n  and " + std::to_string(rows - ReadReport::kMaxExamples) + " more rows";
  return Fail(ErrorCode::kInvalidData, what,
              "correct the labels; or count these rows as errors with --unknown-labels error, or leave them out with "
              "--unknown-labels drop");
}

/// Errors: kInvalidData for fewer labels than a classifier needs.
Result<void> RequireLabels(const Dataset& dataset, const ReadReport& report) {
  const size_t needed = dataset.multi_label ? 1 : 2;
  if (dataset.labels.size() >= needed) return {};
  std::string what = report.files[0].file + ": " +
                     (dataset.labels.size() == 0 ? "no row has a label"
                                                 : "every row has the same label, '" + dataset.labels.names[0] + "'");
  const size_t unreadable = report.Dropped(DropReason::kUnreadable);
  const size_t incomplete = report.Dropped(DropReason::kEmptyText) + report.Dropped(DropReason::kNoLabel);
  if (unreadable + incomplete > 0) {
    what += "; " + std::to_string(unreadable + incomplete) + " of " + std::to_string(report.rows()) + " rows are " +
            (incomplete == 0   ? "unreadable:"
             : unreadable == 0 ? "without text or label:"
                               : "unreadable or incomplete:");
    for (size_t i = 0; i < std::min<size_t>(report.examples.size(), 3); ++i) what += "\n  " + report.examples[i];
    return Fail(ErrorCode::kInvalidData, what,
                unreadable > 0 ? "correct these rows, or check --delimiter and --quoting"
                               : "correct these rows, or check --text-field and --label-field");
  }
  return Fail(ErrorCode::kInvalidData, what,
              "a classifier needs texts with at least two labels; check --label-field and --filter");
}

/// Returns how Winnow's own file among the files is read.
ReadOptions OptionsOfOwnFile(ReadOptions options) {
  options.filter = options.own_file->filter;
  options.format = {.format = "jsonl"};
  return options;
}

}  // namespace

std::vector<std::string_view> TextViews(const Dataset& dataset) {
  std::vector<std::string_view> texts;
  texts.reserve(dataset.examples.size());
  for (const Example& example : dataset.examples) texts.push_back(example.text);
  return texts;
}

std::vector<InputTextView> InputTexts(const Dataset& dataset) {
  std::vector<InputTextView> texts;
  texts.reserve(dataset.examples.size());
  for (const Example& example : dataset.examples) texts.push_back(InputTextView::OfJoined(example.text));
  return texts;
}

Result<Dataset> ReadDataset(std::span<const std::filesystem::path> files, const ReadOptions& options,
                            ReadReport& report) {
  Dataset dataset = TRY(ReadDatasetOfAnyLabels(files, options, report));
  TRY(RequireLabels(dataset, report));
  return dataset;
}

Result<Dataset> ReadDatasetOfAnyLabels(std::span<const std::filesystem::path> files, const ReadOptions& options,
                                       ReadReport& report) {
  report = {};
  if (files.empty())
    return Fail(ErrorCode::kInvalidArgument, "no data file is specified", "specify at least one data file");
  ReadPlan plan = TRY(MakeReadPlan(options, true)), own_plan;
  if (options.own_file) own_plan = TRY(MakeReadPlan(OptionsOfOwnFile(options), true));
  Dataset dataset;
  if (options.labels) {
    dataset.labels = *options.labels;
  } else if (!options.labels_file.empty()) {
    dataset.labels = TRY(ReadLabels(options.labels_file));
  }
  if (dataset.labels.size() > 0) {
    report.known_labels = dataset.labels.names;
    report.labels_source = options.labels_source;
  }
  plan.labels.given_labels = own_plan.labels.given_labels = dataset.labels.names;
  LabelIds ids(dataset.labels, options.labels.has_value() || !options.labels_file.empty(), options.unknown_labels,
               options.label_map);

  std::string filter_advice;
  dataset.multi_label = options.problem_type == ProblemType::kMulti;
  for (const std::filesystem::path& file : files) {
    const bool own = options.own_file && options.own_file->file == file;
    FileScan scan = TRY(FileScan::Open(file, own ? own_plan : plan, report));
    // Named 0/1 columns are labels even where no row has a 1.
    if (const auto& columns = report.files.back().label_fields; columns.size() > 1) ids.AddNames(columns);
    for (;;) {
      const FileScan::Outcome outcome = TRY(scan.Next());
      if (outcome == FileScan::Outcome::kEnd) break;
      if (outcome == FileScan::Outcome::kDropped) continue;
      Example example;
      if (!ids.SetLabels(scan, report, example)) {
        --report.files.back().kept;
        continue;
      }
      example.text = std::move(scan.text);
      example.file = report.files.back().file;
      example.row = scan.row;
      dataset.examples.push_back(std::move(example));
    }
    ids.AddNames(scan.positions());
    dataset.multi_label |= scan.multi_label();
    if (filter_advice.empty()) filter_advice = scan.filter_advice();
  }
  if (dataset.examples.empty()) return std::unexpected(NothingUsable(report, filter_advice));

  ids.MakeFinal(dataset);
  report.unknown_label_texts = 0;
  for (Example& example : dataset.examples) {
    OrderLabels(example);
    report.unknown_label_texts += example.unknown_labels.empty() ? 0 : 1;
    for (const int32_t id : example.labels) {
      if (id >= 0) ++report.label_counts[dataset.labels.names[static_cast<size_t>(id)]];
    }
  }
  report.unknown_labels_are_errors = options.unknown_labels == UnknownLabels::kError;
  TRY(CheckUnknown(options.unknown_labels, dataset, report));
  ids.Warn(report, dataset.multi_label);
  // The label map of a model may name labels that other data does not have.
  if (options.labels_source.starts_with("--")) ids.WarnOfMap(report);
  return dataset;
}

Result<void> ForEachText(const std::filesystem::path& file, const ReadOptions& options, ReadReport& report,
                         const std::function<Result<void>(std::string_view text, size_t row)>& take, BadRows bad_rows) {
  report = {};
  ReadPlan plan = TRY(MakeReadPlan(options, false));
  plan.texts_needed = true;
  plan.limits_bad_rows = bad_rows != BadRows::kSkip;
  FileScan scan = TRY(FileScan::Open(file, plan, report));
  for (;;) {
    if (bad_rows == BadRows::kRefuse && !scan.bad_row().empty()) {
      return Fail(ErrorCode::kInvalidData, scan.bad_row(),
                  "correct the row, or specify --skip-bad-rows to leave out rows that cannot be read");
    }
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
    for (const auto& [id, share] : example.shares) {
      number(static_cast<size_t>(id));
      take(std::to_string(share) + ":");
    }
    number(example.text.size());
    take(example.text);
  }
}

}  // namespace winnow
