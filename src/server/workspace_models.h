/// The models of a workspace, for people who manage them: what they were made of, which one is the default, and removal
/// that can be undone.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/json.h"
#include "base/mutex.h"
#include "server/api_error.h"
#include "server/client_tasks.h"
#include "server/job_service.h"
#include "server/model_set.h"

namespace winnow {

/// Thread-safe. All functions but `tasks` and Finish read or write files.
class WorkspaceModels {
 public:
  WorkspaceModels(std::shared_ptr<JobService> jobs, std::shared_ptr<ModelSet> models);

  /// Returns the list of models, by name: {"name", "kind", "base_model", "labels", "texts", "f1_macro", "accuracy",
  /// "trained", "size_mb", "quantized", "default", "loaded"}. A directory that is no whole model has an "error"
  /// instead.
  Json List() const;
  /// Returns one of the list, and its "card", "training_info" and "manifest". Errors: 404.
  ApiResult<Json> Describe(const std::string& name) const;
  /// Returns the models that a training has made, the newest first, in the form of the mail tool: {"name",
  /// "base_model", "val_macro_f1", "timestamp", "sample_count"}.
  Json FineTuned() const;

  /// Checks that a new model of this name would not take the place of one that the server has from elsewhere, and that
  /// clients know by this name. Errors: 409.
  ApiResult<void> CheckFree(const std::string& name) const;
  /// Moves a model to the trash of the workspace, from where Restore brings it back until a model of the same name is
  /// removed. Errors: 404; 409 for the default model, and while a job reads or writes the model; 503.
  ApiResult<void> Remove(const std::string& name);
  /// Errors: 404; 409 if there is a model of that name again, and those of CheckFree; 503.
  ApiResult<void> Restore(const std::string& name);

  /// Keeps that a model was made the default, so that it is after a restart, too. Errors: those of AppendLine.
  Result<void> KeepSwitch(const std::string& model, const std::string& by);
  /// Returns what KeepSwitch has kept, the newest first, at most `limit`: {"time", "model", "by"}.
  Json Switches(size_t limit) const;
  /// Makes the model of the last switch the default again, if it can be loaded. Returns when that is decided.
  void RestoreDefault();

  /// Threads for requests, since reading files takes time.
  ClientTasks& tasks() { return tasks_; }
  /// Returns when no task is running.
  void Finish() { tasks_.Finish(); }

 private:
  Json ListedModel(const std::filesystem::path& directory) const;
  std::filesystem::path SwitchesFile() const;

  const std::shared_ptr<JobService> jobs_;
  const std::shared_ptr<ModelSet> models_;
  Mutex changing_;
  ClientTasks tasks_{/*threads=*/2, /*most_waiting=*/256};
};

}  // namespace winnow
