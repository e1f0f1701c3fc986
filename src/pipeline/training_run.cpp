#include "pipeline/training_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>

#include "base/machine.h"
#include "bundle/directory.h"
#include "bundle/labels.h"
#include "evaluate/metrics.h"
#include "train/epoch_plan.h"
#include "train/event_file.h"
#include "train/training_memory.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

/// Writes checkpoints beside the old bundle while training goes on, and removes those that are not needed any more.
class CheckpointWriter {
 public:
  CheckpointWriter(const TrainingJob& job, bool higher_is_better, TrainingObserver& observer)
      : job_(job), higher_is_better_(higher_is_better), observer_(observer) {}

  Result<void> Save(const TrainingState& state, const Optimizer& optimizer) {
    const fs::path path = CheckpointPath(job_.output.dir, state.step);
    BundleWriter writer = TRY(BundleWriter::Begin(path, /*overwrite=*/true));
    TRY(WriteModelFiles(job_.base, job_.manifest.max_length, writer.path()));
    TRY(WriteTrainingState(writer.path(), state, optimizer, job_.run));
    TRY(SealBundle(writer.path(), job_.manifest));
    TRY(writer.Commit());
    newest_ = path;
    RemoveOldCheckpoints(job_.output.dir, state, higher_is_better_, job_.output.save_total_limit);
    observer_.OnCheckpoint(path);
    return {};
  }

  bool any() const { return !newest_.empty(); }
  /// The hint for the user after a stop.
  std::string Advice() const {
    if (newest_.empty()) return "no checkpoint was saved yet; use --save-steps for more frequent checkpoints";
    return "the last checkpoint is " + newest_.string() + "; repeat the command with --resume to continue from it";
  }
  void set_newest(const fs::path& path) { newest_ = path; }

 private:
  const TrainingJob& job_;
  const bool higher_is_better_;
  TrainingObserver& observer_;
  fs::path newest_;
};

/// The directory of a training's event files, which TensorBoard draws as a run of its own: a new one, named by the
/// time, or the latest one if the training is resumed.
fs::path EventDirectory(const fs::path& runs, bool resumed) {
  std::error_code ignored;
  std::string latest;
  for (auto entry = fs::directory_iterator(runs, ignored); resumed && entry != fs::directory_iterator();
       entry.increment(ignored)) {
    if (entry->is_directory(ignored)) latest = std::max(latest, entry->path().filename().string());
  }
  if (!latest.empty()) return runs / latest;
  std::string name = TimestampUtc();
  std::erase_if(name, [](char c) { return c == '-' || c == ':'; });  // "20261120T221504Z"
  fs::path path = runs / name;
  for (int i = 2; fs::exists(path, ignored); ++i) path = runs / fmt::format("{}-{}", name, i);
  return path;
}

/// Event files for TensorBoard, if the plan asks for them. A failed log does not end the training.
class EventRecorder {
 public:
  /// `resumed`: the number of steps before an interruption, if the training goes on after one.
  static Result<EventRecorder> Begin(const TrainingJob& job, std::optional<int> resumed, TrainingObserver& observer) {
    EventRecorder recorder(job.trainer.metric, observer);
    if (!job.output.tensorboard) return recorder;
    recorder.events_ = TRY(EventFile::Create(EventDirectory(job.output.dir / kRunsDirectory, resumed.has_value())));
    if (resumed) TRY(recorder.events_->AddRestart(*resumed + 1));
    return recorder;
  }

  void Record(const StepReport& step) {
    Add("train/loss", step.loss, step.step);
    Add("train/learning_rate", step.lr, step.step);
    Add("train/grad_norm", step.gradient_norm, step.step);
  }
  void Record(const Evaluation& e) {
    Add("eval/loss", e.validation_loss, e.step);
    Add("eval/accuracy", e.accuracy, e.step);
    Add("eval/f1_macro", e.f1_macro, e.step);
    if (metric_ != "accuracy" && metric_ != "f1_macro") Add("eval/" + metric_, e.metric, e.step);
  }

 private:
  EventRecorder(std::string metric, TrainingObserver& observer) : metric_(std::move(metric)), observer_(&observer) {}

