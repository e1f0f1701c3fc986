#include "report/measured_model.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/interrupt.h"
#include "base/progress.h"
#include "decide/decide.h"
#include "evaluate/evaluation.h"
#include "report/measure_model.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

/// The positions of the texts of a data set by file and row. A row that was read twice has two positions.
std::map<std::pair<std::string_view, size_t>, std::vector<size_t>> TextsByRow(const Dataset& dataset) {
  std::map<std::pair<std::string_view, size_t>, std::vector<size_t>> by_row;
  for (size_t i = dataset.examples.size(); i-- > 0;) {
    by_row[{dataset.examples[i].file, dataset.examples[i].row}].push_back(i);
  }
  return by_row;
}

std::vector<std::string> SortedNames(const Dataset& dataset, size_t i) {
  std::vector<std::string> names;
  for (const int32_t label : dataset.examples[i].labels) {
    if (label >= 0) names.push_back(dataset.labels.names[static_cast<size_t>(label)]);
  }
  names.insert(names.end(), dataset.examples[i].unknown_labels.begin(), dataset.examples[i].unknown_labels.end());
  std::ranges::sort(names);
  return names;
}

void Keep(const std::vector<size_t>& kept, Dataset& dataset) {
  std::vector<Example> examples;
  examples.reserve(kept.size());
  for (const size_t i : kept) examples.push_back(std::move(dataset.examples[i]));
  dataset.examples = std::move(examples);
}

ReportedModel About(const fs::path& bundle, const Manifest& manifest) {
  return {.name = manifest.name.empty() ? bundle.filename().string() : manifest.name,
          .bundle = bundle.string(),
          .version = manifest.version,
          .kind = manifest.kind,
          .base_model = BaseModelOf(bundle),
          .weights = {},
          .max_length = manifest.max_length,
          .thresholds = {}};
}

}  // namespace

Result<MeasuredModel> MeasureOnTexts(const fs::path& bundle, const BundleClassifier& classifier, Dataset dataset,
                                     const ClassifyOptions& options) {
  TRY(classifier.CheckOptions(options));
  MeasuredModel measured{.about = About(bundle, classifier.manifest()),
                         .dataset = std::move(dataset),
                         .probabilities = {},
                         .decided = {},
                         .metrics = {}};
  measured.about.weights = classifier.weights();
  if (classifier.positive_label() >= 0 && !classifier.multi_label()) {
    const Thresholds& t = classifier.manifest().thresholds;
    measured.about.thresholds = ModeThresholds{.strict = static_cast<float>(t.strict),
                                               .moderate = static_cast<float>(t.moderate),
                                               .lenient = static_cast<float>(t.lenient)};
  }
  const std::vector<InputTextView> texts = InputTexts(measured.dataset);
  ProgressBar bar("evaluate", static_cast<int64_t>(texts.size()));
  ScopedProbabilities scoped = TRY(ProbabilitiesAndScope(classifier, texts, [&](size_t done) {
    bar.Set(static_cast<int64_t>(done));
    return !Interrupted();
  }));
  measured.probabilities = std::move(scoped.probabilities);
  measured.rejected = std::move(scoped.rejected);
  bar.Finish();
  const auto decide = [&](std::span<const float> row) { return classifier.DecideOne(row, options); };
  measured.metrics = TRY(EvaluatePredictions({.probabilities = measured.probabilities,
                                              .labels = classifier.labels(),
                                              .multi_label = classifier.multi_label(),
                                              .positive_label = classifier.positive_label(),
                                              .decide = decide,
                                              .rejected = measured.rejected},
                                             measured.dataset));
  measured.decided = DecideTexts(measured.dataset, measured.probabilities, classifier.positive_label(), decide);
  return measured;
}

Result<MeasuredModel> MeasuredOfFolds(const fs::path& bundle, FoldPredictions folds) {
  MeasuredModel measured{.about = About(bundle, TRY(ReadManifest(bundle))),
                         .dataset = std::move(folds.dataset),
                         .probabilities = std::move(folds.probabilities),
                         .decided = {},
                         .metrics = std::move(folds.pooled)};
  const int32_t positive = measured.metrics.positive_label;
  size_t next = 0;
  // As for the pooled metrics: each fold's model has thresholds of its own.
  measured.decided = DecideTexts(measured.dataset, measured.probabilities, positive, [&](std::span<const float> row) {
    const std::vector<int32_t>& decided = folds.decided[next++];
    if (!measured.dataset.multi_label) {
      Decision decision = Decide(row, {.positive_label = positive});
      decision.label = decided.front();
      decision.confidence = row[static_cast<size_t>(decision.label)];
      return decision;
    }
    Decision decision = DecideMultiLabel(row, {}, {.positive_label = positive});
    decision.labels = decided;
    std::ranges::sort(decision.labels);
    return decision;
  });
  return measured;
}

Result<size_t> KeepCommonTexts(Dataset& first, Dataset& second) {
  auto rows_of_second = TextsByRow(second);
  std::vector<size_t> of_first, of_second;
  for (size_t i = 0; i < first.examples.size(); ++i) {
    const auto found = rows_of_second.find({first.examples[i].file, first.examples[i].row});
    if (found == rows_of_second.end() || found->second.empty()) continue;
    const size_t other = found->second.back();
    found->second.pop_back();
    if (SortedNames(first, i) != SortedNames(second, other)) continue;
    of_first.push_back(i);
    of_second.push_back(other);
  }
  if (of_first.empty()) {
    return Fail(ErrorCode::kInvalidData, "--against: no text has a label that both models have",
                "compare models that were trained on the same labels");
  }
  const size_t left_out = first.examples.size() - of_first.size();
  rows_of_second.clear();
  Keep(of_first, first);
  Keep(of_second, second);
  return left_out;
}

}  // namespace winnow
