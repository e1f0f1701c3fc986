/// Receives the events of a training. Every event has an empty default; a training without an audience runs with
/// the class itself.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "train/trainer.h"

namespace winnow {

/// An observer of a training. All events come from the thread that trains, one at a time. An observer must outlive the
/// training.
class TrainingObserver {
 public:
  TrainingObserver() = default;
  TrainingObserver(const TrainingObserver&) = delete;
  TrainingObserver& operator=(const TrainingObserver&) = delete;
  virtual ~TrainingObserver() = default;

  /// Receive a line for the user: information, a warning, and a detail for debugging.
  virtual void Note(const std::string& line) { (void)line; }
  virtual void Warn(const std::string& line) { (void)line; }
  virtual void Detail(const std::string& line) { (void)line; }

  /// Reports the progress of work other than steps: "pull FILE" in bytes, "teacher" and "features" in texts. `total` is
  /// 0 until it is known. The work is finished if done == total or when other work begins.
  virtual void OnProgress(std::string_view work, int64_t done, int64_t total) { (void)work, (void)done, (void)total; }
  /// Reports that steps begin; `done` of them were taken before the training was interrupted.
  virtual void OnStepsBegin(int done, int total) { (void)done, (void)total; }
  virtual void OnStep(const StepReport& step) { (void)step; }
  /// `metric` names the metric that chooses the best evaluation.
  virtual void OnEvaluation(const Evaluation& evaluation, const std::string& metric) { (void)evaluation, (void)metric; }
  virtual void OnCheckpoint(const std::filesystem::path& checkpoint) { (void)checkpoint; }
  /// Reports that the steps are done, or that early stopping has ended them.
  virtual void OnStepsEnd() {}
  /// Reports that a transformer is trained and that its files are in `dir`, an unfinished bundle whose digests are
  /// computed next; files such as a picture of the run may be added.
  virtual void OnBundleFiles(const std::filesystem::path& dir, const std::string& name, const TrainingState& state,
                             const std::string& metric) {
    (void)dir, (void)name, (void)state, (void)metric;
  }

  /// Polled between steps and batches; returning true ends the training with kCancelled.
  virtual bool Cancelled() { return false; }
};

/// An observer that passes everything on, except that notes become details, for trainings that are part of one result.
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
