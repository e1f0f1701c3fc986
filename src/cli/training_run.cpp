#include "cli/training_run.h"

#include <fmt/format.h>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/machine.h"
#include "base/progress.h"
#include "bundle/directory.h"
#include "bundle/labels.h"
#include "evaluate/metrics.h"
#include "train/event_file.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

/// Writes checkpoints beside the old bundle while training goes on, and removes those that are not needed any more.
class CheckpointWriter {
 public:
  CheckpointWriter(const TrainingJob& job, bool higher_is_better) : job_(job), higher_is_better_(higher_is_better) {}

  Result<void> Save(const TrainingState& state, const Optimizer& optimizer, const Model& model) {
    const fs::path path = CheckpointPath(job_.options.output_dir, state.step);
    BundleWriter writer = TRY(BundleWriter::Begin(path, /*overwrite=*/true));
    TRY(WriteModelFiles(model, job_.start, job_.manifest.max_length, writer.path()));
    TRY(WriteTrainingState(writer.path(), state, optimizer, job_.run));
    TRY(SealBundle(writer.path(), job_.manifest));
    TRY(writer.Commit());
    newest_ = path;
    RemoveOldCheckpoints(job_.options.output_dir, state, higher_is_better_, job_.options.save_total_limit);
    return {};
  }

  /// What to do after a stop.
  std::string Advice() const {
    if (newest_.empty()) return "nothing was saved yet: --save-steps makes checkpoints more often";
    return "the last checkpoint is " + newest_.string() + ": the same command with --resume goes on from it";
  }
  void set_newest(const fs::path& path) { newest_ = path; }

 private:
  const TrainingJob& job_;
  const bool higher_is_better_;
  fs::path newest_;
};

/// The checkpoint that --resume goes on from, its weights loaded into `model`.
Result<std::optional<Checkpoint>> FindCheckpoint(const TrainingJob& job) {
  const auto note = [](const std::string& text) { LogWarning("{}", text); };
  std::optional<Checkpoint> checkpoint = NewestCheckpoint(job.options.output_dir, note);
  if (!job.options.resume) {
    if (checkpoint) {
      LogWarning("{} of an unfinished training is replaced once this one saves its first; --resume would go on from it",
                 checkpoint->path.string());
    }
    return std::nullopt;
  }
  if (!checkpoint) {
    LogInfo("{} has no checkpoint: training begins at the beginning", job.options.output_dir.string());
    return std::nullopt;
  }
  TRY(RequireSameRun(*checkpoint, job.run));
  job.start.model = TRY(Model::Load(checkpoint->path, job.start.model.config(), {.writable = true}));
  LogInfo("going on from {}", checkpoint->path.string());
  return checkpoint;
}

std::string EvaluationLine(const TrainingJob& job, const Evaluation& e) {
  const bool by_epoch = job.trainer.eval_steps == 0;
  std::string line = by_epoch ? fmt::format("epoch {:.0f}/{}", e.epoch, job.trainer.epochs)
                              : fmt::format("step {} (epoch {:.2f})", e.step, e.epoch);
  line += fmt::format(": train loss {:.4f}, validation loss {:.4f}, accuracy {:.4f}, macro-F1 {:.4f}", e.train_loss,
                      e.validation_loss, e.accuracy, e.f1_macro);
  if (job.trainer.metric != "f1_macro" && job.trainer.metric != "accuracy") {
    line += fmt::format(", {} {:.4f}", job.trainer.metric, e.metric);
  }
  return line + (e.best ? ", the best so far" : "");
}

}  // namespace

Result<void> WriteModelFiles(const Model& model, const StartingPoint& start, int max_length, const fs::path& dir) {
  TRY(WriteModelConfig(dir, model.config()));
  TRY(model.Save(dir));
  TRY(WriteLabelsFile(dir / "labels.json", model.config().labels));
  return start.directory.empty() ? start.tokenizer.Save(dir, max_length) : CopyTokenizerFiles(start.directory, dir);
}

