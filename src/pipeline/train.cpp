#include "pipeline/train.h"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/machine.h"
#include "base/stopwatch.h"
#include "bundle/directory.h"
#include "bundle/manifest.h"
#include "bundle/model_card.h"
#include "calibrate/calibration_set.h"
#include "calibrate/calibration_text.h"
#include "data/data_digest.h"
#include "data/label_sets.h"
#include "evaluate/strata.h"
#include "pipeline/fitted_model.h"
#include "pipeline/plan_of_model.h"
#include "pipeline/reported_slices.h"
#include "pipeline/trained_model.h"

namespace winnow {
namespace {

using Clock = std::chrono::steady_clock;

/// Calibration sees the validation part only; the reported metrics are of texts that nothing has seen.
Result<std::optional<CalibrationResult>> CalibrateFitted(const TrainingInput& input, bool held_out, FittedModel& model,
                                                         TrainingObserver& observer) {
  const HeldOutTexts texts{.dataset = input.split.validation,
                           .logits = model.validation_logits(),
                           .predict = [&](const Calibration& calibration) -> Result<std::vector<float>> {
                             return model.Probabilities(HeldOutPart::kValidation, calibration);
                           },
                           .positive_label = input.positive_label,
                           .pooled = input.plan.model.pooled(),
                           .source = "validation texts",
                           .weights = model.weights()};
  return CalibrateTrained(input.plan, held_out, texts, input.manifest, observer);
}

/// The rows of some texts in a matrix [texts, labels].
std::vector<float> RowsOf(std::span<const float> matrix, size_t labels, std::span<const size_t> texts) {
  std::vector<float> rows;
  rows.reserve(texts.size() * labels);
  for (const size_t t : texts) {
    const auto row = matrix.subspan(t * labels, labels);
    rows.insert(rows.end(), row.begin(), row.end());
  }
  return rows;
}

/// Chooses the abstention again on `part` of the validation texts, for the decisions that the model makes now.
Result<void> ChooseAbstention(const TrainingInput& input, const std::vector<size_t>& part, FittedModel& model) {
  const Dataset texts = PartOf(input.split.validation, part);
  const size_t labels = texts.labels.size();
  const HeldOutTexts held_out{.dataset = texts,
                              .logits = RowsOf(model.validation_logits(), labels, part),
                              .predict = [&](const Calibration& calibration) -> Result<std::vector<float>> {
                                return RowsOf(model.Probabilities(HeldOutPart::kValidation, calibration), labels, part);
                              },
                              .positive_label = input.positive_label,
                              .pooled = input.plan.model.pooled(),
                              .source = "validation texts",
                              .weights = model.weights()};
  CalibrationOptions options{.calibration = CalibrationChoice::kKeep};
  options.max_error = input.plan.calibration.max_error;
  TRY(Calibrator(held_out, options).Calibrate(input.manifest));
  return {};
}

/// Gives each label the threshold with the best F1, on validation texts that no abstention was chosen on.
Result<std::vector<std::string>> TuneLabels(const TrainingInput& input,
                                            const std::optional<CalibrationResult>& calibrated, FittedModel& model,
                                            TrainingObserver& observer) {
  const Calibration calibration = CalibrationOf(input.manifest);
  const Dataset& validation = input.split.validation;
  const bool abstains = calibrated && input.manifest.abstain;
  const Dataset tuned = abstains ? PartOf(validation, calibrated->partition.fit) : validation;
  std::vector<float> probabilities = model.Probabilities(HeldOutPart::kValidation, calibration);
  if (abstains) probabilities = RowsOf(probabilities, validation.labels.size(), calibrated->partition.fit);
  std::vector<std::vector<int32_t>> truth = LabelSets(tuned);
  const CrossValidatedTexts more = model.TrainingPredictions(calibration);
  probabilities.insert(probabilities.end(), more.probabilities.begin(), more.probabilities.end());
  truth.insert(truth.end(), more.labels.begin(), more.labels.end());
  std::vector<std::string> untuned = TRY(TuneThresholds(probabilities, truth, tuned, input.manifest, observer));
  // It was chosen for the decisions by the former thresholds.
  if (abstains) TRY(ChooseAbstention(input, calibrated->partition.abstention, model));
  return untuned;
}

/// Probabilities, decisions and metrics of the reported part.
Result<TrainedModel> Measure(const TrainingInput& input, const std::optional<CalibrationResult>& calibrated,
                             FittedModel& model, TrainingObserver& observer) {
  const Calibration calibration = CalibrationOf(input.manifest);
  const Dataset& validation = input.split.validation;
  TrainedModel trained;
  if (TunesThresholds(input.plan, validation.multi_label))
    trained.untuned_labels = TRY(TuneLabels(input, calibrated, model, observer));
  trained.has_test = !input.split.test.examples.empty();
  const Dataset& reported = trained.has_test ? input.split.test : validation;
  trained.probabilities =
      model.Probabilities(trained.has_test ? HeldOutPart::kTest : HeldOutPart::kValidation, calibration);
  trained.decisions = TRY(DecisionsOf(trained.probabilities, reported, input.manifest));
  trained.metrics = TRY(MetricsOf(trained.probabilities, reported, input.manifest, trained.decisions));
  return trained;
}

/// A training by epochs has measured the validation part at its best epoch; another one is measured now, unless the
/// reported metrics are of that part.
Result<void> MeasureValidation(const TrainingInput& input, FittedModel& model, TrainedModel& trained) {
  if (trained.info.val_macro_f1) return {};
  Metrics metrics = trained.metrics;
  if (trained.has_test) {
    const Dataset& validation = input.split.validation;
    const std::vector<float> probabilities =
        model.Probabilities(HeldOutPart::kValidation, CalibrationOf(input.manifest));
    const auto decisions = TRY(DecisionsOf(probabilities, validation, input.manifest));
    metrics = TRY(MetricsOf(probabilities, validation, input.manifest, decisions));
  }
  trained.info.val_macro_f1 = metrics.f1_macro;
  trained.info.val_accuracy = metrics.accuracy;
  return {};
}

/// The digest of the training texts that are texts of the data: data augmentation has added the others.
std::string DigestOfData(const Split& split) {
  const size_t added = split.synthetic + split.variants;
  if (added == 0) return DataSha256(split.train);
  Dataset data = split.train;
  data.examples.resize(data.examples.size() - added);
  return DataSha256(data);
}

TrainingInfo InfoOf(const TrainingInput& input, const TrainedModel& trained, int threads) {
  const Dataset& train = input.split.train;
  TrainingInfo info;
  info.name = input.manifest.name;
  info.timestamp = TimestampUtc();
  for (const std::string_view name : MetricNames()) {
    const Result<double> value = MetricByName(trained.metrics, name);
    info.metrics[std::string(name)] = value ? Json(*value) : Json();
  }
  info.metrics_of = trained.has_test ? "test" : "validation";
  if (train.multi_label || input.positive_label >= 0) {
    const Thresholds& thresholds = input.manifest.thresholds;
    info.decision_thresholds = {{"moderate", thresholds.moderate}, {"labels", Json::object()}};
    for (const auto& [label, threshold] : thresholds.labels) info.decision_thresholds["labels"][label] = threshold;
  }
  info.intervals = IntervalsJson(trained.metrics);
  info.slices = ReportedSlices(trained.has_test ? input.split.test : input.split.validation, trained.decisions,
                               input.positive_label);
  info.sample_count = train.examples.size();
  info.added_count = input.split.synthetic + input.split.variants;
  info.validation_count = input.split.validation.examples.size();
  info.test_count = input.split.test.examples.size();
  info.peak_memory_mb = static_cast<uint64_t>(PeakMemoryBytes()) / (1 << 20);
  info.classes = train.labels.names;
  info.label_counts.assign(train.labels.size(), 0);
  for (const Example& example : train.examples) {
    for (const int32_t label : example.labels) ++info.label_counts[static_cast<size_t>(label)];
  }
  info.data_sha256 = DigestOfData(input.split);
  info.cpu = CpuName();
  info.cpu_extensions = CpuExtensions();
  info.threads = threads;
  info.configuration = ConfigurationOf(input.plan);
  info.retraining = input.plan.output.retraining;
  info.winnow_version = WINNOW_VERSION;
  return info;
}

/// Adds what was added to the training part to the configuration of the training. Data whose labels are not those of
/// the grammar get no synthetic texts.
void DescribeAugmentation(const TrainingPlan& plan, const Split& split, Json& hyperparameters) {
  const DataPlan& data = plan.data;
  if (data.augment) hyperparameters["augment_variants"] = data.augment_variants;
  if (split.synthetic == 0) return;
  hyperparameters["synthetic_share"] = plan.SyntheticShare();
  if (data.synthetic_grammar) hyperparameters["synthetic_grammar"] = data.synthetic_grammar->string();
}

Result<void> WriteBundle(const TrainingInput& input, FittedModel& model, const TrainingInfo& info,
                         BundleWriter& bundle) {
  TRY(model.WriteFiles(bundle.path()));
  TRY(WriteTrainingInfo(bundle.path(), info));
  model.BeforeSealing(bundle.path());
  if (input.plan.output.keep_data) TRY(WriteCalibrationSet(bundle.path(), input.split.validation));
  TRY(WriteModelCard(bundle.path(), input.manifest));
  TRY(SealBundle(bundle.path(), input.manifest));
  return bundle.Commit();
}

}  // namespace

Result<TrainedModel> Train(const TrainingPlan& plan, const Split& split, ThreadPool& pool, TrainingObserver& observer,
                           Clock::time_point begin) {
  TRY(CheckPlan(plan));
  const int32_t positive_label = TRY(PositiveLabel(plan.data, split.train.labels));
  std::vector<float> class_weights = TRY(WeightsOfLabels(plan.trainer.label_weights, split.train.labels.names));
  const bool held_out = HasHeldOut(split);
  TRY(CheckCalibrationPlan(plan, split.validation, held_out, positive_label));
  Manifest manifest = TRY(ManifestOf(plan, split.train.labels, positive_label));
  std::optional<BundleWriter>
      bundle;  // first: finding the target full of other things after the training would be late
  if (!plan.output.discard_model) bundle = TRY(BundleWriter::Begin(plan.output.dir, plan.output.overwrite));

  const TrainingInput input{.plan = plan,
                            .split = split,
                            .positive_label = positive_label,
                            .manifest = manifest,
                            .class_weights = std::move(class_weights)};
  const std::unique_ptr<FittedModel> model =
      TRY(plan.model.transformer() ? FitTransformer(input, pool, observer) : FitLinear(input, pool, observer));
  const std::optional<CalibrationResult> calibration = TRY(CalibrateFitted(input, held_out, *model, observer));
  TrainedModel trained = TRY(Measure(input, calibration, *model, observer));
  TrainingInfo& info = trained.info;
  info = InfoOf(input, trained, pool.size());
  info.training_seconds = RoundedToThousandths(SecondsSince(begin));
  model->Describe(trained.has_test ? HeldOutPart::kTest : HeldOutPart::kValidation, info);
  DescribeAugmentation(plan, split, info.hyperparameters);
  TRY(MeasureValidation(input, *model, trained));
  if (calibration) info.calibration = CalibrationMetricsJson(*calibration);
  if (!bundle) return trained;
  TRY(WriteBundle(input, *model, info, *bundle));
  observer.Note(fmt::format("{} is ready: {}", plan.output.dir.string(), model->Summary(info.training_seconds)));
  return trained;
}

}  // namespace winnow
