#include "server/workspace_models.h"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/lines.h"
#include "base/log.h"
#include "base/machine.h"
#include "bundle/model_card.h"
#include "registry/registry.h"
#include "server/bundle_summary.h"

namespace winnow {

namespace fs = std::filesystem;

namespace {

constexpr double kMegabyte = 1e6;

/// Returns a JSON file of a model, or an empty object.
Json ReadObject(const fs::path& file) {
  const Result<std::string> text = ReadFile(file);
  Result<Json> json = text ? ParseJson(*text, file.filename().string()) : std::unexpected(text.error());
  return json && json->is_object() ? *std::move(json) : Json::object();
}

Json MemberOf(const Json& object, std::string_view key) {
  const Json* const member = object.is_object() ? object.Find(key) : nullptr;
  return member == nullptr ? Json() : *member;
}

std::vector<fs::path> DirectoriesIn(const fs::path& directory) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    const std::string name = entry->path().filename().string();
    if (!name.starts_with('.') && entry->is_directory(ignored)) found.push_back(entry->path());
  }
  std::ranges::sort(found);
  return found;
}

ApiError FileError(const std::error_code& error) {
  return {.status = 503, .type = "Unavailable", .message = "the model could not be moved: " + error.message()};
}

/// A model is one directory of the workspace.
ApiResult<void> CheckName(const std::string& name) {
  if (const Result<void> valid = CheckRegistryName(name, "name of a model"); !valid) {
    return Reject(404, "NotFound", fmt::format("the workspace has no model '{}'", name));
  }
  return {};
}

}  // namespace

WorkspaceModels::WorkspaceModels(std::shared_ptr<JobService> jobs, std::shared_ptr<ModelSet> models)
    : jobs_(std::move(jobs)), models_(std::move(models)) {}

Json WorkspaceModels::ListedModel(const fs::path& directory) const {
  const std::string name = directory.filename().string();
  const Result<BundleSummary> summary = ReadBundleSummary(directory);
  if (!summary) return {{"name", name}, {"error", "this directory is not a complete model"}};
  const Json info = ReadObject(directory / "training_info.json");
  Json model = {{"name", name},
                {"version", summary->version},
                {"kind", summary->kind},
                {"base_model", MemberOf(info, "base_model_id")},
                {"labels", summary->labels},
                {"texts", MemberOf(info, "sample_count")},
                {"f1_macro", MemberOf(summary->metrics, "f1_macro")},
                {"accuracy", MemberOf(summary->metrics, "accuracy")},
                {"val_f1_macro", MemberOf(info, "val_macro_f1")},
                {"trained", MemberOf(info, "timestamp")},
                {"size_mb", static_cast<double>(summary->size_bytes) / kMegabyte},
                {"quantized", summary->weights.find("int8") != std::string::npos},
                {"default", false},
                {"loaded", false}};
  for (const ModelSet::Entry& entry : models_->List()) {
    if (entry.directory != name || entry.name != summary->name) continue;
    model["default"] = entry.is_default;
    model["loaded"] = entry.state == ModelState::kLoaded;
  }
  return model;
}

Json WorkspaceModels::List() const {
  Json list = Json::array();
  for (const fs::path& directory : DirectoriesIn(jobs_->models())) {
    Json model = ListedModel(directory);
    // A training that has not ended has a directory with checkpoints.
    if (model.Find("error") != nullptr && !Exists(directory / "winnow.json")) continue;
    list.push_back(std::move(model));
  }
  return list;
}

ApiResult<Json> WorkspaceModels::Describe(const std::string& name) const {
  TRY(CheckName(name));
  const fs::path directory = TRY(jobs_->FindModel(name));
  Json model = ListedModel(directory);
  model["card"] = ReadFile(directory / kCardFile).value_or("");
  model["training_info"] = ReadObject(directory / "training_info.json");
  Json manifest = Json::object();
  const Json whole = ReadObject(directory / "winnow.json");
  for (const auto& [key, value] : whole.items()) {
    if (key != "files") manifest[key] = value;
  }
  model["manifest"] = std::move(manifest);
  return model;
}

