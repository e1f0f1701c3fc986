/// Retraining: a model with the configuration of an earlier one, on base data and on what people have said since, and
/// the gate that the new model, the challenger, has to pass before it takes the place of the earlier one, the champion.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/threads.h"
#include "pipeline/train.h"
#include "pipeline/training_observer.h"
#include "pipeline/training_plan.h"
#include "retrain/measure_gate.h"
#include "retrain/retraining_data.h"
#include "store/store.h"

namespace winnow {

enum class FeedbackUse {
  /// All feedback, as `winnow feedback export` writes it, is a part of the data, and so of all parts. The result is
  /// equal, byte for byte, to that of a training on the same texts (docs/forget.md).
  kAll,
  /// Feedback is selected (retrain/feedback_selection.h) and added to the training part alone; the gate examines the
  /// model.
  kSelected,
};

struct RetrainPlan {
  std::filesystem::path champion = {};  ///< directory of the model whose configuration is used
  std::vector<std::filesystem::path> data = {};
  std::optional<std::filesystem::path> validation = {}, test = {};
  ReadingOptions reading = {};  ///< what is empty: as in the champion's training
  Store* store = nullptr;       ///< null: no feedback
  FeedbackUse feedback = FeedbackUse::kAll;
  FeedbackSelectionOptions selection = {};
  OutputPlan output = {};              ///< but for keep_data
  std::optional<bool> keep_data = {};  ///< OutputPlan::keep_data; empty: as in the champion's training
  std::optional<std::filesystem::path> receipt = {};
  /// Since when the champion is the champion; nothing: since it was trained.
  std::optional<StoreTime> promoted_at = {};
  GateBounds bounds = {};
  std::optional<std::filesystem::path> must_pass = {};
  std::optional<std::filesystem::path> report = {};  ///< directory for the report of the gate
  std::optional<std::filesystem::path> review = {};  ///< file for the disputed texts, as JSON lines
  /// With FeedbackUse::kSelected: returns the reason not to train on training texts of this digest
  /// (data/data_digest.h), such as that a model was trained on them before, or "".
  std::function<Result<std::string>(const std::string& data_sha256)> why_not_train = {};
};

struct Retraining {
  std::string not_trained =
      {};  ///< the reason why nothing was trained: a sentence without a full stop; empty: a model was
  TrainedModel trained = {};
  Json receipt = {};
  std::optional<SelectedFeedback> feedback = {};    ///< with FeedbackUse::kSelected
  std::optional<GateReport> gate = {};              ///< with FeedbackUse::kSelected, if a model was trained
  std::string champion_version = {}, version = {};  ///< versions of the earlier model and of the new one
};

/// Trains again. With FeedbackUse::kSelected one retraining at a time writes to an output directory; an interrupted one
/// is continued by the next from its checkpoints, if its data are the same. Errors: those of all steps; kExists if
/// another retraining is running; kInvalidData if there is no test part for the gate.
Result<Retraining> Retrain(const RetrainPlan& plan, ThreadPool& pool, TrainingObserver& observer,
                           std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now());

/// Returns the document of `winnow retrain --json`: training_info.json's members, "receipt", "retrained" and, with
/// FeedbackUse::kSelected, "feedback" and "gate"; without a training "retrained", "reason" and "feedback".
Json RetrainingJson(const Retraining& retraining);

/// Returns what a person wants to know, lines ended by \n.
std::string RetrainingText(const Retraining& retraining);

}  // namespace winnow
