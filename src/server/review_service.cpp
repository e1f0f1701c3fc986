#include "server/review_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <system_error>

#include "base/files.h"
#include "base/log.h"
#include "base/path_error.h"
#include "base/threads.h"
#include "bundle/model_config.h"
#include "bundle/pull.h"
#include "classify/zero_shot.h"
#include "data/row_writer.h"
#include "registry/registry.h"
#include "server/filter_service.h"
#include "server/workspace_names.h"
#include "text/duplicate_key.h"
#include "workspace/client_words.h"

namespace winnow {

namespace fs = std::filesystem;

namespace {

constexpr char kTfidf[] = "tfidf";
constexpr char kDefaultEncoder[] = "minilm";

ApiError FileError(const Error& error) {
  switch (error.code) {
    case ErrorCode::kNotFound:
      return {.status = 404, .type = "NotFound", .message = error.message};
    case ErrorCode::kExists:
      return {.status = 409, .type = "Conflict", .message = error.message};
    case ErrorCode::kIo:
      return {.status = 503, .type = "Unavailable", .message = error.message};
    default:
      return {.status = 422, .type = "Validation", .message = OneLine(error)};
  }
}

/// Names of routes below /v1/review.
bool IsReserved(const std::string& name) {
  return name == "next" || name == "label" || name == "undo" || name == "groups";
}

ApiResult<void> CheckReviewName(const std::string& name) {
  if (const Result<void> valid = CheckRegistryName(name, "name of a review"); !valid) {
    return Reject(OneLine(valid.error()));
  }
  if (IsReserved(name)) return Reject(fmt::format("a review cannot have the name '{}'", name));
  return {};
}

std::vector<std::string> LabelsOf(const std::vector<PoolText>& texts) {
  std::set<std::string> names;
  for (const PoolText& text : texts) {
    if (text.given) names.insert(*text.given);
  }
  std::vector<std::string> labels(names.begin(), names.end());
  SortLabels(labels);
  return labels;
}

/// Moves a directory to a place whose former contents are removed, but not if there is nothing to move.
Result<void> Rename(const fs::path& from, const fs::path& to) {
  std::error_code error;
  if (!fs::exists(from, error)) {
    return Fail(error ? ErrorCode::kIo : ErrorCode::kNotFound,
                from.string() + ": " + (error ? error.message() : "there is no such directory"));
  }
  fs::create_directories(to.parent_path(), error);
  if (!error) fs::remove_all(to, error);
  if (!error) fs::rename(from, to, error);
  if (error) return std::unexpected(PathError(from, error));
  SyncDirectory(to.parent_path());
  SyncDirectory(from.parent_path());
  return {};
}

}  // namespace

Result<std::shared_ptr<ReviewService>> ReviewService::Open(const fs::path& workspace,
                                                           std::function<std::vector<std::string>()> contradictions) {
  std::shared_ptr<ReviewService> service(new ReviewService(workspace));
  service->contradictions_ = std::move(contradictions);
  std::error_code error;
  fs::create_directories(service->directory_, error);
  if (error) return std::unexpected(PathError(service->directory_, error));
  return service;
}

void ReviewService::SetChanged(Changed changed) {
  const MutexLock lock(changed_mutex_);
  changed_ = std::move(changed);
}

Result<std::shared_ptr<ReviewSet>> ReviewService::OpenSet(const std::string& name) {
  const auto known = sets_.find(name);
  if (known != sets_.end()) return known->second;
  ReviewSetOptions options;
  options.contradictions = contradictions_;
  options.changed = [this](const std::string& set, size_t labelled) {
    Changed changed;
    {
      const MutexLock lock(changed_mutex_);
      changed = changed_;
    }
    if (changed) changed(set, labelled);
  };
  const Json json = TRY(ParseJson(TRY(ReadFile(directory_ / name / kReviewFile)), kReviewFile));
  const ReviewSettings settings = TRY(ReviewSettings::FromJson(json));
  PreparationSources& sources = options.sources;
  sources.directory = directory_ / name;
  sources.encoder = settings.encoder;
  if (!settings.model.empty()) sources.champion = workspace_ / "models" / settings.model;
  if (!settings.challenger.empty()) sources.challenger = workspace_ / "models" / settings.challenger;
  sources.nli = FindNli();
  sources.threads = std::max(1, AvailableCores() / 2);
  std::shared_ptr<ReviewSet> set = TRY(ReviewSet::Open(std::move(options)));
  sets_[name] = set;
  return set;
}

std::vector<std::shared_ptr<ReviewSet>> ReviewService::List() {
  std::set<std::string> names;
  std::error_code error, ignored;
  for (fs::directory_iterator entry(directory_, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with('.') && fs::exists(entry->path() / kReviewFile, ignored)) names.insert(name);
  }
  if (error) LogWarning("{}: {}", directory_.string(), error.message());
  std::vector<std::shared_ptr<ReviewSet>> sets;
  const MutexLock lock(mutex_);
  for (const std::string& name : names) {
    Result<std::shared_ptr<ReviewSet>> set = OpenSet(name);
    if (set) {
      sets.push_back(*std::move(set));
    } else {
      LogWarning("review '{}' cannot be read: {}", name, set.error().Text());
    }
  }
  return sets;
}

ApiResult<std::shared_ptr<ReviewSet>> ReviewService::Find(const std::string& name) {
  TRY(CheckReviewName(name));
  std::shared_ptr<ReviewSet> set;
  {
    const MutexLock lock(mutex_);
    std::error_code ignored;
    if (!sets_.contains(name) && !fs::exists(directory_ / name / kReviewFile, ignored)) {
      return Reject(404, "NotFound", fmt::format("the workspace has no review '{}'", name));
    }
    Result<std::shared_ptr<ReviewSet>> opened = OpenSet(name);
    if (!opened) return Reject(503, "Unavailable", opened.error().message);
    set = *std::move(opened);
  }
  set->Start();
  return set;
}

ApiResult<fs::path> ReviewService::ModelOf(const std::string& name) const {
  return FindInWorkspace(workspace_ / "models", name, "model");
}

/// Chooses the model of the features and sets its name. `auto` prefers the champion, then the usual base model if it is
/// in the cache, then base models of the workspace, then other models of it, then TF-IDF.
ApiResult<void> ReviewService::ResolveEncoder(ReviewSettings& settings) const {
  const auto cached = [](const std::string& name) -> std::optional<fs::path> {
    const Result<std::optional<fs::path>> found = FindInCache(name, PullOptions::FromEnvironment());
    return found && *found && HasEncoder(**found) ? *found : std::nullopt;
  };
  const auto use = [&](const std::string& name, const fs::path& encoder) {
    settings.features = name;
    settings.encoder = encoder.string();
  };
  if (settings.features == kTfidf) return {};
  if (settings.features != "auto") {
    if (const ApiResult<fs::path> model = ModelOf(settings.features)) {
      if (!HasEncoder(*model)) {
        return Reject(
            fmt::format("the model '{}' has no encoder; features can be made by a base model, a fine-tuned "
                        "transformer, or tfidf",
                        settings.features));
      }
      use(settings.features, *model);
      return {};
    }
    const std::optional<fs::path> found = cached(settings.features);
    if (!found) {
      return Reject(404, "NotFound",
                    fmt::format("neither the workspace nor the cache has the model '{}'; download a base model with "
                                "winnow pull, or use tfidf",
                                settings.features));
    }
    use(settings.features, *found);
    return {};
  }
  if (!settings.model.empty()) {
    const fs::path champion = workspace_ / "models" / settings.model;
    if (HasEncoder(champion)) return use(settings.model, champion), ApiResult<void>();
  }
  if (const std::optional<fs::path> found = cached(kDefaultEncoder)) {
    return use(kDefaultEncoder, *found), ApiResult<void>();
  }
  std::map<std::pair<bool, std::string>, fs::path> encoders;  // base models first
  std::error_code error;
  for (fs::directory_iterator entry(workspace_ / "models", error), end; !error && entry != end;
       entry.increment(error)) {
    const Result<ModelConfig> config = ReadModelConfig(entry->path());
    if (!config || !HasEncoder(entry->path())) continue;
    encoders[{!config->labels.empty(), entry->path().filename().string()}] = entry->path();
  }
  if (encoders.empty()) return use(kTfidf, {}), ApiResult<void>();
  return use(encoders.begin()->first.second, encoders.begin()->second), ApiResult<void>();
}

fs::path ReviewService::FindNli() const {
  std::set<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator entry(workspace_ / "models", error), end; !error && entry != end;
       entry.increment(error)) {
    const Result<ModelConfig> config = ReadModelConfig(entry->path());
    if (config && HasEncoder(entry->path()) && FindNliLabels(config->labels, {}, "")) found.insert(entry->path());
  }
  return found.empty() ? fs::path() : *found.begin();
}

