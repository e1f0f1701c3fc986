#include "doctor/doctor.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string>

#include "base/json_or_null.h"
#include "base/log.h"
#include "base/progress.h"
#include "doctor/class_findings.h"
#include "doctor/label_errors.h"
#include "doctor/near_duplicates.h"
#include "doctor/out_of_fold.h"
#include "doctor/outliers.h"
#include "evaluate/text_table.h"
#include "text/input_text.h"

namespace winnow {
namespace {

// Of fewer texts (near duplicates counting as one) a class can't be learnt well enough to contradict its labels.
constexpr size_t kLeastJudged = 5;

/// The labels' numbers of groups, of those with and those without it.
struct Support {
  std::vector<size_t> with;
  size_t groups = 0;
};

Support SupportOf(const Dataset& dataset, const DuplicateGroups& groups) {
  std::set<std::pair<int32_t, size_t>> pairs;
  std::set<size_t> all;
  for (size_t t = 0; t < dataset.examples.size(); ++t) {
    for (const int32_t id : dataset.examples[t].labels) pairs.emplace(id, groups.group_of[t]);
    all.insert(groups.group_of[t]);
  }
  Support support{.with = std::vector<size_t>(dataset.labels.size(), 0), .groups = all.size()};
  for (const auto& [id, group] : pairs) ++support.with[static_cast<size_t>(id)];
  return support;
}

class LabelJudge {
 public:
  LabelJudge(const Dataset& dataset, const DuplicateGroups& groups, const DoctorOptions& options,
             DataQualityReport& result)
      : dataset_(dataset), groups_(groups), options_(options), result_(result) {}

  Result<void> Judge(ThreadPool& pool, const DoctorProgress& progress) {
    const Support support = SupportOf(dataset_, groups_);
    const size_t labels = dataset_.labels.size();
    for (size_t label = 0; label < labels; ++label) {
      // Of texts with any number of labels each label is a question with two answers.
      const bool both = !dataset_.multi_label || support.groups >= support.with[label] + kLeastJudged;
      judged_.push_back(support.with[label] >= kLeastJudged && both ? 1 : 0);
    }
    const auto count = static_cast<size_t>(std::ranges::count(judged_, 1));
    if (count < (dataset_.multi_label ? 1u : 2u) || support.groups < static_cast<size_t>(options_.folds)) {
      result_.not_judged =
          "labels are not checked for errors: fewer than two have " + std::to_string(kLeastJudged) + " distinct texts";
      return {};
    }
    if (count < labels) {
      result_.not_judged = std::to_string(labels - count) + " of " + std::to_string(labels) +
                           " labels are not checked for errors: too few distinct texts";
    }
    const auto done = progress("check labels", static_cast<size_t>(options_.folds));
    const std::vector<float> probabilities = TRY(OutOfFoldProbabilities(
        dataset_, groups_.group_of, options_.folds, options_.seed, DoubtConfiguration(), pool, [&] { done(1); }));
    return dataset_.multi_label ? JudgeSets(probabilities) : JudgeLabels(probabilities);
  }

 private:
  const std::string& Name(int32_t id) const { return dataset_.labels.names[static_cast<size_t>(id)]; }
  bool Judged(int32_t id) const { return judged_[static_cast<size_t>(id)] != 0; }
  size_t SuspectsWanted() const {
    return static_cast<size_t>(options_.suspects * static_cast<double>(dataset_.examples.size()));
  }

  Result<void> JudgeLabels(const std::vector<float>& probabilities) {
    std::vector<int32_t> given;
    for (const Example& example : dataset_.examples) {
      given.push_back(Judged(example.labels.front()) ? example.labels.front() : -1);
    }
    const LabelErrors found = TRY(FindLabelErrors(probabilities, given, dataset_.labels.size()));
    size_t agree = 0;
    for (size_t rank = 0; rank < found.doubts.size(); ++rank) {
      const LabelDoubt& doubt = found.doubts[rank];
      const bool other = doubt.suggested_confidence > doubt.self_confidence;
      agree += other ? 0 : 1;
      if (doubt.error) ++result_.label_errors;
      if (!doubt.error && (rank >= SuspectsWanted() || !other)) continue;
      Add(doubt.text, doubt.self_confidence, Name(doubt.suggested),
          fmt::format("{} {:.2f}, {} {:.2f}{}", Name(doubt.suggested), doubt.suggested_confidence, Name(doubt.given),
                      doubt.self_confidence, doubt.error ? "" : "; uncertain"));
    }
    Conclude(found.doubts.size(), agree, found.doubts.size());
    return {};
  }

