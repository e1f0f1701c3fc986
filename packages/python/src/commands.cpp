#include "commands.h"

#include <fmt/format.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <chrono>
#include <string>
#include <vector>

#include "cli/documents.h"
#include "errors.h"
#include "kernels/isa.h"
#include "onnx/export_bundle.h"
#include "report/training_plot.h"

namespace winnow::python {
namespace {

namespace nb = nanobind;

/// Hands events on to a Python function, and has Python's signal handlers run.
class PythonObserver final : public TrainingObserver {
 public:
  PythonObserver(NativeWork& work, nb::handle callback) : work_(work), callback_(callback) {}

  void Note(const std::string& line) override { Tell({{"event", "note"}, {"message", line}}); }
  void Warn(const std::string& line) override { Tell({{"event", "warning"}, {"message", line}}); }
  void OnProgress(std::string_view work, int64_t done, int64_t total) override {
    if (done != total && !IsTime()) return;
    Tell({{"event", "progress"}, {"work", work}, {"done", done}, {"total", total}});
  }
  void OnStepsBegin(int done, int total) override {
    losses_.clear();
    Tell({{"event", "begin"}, {"step", done}, {"total_steps", total}});
  }
  void OnStep(const StepReport& step) override {
    losses_.push_back({static_cast<double>(step.step), step.loss});
    if (step.step != step.total_steps && !IsTime()) return;
    Tell({{"event", "step"},
          {"step", step.step},
          {"total_steps", step.total_steps},
          {"epoch", step.epoch},
          {"loss", step.loss},
          {"learning_rate", step.lr}});
  }
  void OnEvaluation(const Evaluation& evaluation, const std::string& metric) override {
    Tell({{"event", "evaluation"},
          {"epoch", evaluation.epoch},
          {"step", evaluation.step},
          {"train_loss", evaluation.train_loss},
          {"validation_loss", evaluation.validation_loss},
          {"accuracy", evaluation.accuracy},
          {"f1_macro", evaluation.f1_macro},
          {"metric", metric},
          {"best", evaluation.best}});
  }
  void OnBundleFiles(const std::filesystem::path& dir, const std::string& name, const TrainingState& state,
                     const std::string& metric) override {
    const auto drawn = PlotTraining(losses_, state.evaluations, metric, name, dir / "training.svg");
    if (!drawn) Warn("training.svg could not be written: " + drawn.error().message);
  }
  bool Cancelled() override { return !going_on_ || !work_.Continue(); }

 private:
  /// Steps and progress are told ten times a second at most.
  bool IsTime() {
    constexpr std::chrono::milliseconds kInterval(100);
    const auto now = std::chrono::steady_clock::now();
    if (now - told_ < kInterval) return false;
    told_ = now;
    return true;
  }

  void Tell(const Json& event) {
    if (callback_.is_none()) return;
    const std::string text = DumpJsonLine(event);
    // A callback that returns False ends the work; one that returns nothing does not.
    const auto call = [&] {
      const nb::object answer = callback_(nb::module_::import_("json").attr("loads")(text));
      if (answer.is(nb::bool_(false))) going_on_ = false;
      return true;
    };
    work_.WithInterpreter(call);
  }

  NativeWork& work_;
  const nb::handle callback_;
  std::chrono::steady_clock::time_point told_;
  std::vector<StepValue> losses_;  // of each step
  bool going_on_ = true;
};

using DocumentFunction = Result<Json> (*)(std::span<const std::string>, TrainingObserver&);
DocumentFunction FunctionOf(const std::string& command) {
  if (command == "train") return TrainDocument;
  if (command == "evaluate") return EvaluateDocument;
  if (command == "calibrate") return CalibrateDocument;
  if (command == "quantize") return QuantizeDocument;
  Raise({ErrorCode::kInvalidArgument, "unknown command '" + command + "'", ""});
}

std::string RunCommand(const std::string& command, const std::vector<std::string>& arguments, nb::handle callback) {
  const DocumentFunction function = FunctionOf(command);
  return Native([&](NativeWork& work) -> Result<std::string> {
    TRY(ChooseIsaOnce());
    PythonObserver observer(work, callback);
    return DumpJsonLine(TRY(function(arguments, observer)));
  });
}

/// Exports the float weights of a bundle for other programs, and returns the lines about what these do not apply.
std::vector<std::string> ExportFloatWeights(const std::string& bundle, const std::string& output, bool overwrite) {
  return Native([&](NativeWork&) -> Result<std::vector<std::string>> {
    std::vector<std::string> notes;
    const auto note = [&](const std::string& line) { notes.push_back(line); };
    TRY(ExportBundle({.bundle = bundle,
                      .formats = {},
                      .float_weights = true,
                      .output = output,
                      .overwrite = overwrite,
                      .note = note}));
    return notes;
  });
}

}  // namespace

void BindCommands(nb::module_& module) {
  module.def("run_command", &RunCommand, nb::arg("command"), nb::arg("arguments"), nb::arg("callback").none(),
             "Runs a command, and returns the document that its --json prints. `callback` receives events as "
             "dictionaries.");
  module.def("export_float_weights", &ExportFloatWeights, nb::arg("bundle"), nb::arg("output"), nb::arg("overwrite"),
             "Writes a directory that transformers reads; returns the lines about what transformers does not apply.");
}

}  // namespace winnow::python