  void Add(const std::string& tag, double value, int step) {
    if (!events_) return;
    if (const auto written = events_->AddScalar(tag.c_str(), value, step); !written) {
      observer_->Warn(written.error().message);
      events_.reset();
    }
  }

  std::string metric_;
  TrainingObserver* observer_;
  std::optional<EventFile> events_;
};

/// The checkpoint that --resume goes on from, its weights loaded into the model.
Result<std::optional<Checkpoint>> FindCheckpoint(const TrainingJob& job, TrainingObserver& observer) {
  if (job.output.discard_model) return std::nullopt;
  const auto note = [&](const std::string& text) { observer.Warn(text); };
  std::optional<Checkpoint> checkpoint = NewestCheckpoint(job.output.dir, note);
  if (!job.output.resume) {
    if (checkpoint) {
      observer.Warn(
          fmt::format("{} belongs to an unfinished run and is replaced when this run saves its first checkpoint; "
                      "--resume would continue from it",
                      checkpoint->path.string()));
    }
    return std::nullopt;
  }
  if (!checkpoint) {
    observer.Note(
        fmt::format("{} contains no checkpoint: training starts from the beginning", job.output.dir.string()));
    return std::nullopt;
  }
  if (const Result<void> same = RequireSameRun(*checkpoint, job.run); !same) {
    if (!job.output.begin_again) return std::unexpected(same.error());
    observer.Note(same.error().message + ": training starts from the beginning");
    return std::nullopt;
  }
  job.base.model = TRY(Model::Load(checkpoint->path, job.base.model.config(), {.writable = true}));
  observer.Note("resuming from " + checkpoint->path.string());
  return checkpoint;
}

std::string EvaluationLine(const TrainerOptions& trainer, const Evaluation& e) {
  const bool by_epoch = trainer.eval_steps == 0;
  std::string line = by_epoch ? fmt::format("epoch {:.4g}/{}", e.epoch, trainer.epochs)
                              : fmt::format("step {} (epoch {:.2f})", e.step, e.epoch);
  line += fmt::format(": train loss {:.4f}, validation loss {:.4f}, accuracy {:.4f}, macro-F1 {:.4f}", e.train_loss,
                      e.validation_loss, e.accuracy, e.f1_macro);
  if (trainer.metric != "f1_macro" && trainer.metric != "accuracy") {
    line += fmt::format(", {} {:.4f}", trainer.metric, e.metric);
  }
  return line + (e.best ? ", best so far" : "");
}

/// What would fit into `available` bytes without changing the result, for advice; or nothing.
std::string WhatWouldFit(const TrainerOptions& trainer, double available,
                         const std::function<double(const TrainerOptions&)>& gigabytes) {
  std::string advice;
  const auto suggest = [&](const std::string& what, const TrainerOptions& instead) {
    const double then = gigabytes(instead);
    if (then > available) return;
    advice += fmt::format("{}{} ({:.1f} GB)", advice.empty() ? "" : ", or ", what, then);
  };
  if (!trainer.gradient_checkpointing) {
    TrainerOptions instead = trainer;
    instead.gradient_checkpointing = true;
    suggest("--gradient-checkpointing", instead);
  }
  for (int batch = trainer.batch_size / 2; batch >= 1 && trainer.batch_tokens == 0; batch /= 2) {
    TrainerOptions instead = trainer;
    instead.batch_size = batch;
    instead.accumulation = trainer.accumulation * trainer.batch_size / batch;
    if (gigabytes(instead) > available) continue;
    suggest(fmt::format("--batch-size {} --gradient-accumulation-steps {}", batch, instead.accumulation), instead);
    break;
  }
  return advice;
}

}  // namespace

Result<void> WriteModelFiles(const BaseModel& base, int max_length, const fs::path& dir) {
  TRY(WriteModelConfig(dir, base.model.config()));
  TRY(base.model.Save(dir));
  TRY(WriteLabelsFile(dir / kLabelsFile, base.model.config().labels));
  TRY(base.directory.empty() ? base.tokenizer.Save(dir, max_length) : CopyTokenizerFiles(base.directory, dir));
  return LimitTokenizer(dir, max_length);
}

