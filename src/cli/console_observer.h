/// An observer that shows a training on the console: notes as log lines, progress as bars, and a picture of the run in
/// the bundle.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/progress.h"
#include "pipeline/training_observer.h"
#include "report/training_plot.h"

namespace winnow {

class ConsoleObserver final : public TrainingObserver {
 public:
  void Note(const std::string& line) override;
  void Warn(const std::string& line) override;
  void Detail(const std::string& line) override;
  void OnProgress(std::string_view work, int64_t done, int64_t total) override;
  void OnStepsBegin(int done, int total) override;
  void OnStep(const StepReport& step) override;
  void OnEvaluation(const Evaluation& evaluation, const std::string& metric) override;
  void OnStepsEnd() override;
  /// Draws training.svg. Failures are reported without ending the training.
  void OnBundleFiles(const std::filesystem::path& dir, const std::string& name, const TrainingState& state,
                     const std::string& metric) override;
  bool Cancelled() override;

  /// Finishes the bar of the work that OnProgress reported last.
  void FinishWork();

 private:
  std::string work_;  // that `bar_` shows, or was shown last
  std::optional<ProgressBar> bar_, steps_;
  std::vector<StepValue> losses_;  // of each step of this process
  double loss_ = 0, seconds_ = 0;  // a running mean, and since the first step
  size_t tokens_ = 0;
};

}  // namespace winnow
