#include "evaluate/robustness.h"

#include <optional>

#include "evaluate/evaluation.h"
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

}  // namespace winnow
