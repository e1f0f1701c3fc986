/// Receives the events of a training. Every event has an empty default; a training without an audience runs with
/// the class itself.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "train/trainer.h"

namespace winnow {

/// All events come from the thread that trains, one at a time. An observer must outlive the training.
class TrainingObserver {
 public:
  TrainingObserver() = default;
  TrainingObserver(const TrainingObserver&) = delete;
  TrainingObserver& operator=(const TrainingObserver&) = delete;
  virtual ~TrainingObserver() = default;

  /// A line that a user may want to know, one that matters, and one that matters when looking for a fault.
  virtual void Note(const std::string& line) { (void)line; }
  virtual void Warn(const std::string& line) { (void)line; }
  virtual void Detail(const std::string& line) { (void)line; }

  /// Work beside the steps goes on: "pull FILE" in bytes, "teacher" and "features" in texts. `total` is 0 as long as it
  /// is not known. The work is finished with done == total or when other work begins.
  virtual void OnProgress(std::string_view work, int64_t done, int64_t total) { (void)work, (void)done, (void)total; }
  /// Steps begin; `done` of them were taken before the training was interrupted.
  virtual void OnStepsBegin(int done, int total) { (void)done, (void)total; }
  virtual void OnStep(const StepReport& step) { (void)step; }
  /// `metric` names the metric that chooses the best evaluation.
  virtual void OnEvaluation(const Evaluation& evaluation, const std::string& metric) { (void)evaluation, (void)metric; }
  virtual void OnCheckpoint(const std::filesystem::path& checkpoint) { (void)checkpoint; }
  /// The steps are done, or early stopping has ended them.
  virtual void OnStepsEnd() {}
  /// A transformer is trained and its files lie in `dir`, a bundle in the making, whose digests are taken next: a
  /// picture of the run may be added.
  virtual void OnBundleFiles(const std::filesystem::path& dir, const std::string& name, const TrainingState& state,
                             const std::string& metric) {
    (void)dir, (void)name, (void)state, (void)metric;
  }

  /// Polled between steps and batches; true ends the training with kCancelled.
  virtual bool Cancelled() { return false; }
};

/// Hands everything on, except that notes become details: for trainings of which many go into one result.
class QuietObserver final : public TrainingObserver {
 public:
  explicit QuietObserver(TrainingObserver& observer) : observer_(observer) {}

  void Note(const std::string& line) override { observer_.Detail(line); }
  void Warn(const std::string& line) override { observer_.Warn(line); }
  void Detail(const std::string& line) override { observer_.Detail(line); }
  void OnProgress(std::string_view work, int64_t done, int64_t total) override {
    observer_.OnProgress(work, done, total);
  }
  void OnStepsBegin(int done, int total) override { observer_.OnStepsBegin(done, total); }
  void OnStep(const StepReport& step) override { observer_.OnStep(step); }
  void OnEvaluation(const Evaluation& evaluation, const std::string& metric) override {
    observer_.OnEvaluation(evaluation, metric);
  }
  void OnStepsEnd() override { observer_.OnStepsEnd(); }
  bool Cancelled() override { return observer_.Cancelled(); }

 private:
  TrainingObserver& observer_;
};

}  // namespace winnow
