/// Directories checkpoint-N next to the model that is trained. An interrupted training is resumed from them, with a
/// result equal to that without the interruption.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "train/trainer.h"

namespace winnow {

/// Everything that determines the bytes of a run, as name -> value: options, and digests of data and base model.
using RunIdentity = Json;

constexpr char kTrainerStateFile[] = "trainer_state.json";
constexpr char kOptimizerFile[] = "optimizer.safetensors";

struct Checkpoint {
  std::filesystem::path path;
  TrainingState state;
  RunIdentity run;

  /// Returns the point to resume from: this checkpoint, and the one with the best weights so far.
  ResumePoint Resume() const;
};

/// Returns the directory "checkpoint-120" of the training that writes to `output`.
std::filesystem::path CheckpointPath(const std::filesystem::path& output, int step);

/// Writes trainer_state.json (with Hugging Face's keys global_step, epoch, best_metric, best_model_checkpoint and
/// log_history) and optimizer.safetensors into `dir`, which must contain the model's files. Errors: kIo.
Result<void> WriteTrainingState(const std::filesystem::path& dir, const TrainingState& state,
                                const Optimizer& optimizer, const RunIdentity& run);

/// Reads a checkpoint. Errors: kNotFound; kInvalidData if it is damaged.
Result<Checkpoint> ReadCheckpoint(const std::filesystem::path& path);

/// Returns the newest checkpoint in `output` that is complete, including its best neighbour; `note` receives a line
/// about each checkpoint that is skipped, with the reason. Nothing if there is none.
std::optional<Checkpoint> NewestCheckpoint(const std::filesystem::path& output,
                                           const std::function<void(const std::string&)>& note);

/// Checks that a checkpoint belongs to this run. Errors: kInvalidArgument naming the first difference.
Result<void> RequireSameRun(const Checkpoint& checkpoint, const RunIdentity& run);

/// Removes checkpoints of `output` except the newest, the best, and the next best ones, up to `limit` of these.
/// Checkpoints of steps that are not in `state` belong to another run and are removed.
void RemoveOldCheckpoints(const std::filesystem::path& output, const TrainingState& state, bool higher_is_better,
                          int limit);

}  // namespace winnow
