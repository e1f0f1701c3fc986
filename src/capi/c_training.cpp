// Training of the C interface: a plan of the command line's options as JSON.
#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "bundle/training_info.h"
#include "capi/c_error.h"
#include "cli/train_options.h"
#include "kernels/isa.h"
#include "pipeline/calibrate_bundle.h"
#include "pipeline/data_plan.h"
#include "pipeline/progress_observer.h"
#include "pipeline/quantize_bundle.h"
#include "pipeline/train.h"
#include "report/quantization_report.h"

namespace winnow {
namespace {

/// Hands the progress on to the callback.
class CallbackObserver final : public ProgressObserver {
 public:
  CallbackObserver(winnow_train_callback callback, void* user) : callback_(callback), user_(user) {}

 private:
  bool Tell(const Progress& now, const std::string& line) override {
    if (callback_ == nullptr) return true;
    const winnow_train_progress progress = {now.step, now.total_steps, now.loss, now.epoch, now.metric, line.c_str()};
    return callback_(&progress, user_) != 0;
  }

  winnow_train_callback callback_;
  void* user_;
};

Result<std::string> ScalarText(const std::string& name, const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number()) return value.dump();
  return Fail(ErrorCode::kInvalidArgument,
              "plan: the value of '" + name + "' is not a string, number, boolean or list of those",
              "write it as on the command line: {\"" + name + "\": 3}");
}

/// The arguments of `winnow train` that say what the plan says.
Result<std::vector<std::string>> ArgumentsOf(const Json& plan, const OptionTable& table) {
  if (!plan.is_object()) {
    return Fail(ErrorCode::kInvalidArgument, "the plan is not a JSON object",
                R"(write {"data": ["messages.tsv"], "output-dir": "spam"})");
  }
  std::vector<std::string> arguments, files;
  for (const auto& [key, value] : plan.items()) {
    std::string name = key;
    std::replace(name.begin(), name.end(), '_', '-');
    if (name.empty() || name[0] == '-' || name.find('=') != std::string::npos) {
      return Fail(ErrorCode::kInvalidArgument, "plan: '" + key + "' is not a name of an option",
                  "write names without hyphens before them");
    }
    if (value.is_boolean()) {
      const bool on = value.get<bool>();
      const std::string positive = name.starts_with("no-") && table.Find(name) == nullptr ? name.substr(3) : name;
      arguments.push_back((on == (positive == name) ? "--" : "--no-") + positive);
      continue;
    }
    const Json list = value.is_array() ? value : Json::array({value});
    for (const Json& item : list) {
      const std::string text = TRY(ScalarText(key, item));
      if (name == "data") {
        files.push_back(text);
      } else {
        arguments.push_back("--" + name + "=" + text);
      }
    }
  }
  arguments.emplace_back("--");
  arguments.insert(arguments.end(), files.begin(), files.end());
  return arguments;
}

Result<void> CheckPlanOfCaller(const TrainCommandOptions& options, const TrainingPlan& plan) {
  if (options.folds || options.skip_training) {
    return Fail(ErrorCode::kUnsupported,
                std::string("plan: '") + (options.folds ? "folds" : "skip-training") + "' is not supported here",
                "use the command: winnow train");
  }
  if (plan.data.files.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "plan: 'data' is missing",
                R"(name the files: {"data": ["messages.tsv"]})");
  }
  if (plan.output.dir.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "plan: 'output-dir' is missing",
                R"(name a directory: {"output-dir": "spam"})");
  }
  if (options.quantize && (!plan.output.keep_data || !plan.model.transformer())) {
    return Fail(ErrorCode::kInvalidArgument, "plan: 'quantize' needs a transformer and 'keep-data'", "omit 'quantize'");
  }
  return {};
}

/// INT8 weights, and the thresholds that fit them.
Result<Json> Quantize(const TrainCommandOptions& options, const TrainingPlan& plan, ThreadPool& pool,
                      TrainingObserver& observer) {
  const QuantizedBundle done = TRY(QuantizeBundle(
      {.bundle = plan.output.dir, .max_drop = options.max_drop, .version = {.keep = true}}, pool, observer));
  if (plan.calibration.max_fpr) {
    TRY(CalibrateBundle({.bundle = plan.output.dir, .calibration = plan.calibration, .version = {.keep = true}}, pool,
                        observer));
  }
  return QuantizationJson(done.report, done.target);
}

Result<Json> RunPlan(const char* text, winnow_train_callback callback, void* user) {
  if (text == nullptr) return Fail(ErrorCode::kInvalidArgument, "winnow_train: plan must not be NULL");
  TRY(ChooseIsaOnce());
  const auto begin = std::chrono::steady_clock::now();
  TrainCommandOptions options;
  OptionTable table("train", "");
  AddTrainOptions(options, table);
  table.Add("threads", &options.threads, "Number of threads; 0: all cores").AtLeast(0);
  const Json plan_json = TRY(ParseJson(text, "plan"));
  const std::vector<std::string> arguments = TRY(ArgumentsOf(plan_json, table));
  OptionSources sources;
  sources.environment = [](const std::string&) { return std::nullopt; };
  if (TRY(table.Parse(arguments, sources)) != ParseOutcome::kRun)
    return Fail(ErrorCode::kInternal, "plan: not a training");
  const TrainingPlan plan = TRY(PlanOf(options));
  TRY(CheckPlanOfCaller(options, plan));
  ThreadPool pool(options.threads);
  CallbackObserver observer(callback, user);
  Split split = TRY(ReadParts(plan, observer));
  TRY(AugmentTrainingPart(plan, split, observer));
  const TrainedModel trained = TRY(Train(plan, split, pool, observer, begin));
  Json report = TrainingInfoJson(trained.info);
  if (options.quantize) report["quantization"] = TRY(Quantize(options, plan, pool, observer));
  return report;
}

}  // namespace
}  // namespace winnow

winnow_code winnow_train(const char* plan, winnow_train_callback callback, void* user, char** report,
                         winnow_error** error) {
  if (report != nullptr) *report = nullptr;
  return winnow::GuardedCall(error, "train with a smaller batch size or maximum length", [&]() -> winnow::Result<void> {
    const winnow::Json document = TRY(winnow::RunPlan(plan, callback, user));
    if (report == nullptr) return {};
    *report = winnow::CopyForCaller(document.dump(2));
    return {};
  });
}
