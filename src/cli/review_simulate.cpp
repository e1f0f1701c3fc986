#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/json_or_null.h"
#include "base/lines.h"
#include "base/log.h"
#include "base/progress.h"
#include "classify/zero_shot.h"
#include "cli/commands.h"
#include "cli/console_observer.h"
#include "cli/data_options.h"
#include "cli/output.h"
#include "data/label_sets.h"
#include "data/split.h"
#include "pipeline/base_model.h"
#include "pipeline/data_plan.h"
#include "review/simulate.h"

namespace winnow {
namespace {

struct ReviewSimulateOptions : DataCommandOptions {
  std::optional<std::filesystem::path> test;
  std::string features = "minilm";
  int64_t labels = 500, every = 10, seeds = 5;
  uint64_t seed = 42;
  double test_size = 0.2;
  bool names = false;
};

void Describe(ReviewSimulateOptions& options, OptionTable& table) {
  AddReadingOptions(options, table);
  table.Add("test", &options.test, "Test texts, on which the macro-F1 is measured").ValueName("FILE");
  table.Add("test-size", &options.test_size, "Share of the texts to measure on, without --test").Range(0.01, 0.9);
  table.Group("Labelling");
  table.Add("labels", &options.labels, "Number of labels to simulate").Range(20, 100000);
  table.Add("every", &options.every, "Number of labels between two refits").Range(1, 1000);
  table.Add("seeds", &options.seeds, "Number of repetitions with different random orders").Range(1, 100);
  table.Add("seed", &options.seed, "Random seed of the first repetition");
  table
      .Add("features", &options.features,
           "Features of the texts: a model whose embeddings are used, downloaded if it has to be, or tfidf")
      .ValueName("MODEL|tfidf");
  table.Add("label-names", &options.names,
            "Use the names of the labels as first examples, as a review does; in the random order as well");
  table.Describe(
      "Measures how many labels a review needs to reach a macro-F1 if texts come in the order of its queue, and in random "
      "order. The labels of the data take the place of people.");
  table.Example("winnow review simulate banking77.csv --test banking77-test.csv --labels 1000",
                "measure what the queue saves");
}

Result<SimulationData> ReadData(const ReviewSimulateOptions& options) {
  SplitReport report;
  SplitFiles files{.train = TRY(DataFilesOf(options)), .validation = {}, .test = {}};
  if (options.test) files.test = {*options.test};
  const Split split = TRY(ReadSplit(files, ReadOptionsOf(options.reading),
                                    {.test_size = options.test_size, .validation_size = 0, .seed = 42}, report));
  for (const std::string& line : Lines(report.Text())) LogInfo("{}", line);
  if (split.train.multi_label) {
    return Fail(ErrorCode::kInvalidData, "a review has one label per text, but the data is multi-label");
  }
  SimulationData data{.labels = split.train.labels.size(), .label_names = options.names};
  const auto truth = [](const Dataset& part) {
    std::vector<int32_t> ids;
    for (const std::vector<int32_t>& labels : LabelSets(part)) ids.push_back(labels.front());
    return ids;
  };
  data.truth = truth(split.train), data.test_truth = truth(split.test);
  std::vector<std::string> names;
  for (const std::string& label : split.train.labels.names) names.push_back(PhraseOfLabel(label));
  std::vector<std::string_view> texts = TextViews(split.train);
  if (options.names) texts.insert(texts.end(), names.begin(), names.end());
  const size_t of_pool = texts.size();
  for (const std::string_view text : TextViews(split.test)) texts.push_back(text);
  ProgressBar bar("features", static_cast<int64_t>(texts.size()));
  const auto progress = [&](size_t done) {
    bar.Set(static_cast<int64_t>(done));
    return !Interrupted();
  };
  TextFeatures all;
  if (options.features == "tfidf") {
    all = TRY(TfidfFeatures(texts, 256, options.threads, progress));
  } else {
    ConsoleObserver observer;
    const std::filesystem::path model = TRY(PullBaseModel(options.features, observer));
    all = TRY(EncoderFeatures(model, texts, options.threads, progress));
  }
  bar.Finish();
  const auto end = all.values.begin() + static_cast<ptrdiff_t>(of_pool * all.columns);
  data.pool = {all.columns, std::vector<float>(all.values.begin(), end)};
  data.test = {all.columns, std::vector<float>(end, all.values.end())};
  return data;
}

Json ReportJson(const Simulation& simulation) {
  const std::vector<double> random = MeanCurve(simulation.random), queue = MeanCurve(simulation.queue);
  Json points = Json::array();
  for (size_t i = 0; i < simulation.labels.size(); ++i) {
    const auto needed = LabelsToReach(simulation.labels, queue, random[i]);
    Json point = {{"labels", simulation.labels[i]}, {"random", random[i]}, {"queue", queue[i]}};
    point["queue_labels"] = OrNull(needed);
    points.push_back(std::move(point));
  }
  Json curves = {{"random", Json::array()}, {"queue", Json::array()}};
  for (const auto& curve : simulation.random) curves["random"].push_back(Json(curve));
  for (const auto& curve : simulation.queue) curves["queue"].push_back(Json(curve));
  return {{"points", std::move(points)}, {"curves", std::move(curves)}};
}

/// About ten of the points: where random order is, and how many labels the queue needs for the same macro-F1.
std::string ReportText(const Simulation& simulation) {
  const std::vector<double> random = MeanCurve(simulation.random), queue = MeanCurve(simulation.queue);
  std::string text = fmt::format("{:>14}{:>10}{:>16}{:>8}{:>18}\n", "random labels", "macro-F1", "queue labels",
                                 "ratio", "queue macro-F1");
  const size_t step = std::max<size_t>(1, simulation.labels.size() / 10);
  for (size_t i = step - 1; i < simulation.labels.size(); i += step) {
    const auto needed = LabelsToReach(simulation.labels, queue, random[i]);
    const double labels = static_cast<double>(simulation.labels[i]);
    text += fmt::format("{:>14}{:>10.3f}{:>16}{:>8}{:>18.3f}\n", simulation.labels[i], random[i],
                        needed ? fmt::format("{:.0f}", *needed) : "more",
                        needed ? fmt::format("{:.2f}", *needed / labels) : "-", queue[i]);
  }
  return text;
}

Result<void> Run(const ReviewSimulateOptions& options) {
  HandleInterrupts();
  const SimulationData data = TRY(ReadData(options));
  const SimulationOptions simulate{.most_labels = static_cast<size_t>(options.labels),
                                   .every = static_cast<size_t>(options.every),
                                   .seeds = static_cast<size_t>(options.seeds),
                                   .seed = options.seed};
  ThreadPool pool(options.threads);
  ProgressBar bar("label", options.labels / options.every * options.seeds * 2);
  const Simulation simulation = TRY(SimulateLabelling(data, simulate, pool, [&] { bar.Advance(); }));
  bar.Finish();
  return Print(options.json ? ReportJson(simulation).dump(2) + "\n" : ReportText(simulation));
}

}  // namespace

Command ReviewSimulateCommand() {
  return MakeCommand<ReviewSimulateOptions>("review simulate", "Measures how many labels the queue of a review saves.",
                                            Describe, Run);
}

}  // namespace winnow
