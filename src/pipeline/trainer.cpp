#include "winnow/trainer.h"

#include <chrono>
#include <exception>
#include <new>
#include <string_view>
#include <utility>

#include "kernels/isa.h"
#include "pipeline/data_plan.h"
#include "pipeline/progress_observer.h"
#include "pipeline/train.h"
#include "text/text_limits.h"

namespace winnow {
namespace {

/// Hands the progress on to the callback of a library's user.
class CallbackObserver final : public ProgressObserver {
 public:
  explicit CallbackObserver(const TrainCallback& callback) : callback_(callback) {}

 private:
  bool Tell(const Progress& now, const std::string& line) override {
    return !callback_ || callback_({now.step, now.total_steps, now.loss, line});
  }

  const TrainCallback& callback_;
};

template <typename T, typename Given>
void Set(T& field, const Given& given) {
  if (given) field = *given;
}

TrainingPlan PlanOf(const TrainOptions& options) {
  TrainingPlan plan;
  plan.data.files = options.data;
  plan.data.validation = options.validation;
  plan.data.test = options.test;
  Set(plan.data.validation_size, options.validation_size);
  Set(plan.data.test_size, options.test_size);
  plan.data.reading.text_field = options.text_field;
  plan.data.reading.label_field = options.label_field;
  plan.data.reading.filter = options.filter;
  plan.data.reading.template_text = options.text_template;
  plan.data.positive_label = options.positive_label;
  plan.output.dir = options.output_dir;
  plan.output.name = options.name;
  plan.output.overwrite = options.overwrite;
  plan.model.kind = options.kind == ModelKind::kLogisticRegression ? "lr"
                    : options.kind == ModelKind::kSvm              ? "svm"
                                                                   : "transformer";
  if (!options.base_model.empty()) plan.model.base_model = options.base_model;
  Set(plan.model.max_length, options.max_length);
  Set(plan.model.long_text, options.long_text);
  plan.model.fold_disguises = options.fold_disguises;
  plan.trainer.epochs = options.epochs;
  Set(plan.trainer.batch_size, options.batch_size);
  plan.trainer.lr = options.learning_rate;
  plan.trainer.freeze = options.freeze;
  plan.calibration.max_fpr = options.max_fpr;
  Set(plan.seed, options.seed);
  return plan;
}

TrainResult ResultOf(const TrainedModel& trained) {
  TrainResult result{.labels = trained.info.classes,
                     .metrics = {},
                     .has_test = trained.has_test,
                     .training_texts = trained.info.sample_count,
                     .validation_texts = trained.info.validation_count,
                     .test_texts = trained.info.test_count,
                     .seconds = trained.info.training_seconds};
  for (const auto& [name, value] : trained.info.metrics.items()) {
    if (value.is_number()) result.metrics[name] = value.get<double>();
  }
  return result;
}

Result<TrainResult> RunPlan(const TrainingPlan& plan, int threads, TrainingObserver& observer) {
  TRY(ChooseIsaOnce());
  const auto begin = std::chrono::steady_clock::now();
  if (plan.data.files.empty()) return Fail(ErrorCode::kInvalidArgument, "TrainOptions::data contains no files");
  if (plan.output.dir.empty()) return Fail(ErrorCode::kInvalidArgument, "TrainOptions::output_dir is empty");
  if (threads < 0) return Fail(ErrorCode::kInvalidArgument, "TrainOptions::threads is negative", "0 uses all cores");
  TRY(CheckPlan(plan));
  ThreadPool pool(threads);
  const Split split = TRY(ReadParts(plan, observer));
  return ResultOf(TRY(Train(plan, split, pool, observer, begin)));
}

}  // namespace

std::expected<TrainResult, Error> Train(const TrainOptions& options, const TrainCallback& on_progress) {
  // An installed API returns errors, whatever happens below: memory may run out.
  try {
    CallbackObserver observer(on_progress);
    return RunPlan(PlanOf(options), options.threads, observer);
  } catch (const std::bad_alloc&) {
    return Fail(ErrorCode::kInternal, "out of memory", "train with a smaller batch size or maximum length");
  } catch (const TextLimitExceeded& exceeded) {
    return Fail(ErrorCode::kInvalidModel, exceeded.what(), kTextLimitHint);
  } catch (const std::exception& e) {
    return Fail(ErrorCode::kInternal, e.what());
  }
}

}  // namespace winnow