ApiResult<std::shared_ptr<ReviewSet>> ReviewService::Create(NewReview review) {
  ReviewSettings& settings = review.settings;
  TRY(CheckReviewName(settings.set));
  const fs::path data = TRY(FindInWorkspace(workspace_ / "data", settings.data, "data file"));
  for (const std::string& model : {settings.model, settings.challenger}) {
    if (!model.empty()) TRY(ModelOf(model));
  }
  if (!settings.challenger.empty() && settings.model.empty()) return Reject("a 'challenger' needs a 'model'");
  TRY(ResolveEncoder(settings));
  const Result<std::vector<PoolText>> texts = ReadPoolTexts(data, review.reading);
  if (!texts) return std::unexpected(FileError(ForClients(texts.error(), data)));
  settings.labels = review.labels ? *review.labels : LabelsOf(*texts);
  TRY(CheckReviewLabels(settings.labels));
  for (const auto& [label, words] : settings.seeds) {
    if (std::ranges::find(settings.labels, label) == settings.labels.end()) {
      return Reject(fmt::format("'seeds' has words for '{}', which is not a label", label));
    }
  }
  const Result<void> created = CreateReview(directory_ / settings.set, settings, *texts);
  if (!created) return std::unexpected(FileError(created.error()));
  return Find(settings.set);
}

