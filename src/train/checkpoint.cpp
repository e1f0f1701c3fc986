#include "train/checkpoint.h"

#include <algorithm>
#include <set>

#include "base/files.h"
#include "base/format_version.h"
#include "base/json.h"
#include "base/parse_number.h"
#include "bundle/manifest.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "checkpoint-";
constexpr int kFormat = 1;  // a checkpoint that does not state one has it, too

/// The step that a directory's name tells, or -1.
int StepOf(const fs::path& path) {
  const std::string name = path.filename().string();
  if (!name.starts_with(kPrefix)) return -1;
  return ParseNumber<int>(std::string_view(name).substr(kPrefix.size())).value_or(-1);
}

std::vector<int> StepsIn(const fs::path& output) {
  std::vector<int> steps;
  std::error_code error;
  for (auto entry = fs::directory_iterator(output, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    if (StepOf(entry->path()) >= 0) steps.push_back(StepOf(entry->path()));
  }
  std::ranges::sort(steps, std::greater());
  return steps;
}

Json EvaluationJson(const Evaluation& e) {
  return {{"epoch", e.epoch},
          {"step", e.step},
          {"loss", e.train_loss},
          {"eval_loss", e.validation_loss},
          {"eval_accuracy", e.accuracy},
          {"eval_f1_macro", e.f1_macro},
          {"eval_metric", e.metric},
          {"best", e.best}};
}

/// A checkpoint whose every file is as it was written, and whose best neighbour is too.
Result<Checkpoint> WholeCheckpoint(const fs::path& path) {
  TRY(RequireVerified(path));
  Checkpoint checkpoint = TRY(ReadCheckpoint(path));
  const fs::path best = checkpoint.Resume().best_checkpoint;
  if (!best.empty() && best != path) TRY(RequireVerified(best));
  return checkpoint;
}

}  // namespace

fs::path CheckpointPath(const fs::path& output, int step) {
  return output / (std::string(kPrefix) + std::to_string(step));
}

ResumePoint Checkpoint::Resume() const {
  ResumePoint point{.state = state, .optimizer = path / kOptimizerFile, .best_checkpoint = {}};
  if (state.best >= 0) {
    point.best_checkpoint = CheckpointPath(path.parent_path(), state.evaluations[static_cast<size_t>(state.best)].step);
  }
  return point;
}

Result<void> WriteTrainingState(const fs::path& dir, const TrainingState& state, const Optimizer& optimizer,
                                const RunIdentity& run) {
  TRY(optimizer.Save(dir / kOptimizerFile));
  Json history = Json::array();
  for (const Evaluation& evaluation : state.evaluations) history.push_back(EvaluationJson(evaluation));
  Json document = {{"global_step", state.step}, {"log_history", std::move(history)}};
  if (!state.evaluations.empty()) document["epoch"] = state.evaluations.back().epoch;
  if (state.best >= 0) {
    const Evaluation& best = state.evaluations[static_cast<size_t>(state.best)];
    document["best_metric"] = best.metric;
    document["best_model_checkpoint"] = CheckpointPath({}, best.step).string();
  }
  document["winnow"] = {{"format", kFormat},
                        {"written_by", WINNOW_VERSION},
                        {"best", state.best},
                        {"loss_sum", state.loss_sum},
                        {"loss_weight", state.loss_weight},
                        {"tokens", state.tokens},
                        {"training_seconds", state.training_seconds},
                        {"wall_seconds", state.wall_seconds},
                        {"run", run}};
  return WriteFileAtomically(dir / kTrainerStateFile, DumpJson(document));
}