Json WorkspaceModels::FineTuned() const {
  std::vector<Json> models;
  for (const fs::path& directory : DirectoriesIn(jobs_->models())) {
    const Json info = ReadObject(directory / "training_info.json");
    if (info.empty()) continue;
    models.push_back({{"name", directory.filename().string()},
                      {"base_model", MemberOf(info, "base_model_id")},
                      {"val_macro_f1", MemberOf(info, "val_macro_f1")},
                      {"timestamp", MemberOf(info, "timestamp")},
                      {"sample_count", MemberOf(info, "sample_count")}});
  }
  const auto time = [](const Json& model) {
    const Json* const text = model.Find("timestamp");
    return text->is_string() ? text->str() : std::string();
  };
  std::ranges::stable_sort(models, std::ranges::greater(), time);
  Json list = Json::array();
  for (Json& model : models) list.push_back(std::move(model));
  return list;
}

ApiResult<void> WorkspaceModels::Remove(const std::string& name) {
  TRY(CheckName(name));
  const MutexLock lock(changing_);
  const fs::path directory = TRY(jobs_->FindModel(name));
  const Json model = ListedModel(directory);
  if (const Json* const used = model.Find("default"); used != nullptr && used->get<bool>()) {
    return Reject(409, "Conflict",
                  fmt::format("'{}' is the default model; make another model the default before you remove it", name));
  }
  for (const JobState state : {JobState::kQueued, JobState::kRunning}) {
    for (const Job& job : jobs_->runner().List({.kind = "", .state = state, .before_id = "", .limit = 1000})) {
      const bool used = std::ranges::any_of(job.plan.arguments, [&](const std::string& argument) {
        return argument == directory.string() || argument.ends_with("=" + directory.string());
      });
      if (used) return Reject(409, "Conflict", fmt::format("a job uses '{}': {}", name, job.plan.title));
    }
  }
  const fs::path trash = jobs_->workspace() / "trash" / "models";
  std::error_code error;
  fs::create_directories(trash, error);
  if (!error) fs::remove_all(trash / name, error);
  if (!error) fs::rename(directory, trash / name, error);
  if (error) return std::unexpected(FileError(error));
  models_->Reload();
  return {};
}

ApiResult<void> WorkspaceModels::CheckFree(const std::string& name) const {
  if (!models_->ServesFromOutside(name, jobs_->models())) return {};
  return Reject(
      409, "Conflict",
      fmt::format("the server has a model '{}' that is not in the workspace, and that a model of this name in the "
                  "workspace would replace; choose another name",
                  name));
}

ApiResult<void> WorkspaceModels::Restore(const std::string& name) {
  TRY(CheckName(name));
  TRY(CheckFree(name));
  const MutexLock lock(changing_);
  const fs::path kept = jobs_->workspace() / "trash" / "models" / name;
  std::error_code error;
  if (!fs::is_directory(kept, error)) {
    return Reject(404, "NotFound", fmt::format("the trash has no model '{}'", name));
  }
  if (fs::exists(jobs_->models() / name, error)) {
    return Reject(409, "Conflict", fmt::format("there is a model '{}' again", name));
  }
  fs::rename(kept, jobs_->models() / name, error);
  if (error) return std::unexpected(FileError(error));
  models_->Reload();
  return {};
}

fs::path WorkspaceModels::SwitchesFile() const { return jobs_->workspace() / "switches.jsonl"; }

Result<void> WorkspaceModels::KeepSwitch(const std::string& model, const std::string& by) {
  return AppendLine(SwitchesFile(), DumpJsonLine({{"time", TimestampUtc()}, {"model", model}, {"by", by}}));
}

Json WorkspaceModels::Switches(size_t limit) const {
  Json list = Json::array();
  const Result<std::string> text = ReadFile(SwitchesFile());
  if (!text) return list;  // nobody has switched yet
  const std::vector<std::string> lines = Lines(*text);
  for (auto line = lines.rbegin(); line != lines.rend() && list.size() < limit; ++line) {
    Result<Json> read = ParseJson(*line, "switches.jsonl");
    if (read && read->is_object()) list.push_back(*std::move(read));
  }
  return list;
}

void WorkspaceModels::RestoreDefault() {
  const Json last = Switches(1);
  if (last.size() == 0) return;
  const Json* const model = last.begin()->Find("model");
  if (model == nullptr || !model->is_string()) return;
  const auto decided = std::make_shared<std::promise<void>>();
  std::future<void> done = decided->get_future();
  models_->Switch(model->str(), [decided, name = model->str()](const ApiResult<ModelSet::Model>& found) {
    if (!found) LogWarning("'{}' was the default model, but cannot be used: {}", name, found.error().message);
    decided->set_value();
  });
  done.wait();
}

}  // namespace winnow