Result<TrainingRun> RunTraining(const TrainingJob& job, ThreadPool& pool) {
  const std::optional<Checkpoint> checkpoint = TRY(FindCheckpoint(job));
  const std::optional<ResumePoint> resume = checkpoint ? std::optional(checkpoint->Resume()) : std::nullopt;
  CheckpointWriter checkpoints(job, TRY(HigherIsBetter(job.trainer.metric)));
  if (checkpoint) checkpoints.set_newest(checkpoint->path);

  std::optional<EventFile> events;
  if (job.options.report_to == "tensorboard") {
    events = TRY(EventFile::Create(job.options.output_dir / kRunsDirectory));
  }
  const auto record = [&](const char* tag, double value, int step) {
    if (!events) return;
    if (const auto written = events->AddScalar(tag, value, step); !written) {
      LogWarning("{}", written.error().message);
      events.reset();  // a lost log is no reason to lose a training
    }
  };
  std::vector<CurvePoint> losses;
  std::optional<ProgressBar> features, bar;
  const auto begin_steps = [&] {
    bar.emplace("train", TotalSteps(job.trainer, job.train));
    if (resume) bar->Set(resume->state.step);
  };
  if (!CachesFeatures(job.trainer, job.start.model.config())) begin_steps();
  double loss = 0, seconds = 0;
  size_t tokens = 0;
  TrainerCallbacks callbacks;
  callbacks.on_step = [&](const StepReport& step) {
    loss = seconds == 0 ? step.loss : 0.95 * loss + 0.05 * step.loss;
    losses.push_back({static_cast<double>(step.step), step.loss});
    record("train/loss", step.loss, step.step);
    record("train/learning_rate", step.lr, step.step);
    record("train/grad_norm", step.gradient_norm, step.step);
    tokens += step.tokens;
    seconds += step.seconds;
    bar->SetField("loss", fmt::format("{:.4f}", loss));
    bar->SetField("", FormatCount(static_cast<int64_t>(static_cast<double>(tokens) / seconds)) + " tokens/s");
    bar->Advance();
  };
  callbacks.on_evaluation = [&](const Evaluation& e) {
    LogInfo("{}", EvaluationLine(job, e));
    bar->SetField(job.trainer.metric, fmt::format("{:.4f}", e.metric));
    record("eval/loss", e.validation_loss, e.step);
    record("eval/accuracy", e.accuracy, e.step);
    record("eval/f1_macro", e.f1_macro, e.step);
    if (job.trainer.metric != "accuracy" && job.trainer.metric != "f1_macro") {
      record(("eval/" + job.trainer.metric).c_str(), e.metric, e.step);
    }
  };
  if (!job.options.throwaway) {
    callbacks.on_checkpoint = [&](const TrainingState& state, const Optimizer& optimizer, const Model& model) {
      return checkpoints.Save(state, optimizer, model);
    };
  }
  callbacks.on_features = [&](size_t done, size_t total) {
    if (!features) features.emplace("features", static_cast<int64_t>(total));
    features->Set(static_cast<int64_t>(done));
    if (done < total) return;
    features->Finish();
    begin_steps();
  };
  callbacks.cancelled = Interrupted;
  Result<TrainingResult> result =
      TrainModel(job.start.model, job.train, job.validation, job.trainer, pool, callbacks, resume ? &*resume : nullptr);
  if (!result) {
    std::string& hint = result.error().hint;
    hint = (result.error().code == ErrorCode::kCancelled ? "" : hint + "; ") + checkpoints.Advice();
    return std::unexpected(result.error());
  }
  bar->Finish();
  if (result->stopped_early) {
    LogInfo("stopped early: {} evaluations were no better than the one at step {}", job.trainer.patience,
            result->best().step);
  }
  return TrainingRun{std::move(*result), std::move(losses)};
}

Result<void> RequireMemory(const TrainCommandOptions& options, const ModelConfig& config, const TrainerOptions& trainer,
                           const TextSet& train, int threads, size_t validation_texts) {
  const auto gigabytes = [&](const TrainerOptions& of) {
    return static_cast<double>(TrainingBytes(config, of, train, threads, validation_texts)) / 1e9;
  };
  const double needed = gigabytes(trainer);
  const double available = static_cast<double>(AvailableMemory()) / 1e9;
  LogDebug("training takes up to {:.2f} GB of the {:.1f} GB that are free", needed, available);
  if (available == 0 || needed <= available) return {};
  // What would fit, of what leaves the result as it is.
  std::string advice;
  const auto suggest = [&](const std::string& what, const TrainerOptions& instead) {
    const double then = gigabytes(instead);
    if (then > available) return;
    advice += fmt::format("{}{} ({:.1f} GB)", advice.empty() ? "" : ", or ", what, then);
  };
  if (!trainer.recompute) {
    TrainerOptions instead = trainer;
    instead.recompute = true;
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
  if (advice.empty() && CachesFeatures(trainer, config)) {
    advice = "--freeze encoder keeps what the encoder gives of each text: freeze fewer layers, or train on fewer texts";
  }
  if (advice.empty())
    advice = "lower --max-length (now " + std::to_string(options.max_length) + "), or take a smaller model";
  return Fail(ErrorCode::kUnsupported,
              fmt::format("training would take {:.1f} GB, and {:.1f} GB are free", needed, available), advice);
}

}  // namespace winnow