Result<Checkpoint> ReadCheckpoint(const fs::path& path) {
  const fs::path file = path / kTrainerStateFile;
  const Json document = TRY(ParseJson(TRY(ReadFile(file)), file.string()));
  Checkpoint checkpoint{.path = path, .state = {}, .run = {}};
  TrainingState& state = checkpoint.state;
  try {
    state.step = document.at("global_step").get<int>();
    for (const auto& e : document.at("log_history")) {
      state.evaluations.push_back({.epoch = e.at("epoch").get<double>(),
                                   .step = e.at("step").get<int>(),
                                   .train_loss = e.at("loss").get<double>(),
                                   .validation_loss = e.at("eval_loss").get<double>(),
                                   .accuracy = e.at("eval_accuracy").get<double>(),
                                   .f1_macro = e.at("eval_f1_macro").get<double>(),
                                   .metric = e.at("eval_metric").get<double>(),
                                   .best = e.at("best").get<bool>()});
    }
    const auto& own = document.at("winnow");
    if (own.contains("format") && own.at("format").get<int64_t>() > kFormat) {
      return std::unexpected(NewerFormatError(file.string(), "the checkpoint", own.at("format").get<int64_t>(), kFormat,
                                              own.at("written_by").get<std::string>()));
    }
    state.best = own.at("best").get<int>();
    state.loss_sum = own.at("loss_sum").get<double>();
    state.loss_weight = own.at("loss_weight").get<double>();
    state.tokens = own.at("tokens").get<size_t>();
    state.training_seconds = own.at("training_seconds").get<double>();
    // Checkpoints of earlier versions do not have it.
    state.wall_seconds = own.contains("wall_seconds") ? own.at("wall_seconds").get<double>() : state.training_seconds;
    checkpoint.run = own.at("run");
  } catch (const std::logic_error& error) {  // a member is missing or of another type
    return Fail(ErrorCode::kInvalidData, file.string() + ": not the state of a training run: " + error.what());
  }
  if (state.step != StepOf(path) || state.best < -1 || state.best >= static_cast<int>(state.evaluations.size())) {
    return Fail(ErrorCode::kInvalidData, file.string() + ": the file belongs to another checkpoint");
  }
  return checkpoint;
}

std::optional<Checkpoint> NewestCheckpoint(const fs::path& output,
                                           const std::function<void(const std::string&)>& note) {
  for (const int step : StepsIn(output)) {
    const fs::path path = CheckpointPath(output, step);
    Result<Checkpoint> checkpoint = WholeCheckpoint(path);
    if (checkpoint) return std::move(*checkpoint);
    note(path.string() + " is skipped: " + checkpoint.error().message);
  }
  return std::nullopt;
}

Result<void> RequireSameRun(const Checkpoint& checkpoint, const RunIdentity& run) {
  const auto refuse = [&](const std::string& name, const std::string& there, const std::string& here) {
    return Fail(ErrorCode::kInvalidArgument,
                checkpoint.path.string() + ": the checkpoint was made with " + name + " " + there +
                    ", but this run uses " + here,
                "use the value of the checkpoint, or omit --resume to start from the beginning");
  };
  for (const auto& [name, value] : run.items()) {
    const Json* const found = checkpoint.run.Find(name);
    if (found == nullptr) return refuse(name, "none", value.dump());
    if (*found != value) return refuse(name, found->dump(), value.dump());
  }
  for (const auto& [name, value] : checkpoint.run.items()) {
    if (!run.contains(name)) return refuse(name, value.dump(), "none");
  }
  return {};
}

void RemoveOldCheckpoints(const fs::path& output, const TrainingState& state, bool higher_is_better, int limit) {
  std::vector<const Evaluation*> ranked;
  for (const Evaluation& evaluation : state.evaluations) ranked.push_back(&evaluation);
  std::ranges::stable_sort(ranked, [&](const Evaluation* a, const Evaluation* b) {
    return higher_is_better ? a->metric > b->metric : a->metric < b->metric;
  });
  std::set<int> kept;
  if (state.best >= 0) kept.insert(state.evaluations[static_cast<size_t>(state.best)].step);
  for (const Evaluation* evaluation : ranked) {
    std::error_code ignored;
    if (static_cast<int>(kept.size()) >= limit) break;
    if (fs::exists(CheckpointPath(output, evaluation->step), ignored)) kept.insert(evaluation->step);
  }
  kept.insert(state.step);
  for (const int step : StepsIn(output)) {
    std::error_code ignored;
    if (!kept.contains(step)) fs::remove_all(CheckpointPath(output, step), ignored);
  }
}

}  // namespace winnow