  /// Adds one finding per text, which suggests to invert all labels of the text that are in doubt.
  Result<void> JudgeSets(const std::vector<float>& probabilities) {
    const size_t labels = dataset_.labels.size();
    std::vector<int8_t> has(probabilities.size(), 0);
    for (size_t t = 0; t < dataset_.examples.size(); ++t) {
      for (const int32_t id : dataset_.examples[t].labels) has[t * labels + static_cast<size_t>(id)] = 1;
    }
    for (size_t i = 0; i < has.size(); ++i) {
      if (judged_[i % labels] == 0) has[i] = -1;
    }
    const LabelErrors found = TRY(FindMultiLabelErrors(probabilities, has, labels));
    struct Doubts {
      double self_confidence = 1;
      bool error = false;
      std::set<int32_t> turned = {};
      std::string note = {};
    };
    std::map<size_t, Doubts> of_text;
    size_t agree = 0;
    for (const LabelDoubt& doubt : found.doubts) {
      const bool other = doubt.suggested_confidence > doubt.self_confidence;
      agree += other ? 0 : 1;
      const bool in_time = other && (of_text.size() < SuspectsWanted() || of_text.contains(doubt.text));
      if (!doubt.error && !in_time) continue;
      Doubts& doubts = of_text[doubt.text];
      doubts.self_confidence = std::min(doubts.self_confidence, doubt.self_confidence);
      doubts.error = doubts.error || doubt.error;
      doubts.turned.insert(doubt.given);
      const bool lacks = has[doubt.text * labels + static_cast<size_t>(doubt.given)] == 0;
      doubts.note +=
          fmt::format("{}{} {:.2f}{}", doubts.note.empty() ? "" : ", ", Name(doubt.given),
                      lacks ? 1 - doubt.self_confidence : doubt.self_confidence, lacks ? " (label missing)" : "");
    }
    for (const auto& [text, doubts] : of_text) {
      if (doubts.error) ++result_.label_errors;
      std::set<int32_t> set(dataset_.examples[text].labels.begin(), dataset_.examples[text].labels.end());
      for (const int32_t id : doubts.turned) {
        if (!set.insert(id).second) set.erase(id);
      }
      Add(text, doubts.self_confidence, LabelText(dataset_.labels, std::vector(set.begin(), set.end())),
          doubts.note + (doubts.error ? "" : "; uncertain"));
    }
    Conclude(dataset_.examples.size(), agree, found.doubts.size());
    return {};
  }

  void Add(size_t text, double self_confidence, std::string suggested, std::string note) {
    result_.findings.push_back({.kind = FindingKind::kLabelError,
                                .text = text,
                                .label = LabelText(dataset_.labels, dataset_.examples[text].labels),
                                .suggested = std::move(suggested),
                                .score = 1 - self_confidence,
                                .note = std::move(note)});
  }

  void Conclude(size_t judged, size_t agree, size_t of) {
    result_.judged = judged;
    if (of > 0) result_.agreement = static_cast<double>(agree) / static_cast<double>(of);
  }

