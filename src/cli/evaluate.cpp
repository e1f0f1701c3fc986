#include <fmt/format.h>

#include "base/files.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/progress.h"
#include "classify/bundle_classifier.h"
#include "cli/commands.h"
#include "cli/data_options.h"
#include "cli/output.h"
#include "evaluate/report.h"

namespace winnow {
namespace {

struct EvaluateOptions : CommonOptions {
  std::filesystem::path bundle;
  std::vector<std::filesystem::path> data;
  std::string text_field;
  std::vector<std::string> label_field;
  std::vector<std::string> filter;
  Mode mode = Mode::kModerate;
  Weights weights = Weights::kAuto;
};

void Describe(EvaluateOptions& options, OptionTable& table) {
  table.AddPositional("bundle", &options.bundle, "The model's directory").ValueName("BUNDLE").Required();
  table.AddPositional("data", &options.data, "Labelled texts: CSV, TSV, JSONL or fastText files, gzip of each")
      .Required();
  table.Group("Data");
  table.Add("text-field", &options.text_field, "Column or key of the text").ValueName("NAME").Default("found by name");
  table.Add("label-field", &options.label_field, "Column or key of the label; several name 0/1 columns")
      .ValueName("NAME")
      .Default("found by name");
  table.Add("filter", &options.filter, "Keep the rows of which this is true: lang=en, chars<320").ValueName("EXPR");
  table.Group("Decision");
  table.AddChoice("mode", &options.mode,
                  {{"strict", Mode::kStrict}, {"moderate", Mode::kModerate}, {"lenient", Mode::kLenient}},
                  "Which of the model's thresholds decides");
  AddWeightsOption(options.weights, table);
  table.Example("winnow evaluate spam held-out.tsv", "figures with their confidence intervals");
}

/// Reads texts as the bundle was trained to read them.
Result<Dataset> ReadFor(const BundleClassifier& classifier, const EvaluateOptions& options) {
  ReadOptions read;
  read.text_field = options.text_field;
  for (const std::string& field : options.label_field)
    read.label_field += (read.label_field.empty() ? "" : ",") + field;
  for (const std::string& filter : options.filter) read.filter += (read.filter.empty() ? "" : " and ") + filter;
  read.template_text = classifier.manifest().text_template;
  read.labels = LabelSet{classifier.labels()};
  read.problem_type = classifier.multi_label() ? ProblemType::kMulti : ProblemType::kSingle;
  ReadReport report;
  Result<Dataset> dataset = ReadDataset(options.data, read, report);
  for (const std::string& line : Lines(report.Text())) LogInfo("{}", line);
  return dataset;
}

Result<Metrics> Evaluate(const BundleClassifier& classifier, const Dataset& dataset, const EvaluateOptions& options) {
  std::vector<std::string_view> texts;
  for (const Example& example : dataset.examples) texts.push_back(example.text);
  ProgressBar bar("evaluate", static_cast<int64_t>(texts.size()));
  const std::vector<float> probabilities = TRY(classifier.Probabilities(texts, /*segmented=*/true, [&](size_t done) {
    bar.Set(static_cast<int64_t>(done));
    return !Interrupted();
  }));
  bar.Finish();
  const size_t labels = classifier.labels().size();
  const MetricsOptions metrics{.positive_label = classifier.positive_label()};
  std::vector<std::vector<int32_t>> sets;
  std::vector<int32_t> decided;
  for (size_t t = 0; t < texts.size(); ++t) {
    Decision decision =
        classifier.DecideOne(std::span(probabilities).subspan(t * labels, labels), {.mode = options.mode});
    decided.push_back(decision.label);
    sets.push_back(std::move(decision.labels));
  }
  if (classifier.multi_label()) {
    return ComputeMultiLabelMetrics(probabilities, LabelSets(dataset), classifier.labels(), metrics, sets);
  }
  std::vector<int32_t> truth;
  for (const Example& example : dataset.examples) truth.push_back(example.labels.front());
  return ComputeMetrics(probabilities, truth, classifier.labels(), metrics, decided);
}

Result<void> Run(const EvaluateOptions& options) {
  HandleInterrupts();
  ThreadPool pool(options.threads);
  const BundleClassifier classifier = TRY(BundleClassifier::Load(options.bundle, pool, options.weights));
  const Dataset dataset = TRY(ReadFor(classifier, options));
  const Metrics metrics = TRY(Evaluate(classifier, dataset, options));
  return Print(options.json ? ReportJson(metrics).dump() + "\n" : ReportText(metrics));
}

}  // namespace

Command EvaluateCommand() {
  return MakeCommand<EvaluateOptions>("evaluate", "Measures a model on labelled texts, with confidence intervals.",
                                      Describe, Run);
}

}  // namespace winnow
