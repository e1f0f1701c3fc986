/// Retraining of a model of a registry: its version in use is the champion; a challenger that passes the gate becomes
/// the next version.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "base/threads.h"
#include "pipeline/training_observer.h"
#include "registry/registry.h"
#include "retrain/retrain.h"

namespace winnow {

/// What happens to a challenger that has passed the gate. One that has not is not pushed.
enum class PromotePolicy {
  kNone,        ///< it is pushed
  kChallenger,  ///< it is pushed, and the alias "challenger" means it, for a comparison on users' messages
  kChampion,  ///< it is pushed and takes the place of the champion, unless somebody has changed the champion meanwhile
};

struct RegisteredRetrainPlan {
  std::string model;  ///< NAME or NAME@ALIAS; NAME alone means its champion
  PromotePolicy promote = PromotePolicy::kChallenger;
  /// Directory for the champion, the checkpoints and the challenger. A run that was interrupted is continued by the
  /// next one with the same directory; one retraining at a time uses it.
  std::filesystem::path work_dir;
  RetrainPlan plan;     ///< without champion, output directory and version
  std::string command;  ///< for the record of the version
};

struct RegisteredRetraining {
  Retraining retraining;
  std::optional<ModelVersion> pushed = {};
  std::optional<AliasRow> promoted = {};
};

/// Retrains. Errors: those of Retrain and of the registry; kNotFound for an unknown model; kExists if the champion was
/// changed while the challenger was trained, which then stays in the registry as a version.
Result<RegisteredRetraining> RetrainRegistered(
    Registry& registry, const RegisteredRetrainPlan& plan, ThreadPool& pool, TrainingObserver& observer,
    std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now());

/// Returns the directory of a model for checkpoints if none is named: below the state directory of a systemd unit, else
/// below the user's cache directory. Errors: kInvalidArgument if there is neither.
Result<std::filesystem::path> DefaultWorkDirectory(const std::string& model);

/// Returns RetrainingJson with "pushed", the version or null, and "promoted", {alias, version, from} or null.
Json RegisteredRetrainingJson(const RegisteredRetraining& done);

std::string RegisteredRetrainingText(const RegisteredRetraining& done);

}  // namespace winnow