  const Dataset& dataset_;
  const DuplicateGroups& groups_;
  const DoctorOptions& options_;
  DataQualityReport& result_;
  std::vector<char> judged_;  // by label
};

void Append(std::vector<Finding>& findings, std::vector<Finding> more) {
  findings.insert(findings.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

std::string Counted(size_t count, std::string_view what) {
  return fmt::format("{} {}{}", FormatCount(static_cast<int64_t>(count)), what, count == 1 ? "" : "s");
}

}  // namespace

Result<DataQualityReport> CheckDataQuality(const Dataset& dataset, const std::vector<DataPart>& parts,
                                           const DoctorOptions& options, ThreadPool& pool,
                                           const DoctorProgress& progress) {
  const DoctorProgress told =
      progress ? progress : [](std::string_view, size_t) { return std::function<void(size_t)>([](size_t) {}); };
  DataQualityReport result;
  result.texts = dataset.examples.size();
  result.labels = dataset.labels.size();
  result.multi_label = dataset.multi_label;
  for (const DataPart part : parts) ++result.part_sizes[static_cast<size_t>(part)];
  const std::vector<std::string_view> texts = [&] {
    std::vector<std::string_view> views;
    for (const Example& example : dataset.examples) views.emplace_back(example.text);
    return views;
  }();
  const DuplicateGroups groups =
      TRY(FindDuplicates(texts, options.near, pool, told("compare texts", 2 * texts.size())));
  Append(result.findings, FindDuplicateFindings(dataset, parts, groups, options.near));
  Append(result.findings, FindClassFindings(dataset, groups));
  Append(result.findings, FindOutliers(dataset));
  TRY(LabelJudge(dataset, groups, options, result).Judge(pool, told));
  SortFindings(result.findings);
  return result;
}

namespace {

/// Returns the share of the most frequent label, of the labels of all texts.
double LargestShare(const Dataset& dataset) {
  std::vector<size_t> counts(dataset.labels.size());
  size_t all = 0;
  for (const Example& example : dataset.examples) {
    for (const int32_t id : example.labels) {
      ++counts[static_cast<size_t>(id)];
      ++all;
    }
  }
  return all == 0 ? 0.0 : static_cast<double>(std::ranges::max(counts)) / static_cast<double>(all);
}

}  // namespace

std::string DataQualityText(const DataQualityReport& report, const Dataset& dataset) {
  constexpr size_t kExamples = 3;
  constexpr size_t kWidth = 96;
  const std::array<size_t, kFindingKinds> counts = CountFindings(report.findings);
  std::string text = fmt::format("{}, {}", Counted(report.texts, "text"), Counted(report.labels, "label"));
  if (report.part_sizes[0] != report.texts) {
    text += fmt::format(" (training {}, validation {}, test {})", report.part_sizes[0], report.part_sizes[1],
                        report.part_sizes[2]);
  }
  text += "; " + Counted(report.findings.size(), "finding") + "\n\n";
  TextTable table(1);
  for (size_t kind = 0; kind < kFindingKinds; ++kind) {
    if (counts[kind] == 0) continue;
    std::string heading(FindingHeading(static_cast<FindingKind>(kind)));
    if (static_cast<FindingKind>(kind) == FindingKind::kLabelError) {
      heading += fmt::format(" ({} with high confidence)", FormatCount(static_cast<int64_t>(report.label_errors)));
    }
    table.Add({heading, FormatCount(static_cast<int64_t>(counts[kind]))});
  }
  text += table.Text();
  if (report.agreement) {
    text += fmt::format("\nout-of-fold predictions of a linear model agree with {:.1f} % of the labels\n",
                        100 * *report.agreement);
    const double most_frequent = LargestShare(dataset);
    if (!report.multi_label && *report.agreement <= most_frequent) {
      text += fmt::format(
          "this is not more than the share of the most frequent label, {:.1f} %: the model has learnt nothing about the "
          "labels, so the probable label errors are not reliable\n",
          100 * most_frequent);
    }
  }
  if (!report.not_judged.empty()) text += "\n" + report.not_judged + "\n";

  size_t shown = 0;
  const Finding* last = nullptr;
  for (const Finding& finding : report.findings) {
    if (last == nullptr || last->kind != finding.kind) {
      shown = 0;
      text += fmt::format("\n{}\n", FindingHeading(finding.kind));
    }
    last = &finding;
    if (++shown > kExamples) continue;
    const std::string where = finding.text ? PlaceText(dataset.examples[*finding.text]) + "  " : std::string();
    const std::string labels =
        finding.label + (finding.suggested.empty() || finding.suggested == kDropFix ? "" : " -> " + finding.suggested);
    text += "  " + ShownName(where + labels + "  (" + finding.note + ")", kWidth) + "\n";
    if (finding.text)
      text += "    " + ShownName(Printable(WithoutSeparators(dataset.examples[*finding.text].text)), kWidth - 2) + "\n";
  }
  return text;
}

Json DataQualityJson(const DataQualityReport& report, const Dataset& dataset) {
  using Json = Json;
  const std::array<size_t, kFindingKinds> counts = CountFindings(report.findings);
  Json json = {{"texts", report.texts}, {"labels", report.labels}, {"multi_label", report.multi_label}};
  json["parts"] = {
      {"train", report.part_sizes[0]}, {"validation", report.part_sizes[1]}, {"test", report.part_sizes[2]}};
  json["counts"] = Json::object();
  for (size_t kind = 0; kind < kFindingKinds; ++kind) {
    json["counts"][std::string(FindingName(static_cast<FindingKind>(kind)))] = counts[kind];
  }
  json["labels_judged"] = {{"texts", report.judged},
                           {"errors", report.label_errors},
                           {"agreement", OrNull(report.agreement)},
                           {"note", report.not_judged}};
  json["findings"] = Json::array();
  for (const Finding& finding : report.findings) {
    Json& row = json["findings"].emplace_back();
    row["kind"] = FindingName(finding.kind);
    row["file"] = finding.text ? Json(dataset.examples[*finding.text].file) : Json(nullptr);
    row["line"] = finding.text ? Json(dataset.examples[*finding.text].row) : Json(nullptr);
    row["label"] = finding.label;
    row["suggested"] = finding.suggested;
    row["score"] = finding.score;
    row["note"] = finding.note;
  }
  return json;
}

}  // namespace winnow
