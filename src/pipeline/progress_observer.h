/// The progress of a training as a library's caller sees it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "pipeline/training_observer.h"

namespace winnow {

/// Keeps the state of a training, and tells it after each event. Derived classes hand it on to a callback.
class ProgressObserver : public TrainingObserver {
 public:
  void Note(const std::string& line) final { Report(line); }
  void Warn(const std::string& line) final { Report(line); }
  void OnProgress(std::string_view, int64_t, int64_t) final { Report(""); }
  void OnStepsBegin(int done, int total) final {
    progress_.step = done;
    progress_.total_steps = total;
  }
  void OnStep(const StepReport& step) final {
    progress_.step = step.step;
    progress_.loss = step.loss;
    Report("");
  }
  void OnEvaluation(const Evaluation& evaluation, const std::string&) final {
    progress_.epoch = evaluation.epoch;
    progress_.metric = evaluation.metric;
    Report("");
  }
  bool Cancelled() final { return cancelled_; }

 protected:
  struct Progress {
    int step = 0;
    int total_steps = 0;  ///< 0 until it is known
    double loss = 0;      ///< training loss of the last step
    double epoch = 0;     ///< epoch of the last evaluation
    double metric = 0;    ///< value, in the last evaluation, of the metric that chooses the best epoch
  };
  /// Receives the progress, and a line for the user or "". Returning false ends the training.
  virtual bool Tell(const Progress& progress, const std::string& line) = 0;

 private:
  void Report(const std::string& line) { cancelled_ = !Tell(progress_, line) || cancelled_; }

  Progress progress_;
  bool cancelled_ = false;
};

}  // namespace winnow
