#include "evaluate/robustness.h"

#include <fmt/format.h>

#include <optional>

#include "evaluate/evaluation.h"
#include "evaluate/text_table.h"
#include "text/disguise.h"

namespace winnow {
namespace {

struct Step {
  std::string name;
  std::optional<Disguise> disguise;
  double strength = 0;
};

std::vector<Step> Steps(const RobustnessOptions& options) {
  std::vector<Step> steps = {{"none", std::nullopt, 0}};
  for (const Disguise disguise : kAllDisguises) {
    const std::string name(DisguiseName(disguise));
    if (!HasStrength(disguise)) {
      steps.push_back({name, disguise, 1});
      continue;
    }
    for (const double strength : options.strengths) steps.push_back({name, disguise, strength});
  }
  return steps;
}

std::optional<double> Recall(const Metrics& metrics) {
  if (metrics.positive_label < 0) return std::nullopt;
  const ClassMetrics& positive = metrics.per_class[static_cast<size_t>(metrics.positive_label)];
  return positive.support > 0 ? std::optional(positive.recall) : std::nullopt;
}

Json IntervalJson(const std::optional<Interval>& interval) {
  return interval ? Json::array({interval->low, interval->high}) : Json();
}

Json OptionalJson(std::optional<double> value) { return value ? Json(*value) : Json(); }

Json FiguresOf(const Metrics& metrics) {
  return {{"accuracy", metrics.accuracy},
          {"f1_macro", metrics.f1_macro},
          {"recall", OptionalJson(Recall(metrics))},
          {"fpr", OptionalJson(metrics.fpr)},
          {"intervals",
           {{"level", 0.95},
            {"accuracy", IntervalJson(metrics.accuracy_interval)},
            {"f1_macro", IntervalJson(metrics.f1_macro_interval)},
            {"recall", IntervalJson(metrics.recall_interval)},
            {"fpr", IntervalJson(metrics.fpr_interval)}}}};
}

}  // namespace

size_t RobustnessTexts(size_t texts, const RobustnessOptions& options) { return 2 * texts * Steps(options).size(); }

Result<std::vector<RobustnessRow>> MeasureRobustness(const BundleClassifier& classifier, const Dataset& dataset,
                                                     const RobustnessOptions& options,
                                                     const BundleClassifier::Progress& progress) {
  std::vector<RobustnessRow> rows;
  Dataset disguised = dataset;
  size_t before = 0;
  const auto measure = [&]() -> Result<Metrics> {
    const auto in_all = [&](size_t done) { return progress(before + done); };
    const Metrics metrics = TRY(EvaluateClassifier(classifier, disguised, options.classify,
                                                   progress ? BundleClassifier::Progress(in_all) : nullptr));
    before += disguised.examples.size();
    return metrics;
  };
  for (const Step& step : Steps(options)) {
    RobustnessRow row{.disguise = step.name, .strength = step.strength, .changed = 0, .off = {}, .on = {}};
    for (size_t t = 0; t < dataset.examples.size(); ++t) {
      const std::string& text = dataset.examples[t].text;
      std::string& to = disguised.examples[t].text;
      to = step.disguise ? Disguised(*step.disguise, step.strength, text, options.seed) : text;
      row.changed += to != text ? 1 : 0;
    }
    row.off = TRY(measure());
    for (Example& example : disguised.examples) example.text = FoldDisguises(example.text);
    row.on = TRY(measure());
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string RobustnessText(const std::vector<RobustnessRow>& rows, bool folds) {
  if (rows.empty()) return "";
  const Metrics& clean = rows.front().off;
  const std::string positive =
      clean.positive_label < 0 ? "" : ShownName(clean.labels[static_cast<size_t>(clean.positive_label)], 16);
  TextTable table(3);
  std::vector<std::string> heading = {"disguise", "words", "folding", "accuracy", "", "f1_macro"};
  if (!positive.empty()) heading.insert(heading.end(), {"recall of " + positive, "", "fpr", ""});
  table.Add(heading);
  for (const RobustnessRow& row : rows) {
    for (const bool on : {false, true}) {
      const Metrics& metrics = on ? row.on : row.off;
      std::vector<std::string> cells = {on ? "" : row.disguise,
                                        on || row.strength == 0 ? "" : fmt::format("{:.0f} %", 100 * row.strength),
                                        on ? "on" : "off",
                                        FigureText(metrics.accuracy),
                                        RangeText(metrics.accuracy_interval, 3),
                                        FigureText(metrics.f1_macro)};
      if (!positive.empty()) {
        cells.insert(cells.end(), {FigureText(Recall(metrics)), RangeText(metrics.recall_interval, 3),
                                   FigureText(metrics.fpr), RangeText(metrics.fpr_interval, 3)});
      }
      table.Add(cells);
    }
  }
  return fmt::format(
             "{} texts, each under every disguise; words: the share of them that is disguised; 95 % intervals: "
             "Wilson's\n",
             clean.count) +
         table.Text() + fmt::format("this model folds disguises: {}\n", folds ? "yes" : "no");
}

Json RobustnessJson(const std::vector<RobustnessRow>& rows, bool folds) {
  Json json = {{"count", 0}, {"labels", Json::array()}, {"positive_label", nullptr}};
  if (!rows.empty()) {
    const Metrics& clean = rows.front().off;
    json["count"] = clean.count;
    json["labels"] = clean.labels;
    if (clean.positive_label >= 0) json["positive_label"] = clean.labels[static_cast<size_t>(clean.positive_label)];
  }
  json["fold_disguises"] = folds;
  json["rows"] = Json::array();
  for (const RobustnessRow& row : rows) {
    json["rows"].push_back({{"disguise", row.disguise},
                            {"strength", row.strength},
                            {"changed", row.changed},
                            {"off", FiguresOf(row.off)},
                            {"on", FiguresOf(row.on)}});
  }
  return json;
}

}  // namespace winnow