ApiResult<void> ReviewService::Delete(const std::string& name) {
  const std::shared_ptr<ReviewSet> set = TRY(Find(name));
  {
    const MutexLock lock(mutex_);
    const auto known = sets_.find(name);
    if (known == sets_.end() || known->second != set) {  // somebody else has deleted it since
      return Reject(404, "NotFound", fmt::format("the workspace has no review '{}'", name));
    }
    // Requests that have found the set must not write to one that gets its name.
    set->Retire(true);
    const Result<void> moved = Rename(directory_ / name, trash_ / name);
    const bool gone = moved || moved.error().code == ErrorCode::kNotFound;
    if (gone) sets_.erase(known);
    set->Retire(gone);
    if (!moved) return std::unexpected(FileError(moved.error()));
  }
  set->Close();
  return {};
}

ApiResult<void> ReviewService::Restore(const std::string& name) {
  TRY(CheckReviewName(name));
  const MutexLock lock(mutex_);
  std::error_code ignored;
  if (fs::exists(directory_ / name, ignored)) {
    return Reject(409, "Conflict", fmt::format("there is a review '{}' already", name));
  }
  if (!fs::exists(trash_ / name / kReviewFile, ignored)) {
    return Reject(404, "NotFound", fmt::format("the trash has no review '{}'", name));
  }
  const Result<void> moved = Rename(trash_ / name, directory_ / name);
  if (!moved) return std::unexpected(FileError(moved.error()));
  return {};
}

ApiResult<size_t> ReviewService::Export(ReviewSet& set, const std::string& name, bool with_given, bool replace) {
  if (const Result<void> valid = CheckRegistryName(name, "name of a data file"); !valid) {
    return Reject(OneLine(valid.error()));
  }
  const fs::path file = workspace_ / "data" / (name + ".tsv");
  std::error_code ignored;
  if (!replace && fs::exists(file, ignored)) {
    return Reject(409, "Conflict", fmt::format("there is a data file '{}.tsv' already", name));
  }
  const auto labelled = set.Labelled(with_given);
  if (labelled.empty()) return Reject("no text is labelled yet");
  const auto write = [&]() -> Result<size_t> {
    RowWriter writer = TRY(RowWriter::For(file));
    for (const auto& [text, label] : labelled) {
      const Field fields[] = {TextField("text", text), TextField("label", label)};
      writer.Add(fields);
    }
    TRY(writer.Write());
    return writer.rows();
  };
  const Result<size_t> written = write();
  if (!written) return std::unexpected(FileError(written.error()));
  return *written;
}

void ReviewService::Close() {
  tasks_.Finish();
  std::map<std::string, std::shared_ptr<ReviewSet>> sets;
  {
    const MutexLock lock(mutex_);
    sets.swap(sets_);
  }
  for (const auto& [name, set] : sets) set->Close();
}

ApiResult<void> CheckReviewLabels(const std::vector<std::string>& labels) {
  std::set<std::string> seen;
  for (const std::string& label : labels) {
    const bool plain = !label.empty() && label.size() <= 256 &&
                       std::ranges::none_of(label, [](char c) { return static_cast<unsigned char>(c) < ' '; });
    if (!plain) return Reject("a label has 1 to 256 characters, without line ends and tabs");
    if (!seen.insert(label).second) return Reject(fmt::format("the label '{}' is named twice", label));
  }
  return {};
}

std::vector<std::string> ContradictedTexts(const FilterService& filter) {
  std::vector<std::string> contradicted;
  if (!filter.has_store()) return contradicted;
  const ApiResult<std::shared_ptr<Store>> store = filter.OpenStore();
  if (!store) return contradicted;
  std::map<std::string, std::map<std::string, std::string>> words;  // by text and user
  FeedbackFilter page{.limit = 1000};
  for (;;) {
    const Result<std::vector<StoredFeedback>> events = (*store)->ListFeedback(page);
    if (!events) {
      LogWarning("feedback for reviews cannot be read: {}", events.error().Text());
      break;
    }
    for (const StoredFeedback& stored : *events) {
      const FeedbackEvent& event = stored.event;
      if (event.text.empty() || (!event.label && !event.is_spam)) continue;
      const std::string label = event.label ? *event.label : (*event.is_spam ? "spam" : "ham");
      words[DuplicateKey(event.text)][event.user_id.value_or("")] = label;
    }
    if (events->size() < static_cast<size_t>(page.limit)) break;
    page.after_id = events->back().id;
  }
  for (const auto& [text, users] : words) {
    const std::string& first = users.begin()->second;
    if (std::ranges::any_of(users, [&](const auto& user) { return user.second != first; })) {
      contradicted.push_back(text);
    }
  }
  return contradicted;
}

}  // namespace winnow