Result<TrainingResult> RunTraining(const TrainingJob& job, ThreadPool& pool, TrainingObserver& observer) {
  const std::optional<Checkpoint> checkpoint = TRY(FindCheckpoint(job, observer));
  const std::optional<ResumePoint> resume = checkpoint ? std::optional(checkpoint->Resume()) : std::nullopt;
  CheckpointWriter checkpoints(job, TRY(HigherIsBetter(job.trainer.metric)), observer);
  if (checkpoint) checkpoints.set_newest(checkpoint->path);
  EventRecorder events =
      TRY(EventRecorder::Begin(job, resume ? std::optional(resume->state.step) : std::nullopt, observer));

  const auto begin_steps = [&] {
    observer.OnStepsBegin(resume ? resume->state.step : 0, TotalSteps(job.trainer, job.train));
  };
  if (!CachesFeatures(job.trainer, job.base.model.config())) begin_steps();
  TrainerCallbacks callbacks;
  callbacks.on_step = [&](const StepReport& step) {
    events.Record(step);
    observer.OnStep(step);
  };
  callbacks.on_evaluation = [&](const Evaluation& evaluation) {
    observer.Note(EvaluationLine(job.trainer, evaluation));
    observer.OnEvaluation(evaluation, job.trainer.metric);
    events.Record(evaluation);
  };
  if (!job.output.discard_model && job.output.checkpoints) {
    callbacks.on_checkpoint = [&](const TrainingState& state, const Optimizer& optimizer, const Model&) {
      return checkpoints.Save(state, optimizer);
    };
  }
  callbacks.on_features = [&](size_t done, size_t total) {
    observer.OnProgress("features", static_cast<int64_t>(done), static_cast<int64_t>(total));
    if (done == total) begin_steps();
  };
  callbacks.cancelled = [&] { return observer.Cancelled(); };
  Result<TrainingResult> result =
      TrainModel(job.base.model, job.train, job.validation, job.trainer, pool, callbacks, resume ? &*resume : nullptr);
  if (!result) {
    Error& error = result.error();
    if (error.code == ErrorCode::kCancelled) error.hint = checkpoints.Advice();
    if (error.code == ErrorCode::kIo && checkpoints.any()) {
      error.hint += (error.hint.empty() ? "" : "; ") + checkpoints.Advice();
    }
    // From its checkpoint the training would diverge again, since it is continued exactly.
    if (error.code == ErrorCode::kInternal && checkpoints.any()) error.hint += ", and train again without --resume";
    return std::unexpected(error);
  }
  observer.OnStepsEnd();
  if (result->stopped_early) {
    observer.Note(fmt::format("stopped early: no improvement in {} evaluations since step {}", job.trainer.patience,
                              result->best().step));
  }
  return result;
}

Result<void> RequireMemory(int max_length, const ModelConfig& config, const TrainerOptions& trainer,
                           const TextSet& train, size_t validation_texts, int threads, TrainingObserver& observer) {
  const auto gigabytes = [&](const TrainerOptions& of) {
    return static_cast<double>(TrainingBytes(config, of, train, threads, validation_texts)) / 1e9;
  };
  const double needed = gigabytes(trainer);
  const double available = static_cast<double>(AvailableMemory()) / 1e9;
  observer.Detail(
      fmt::format("training requires up to {:.2f} GB of memory, and {:.1f} GB are free", needed, available));
  if (available == 0 || needed <= available) return {};
  std::string advice = WhatWouldFit(trainer, available, gigabytes);
  if (advice.empty() && CachesFeatures(trainer, config)) {
    advice =
        "--freeze encoder keeps the encoder output of every text in memory: "
        "freeze fewer layers or train on fewer texts";
  }
  if (advice.empty()) {
    advice = "lower --max-length (now " + std::to_string(max_length) + ") or use a smaller model";
  }
  return Fail(ErrorCode::kUnsupported,
              fmt::format("training requires {:.1f} GB of memory, and {:.1f} GB are free", needed, available), advice);
}

}  // namespace winnow
