/// The step that any server, or `winnow registry ab --status`, may take at any time: counts the reports and labels that
/// wait, decides, and carries the decision out. All of it is kept in the store under compare-and-set, so that several
/// servers that take steps at the same time do what one would.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "experiment/confidence_sequence.h"
#include "experiment/experiment.h"
#include "store/store.h"

namespace winnow {

/// The aliases that an experiment changes: of the version that is used, and of the one that is compared with it.
inline constexpr char kChampionAlias[] = "champion";
inline constexpr char kCandidateAlias[] = "challenger";

/// An experiment as the store has it.
struct Experiment {
  ExperimentRecord record = {};
  ExperimentPlan plan = {};
  ExperimentState state = {};
};

/// Returns "spam/7", which users are assigned by.
std::string ExperimentId(const ExperimentKey& key);
/// Returns "experiment spam/7", who the audit log says changed the aliases.
std::string ExperimentActor(const ExperimentKey& key);

/// Errors: kInvalidData for a record that was damaged.
Result<Experiment> ReadExperiment(const ExperimentRecord& record);
/// Returns the newest experiment of a model, or nothing. Errors: those of the store; kInvalidData.
Result<std::optional<Experiment>> FindNewestExperiment(Store& store, const std::string& model);

/// Begins an experiment of the champion against `candidate`, which the alias "challenger" means from then on, so that
/// servers load it. Errors: kNotFound for a model without a champion and for an unknown version; kInvalidArgument for
/// the champion itself and for a plan that is not valid; kExists if an experiment is active; those of the store.
Result<Experiment> StartExperiment(Store& store, const std::string& model, const std::string& candidate,
                                   const ExperimentPlan& plan, const std::string& actor, StoreTime now);

/// Ends an active experiment without a verdict. Errors: kNotFound if none is active; kExists if the tests have decided
/// for the candidate, whose promotion has begun; those of the store.
Result<Experiment> StopExperiment(Store& store, const std::string& model, const std::string& reason,
                                  const std::string& actor);

/// Takes a step, and returns the experiment as it is afterwards. Errors: those of the store; kInvalidData.
Result<Experiment> StepExperiment(Store& store, const ExperimentKey& key, StoreTime now);

/// T3, for people: how large the difference is.
struct DifferenceEstimate {
  int64_t labels = 0;
  double wrong = 0.5;          ///< share of the labelled disagreements in which the candidate is wrong
  MeanInterval interval = {};  ///< of that share, at all times together
  int64_t compared = 0;        ///< messages that both models scored
  int64_t disagreements = 0;   ///< of these
  /// Errors of the candidate minus errors of the champion per message: (2 wrong - 1) times the share of disagreements.
  double difference = 0;
  MeanInterval difference_interval = {};
};

/// What `--status` shows besides the record.
struct ExperimentReportCard {
  GuardrailInput guardrails = {};
  std::vector<GuardrailFinding> findings = {};
  DifferenceEstimate difference = {};
  int64_t waiting_reports = 0, waiting_labels = 0;
  std::vector<ExperimentDecisionRecord> decisions = {};
};
Result<ExperimentReportCard> ReadReportCard(Store& store, const Experiment& experiment);

/// In place of an arm: the counters of messages that both models scored.
inline constexpr char kComparedCounters[] = "compared";

/// Returns the counters of an arm as a server keeps them in the store, and reads them.
Json ToJson(const ArmCounters& counters);
Result<ArmCounters> CountersFromJson(const Json& json);

}  // namespace winnow
