/// The experiments of a running server: which arm answers a request, what the arms did, and the exchange of it with the
/// store, in the background. A request never waits for the store.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/mutex.h"
#include "experiment/experiment_step.h"

namespace winnow {

/// An experiment in the memory of a server. Thread-safe.
class LiveExperiment {
 public:
  explicit LiveExperiment(Experiment experiment)
      : experiment_(std::move(experiment)), id_(ExperimentId(experiment_.record.key)) {}

  const Experiment& experiment() const { return experiment_; }
  const std::string& id() const { return id_; }

 private:
  friend class LiveExperiments;
  const Experiment experiment_;
  const std::string id_;
};

/// What becomes of a request.
struct ArmAssignment {
  std::shared_ptr<const LiveExperiment> live;
  Arm arm = Arm::kNone;
  double share_in_experiment = 0.5;
  bool compare = false;  ///< both models score the message, and the other one's answer is not shown

  const std::string& champion() const { return live->experiment().record.champion; }
  const std::string& candidate() const { return live->experiment().record.candidate; }
  /// True if the candidate's answer is shown.
  bool shows_candidate() const { return arm == Arm::kCandidate && !live->experiment().plan.shadow; }
};

/// Thread-safe.
class LiveExperiments {
 public:
  /// `server` names this process in the store.
  explicit LiveExperiments(std::string server) : server_(std::move(server)) {}
  LiveExperiments(const LiveExperiments&) = delete;
  LiveExperiments& operator=(const LiveExperiments&) = delete;

  /// Returns what becomes of a request for the champion of `model`; nothing without an experiment or a user. `message`
  /// decides whether both models score it.
  std::optional<ArmAssignment> Assign(std::string_view model, std::string_view user, std::string_view message,
                                      StoreTime now) const;

  /// Counts an answer of a user of an arm, which took so long; `failed`: the model of the arm did not answer.
  void Answered(const ArmAssignment& assignment, std::string_view user, double seconds, bool failed, StoreTime now);
  /// Counts a message that both models scored. `drawn` is what the store is to keep of it if they disagree; its verdict
  /// is the champion's.
  void Compared(const ArmAssignment& assignment, bool disagree, VerdictSample drawn);

  /// Reads the experiments, writes what was counted, reads reports and blind labels of `feedback` (null: it is down),
  /// and takes a step of each experiment. Called again and again by one thread at a time. Errors: those of the stores;
  /// what could not be written is kept for the next time.
  Result<void> Exchange(Store& records, Store* feedback, StoreTime now);

  /// Returns the active experiments.
  std::vector<std::shared_ptr<const LiveExperiment>> List() const;

 private:
  using Key = std::pair<std::string, int64_t>;

  /// What was counted of one experiment.
  struct Counts {
    std::array<ArmCounters, 2> arms;  ///< control, candidate
    uint64_t compared = 0, disagreements = 0;
    bool changed = false;
    std::unordered_set<uint64_t> seen;  ///< hashes of users with their arms
    std::vector<ExperimentUser> users;  ///< new ones
    std::vector<VerdictSample> drawn;
  };
  /// What the reader of feedback has read.
  struct Reading {
    int64_t last_id = 0;
    std::set<int64_t> known = {};  ///< among the last kOverlap ids
  };

  Result<void> Refresh(Store& records) EXCLUDES(mutex_);
  Result<void> ExchangeOne(Store& records, Store* feedback, const Experiment& experiment, StoreTime now);
  Result<void> WriteUsers(Store& records, const Experiment& experiment) EXCLUDES(mutex_);
  Result<void> WriteCounters(Store& records, const Experiment& experiment) EXCLUDES(mutex_);
  Result<void> WriteDrawn(Store& records, Store& feedback, const Experiment& experiment) EXCLUDES(mutex_);
  Result<void> ReadReports(Store& records, Store& feedback, const Experiment& experiment);
  Result<void> ReadLabels(Store& records, Store& feedback, const Experiment& experiment);

  const std::string server_;
  mutable Mutex mutex_;
  std::map<std::string, std::shared_ptr<const LiveExperiment>, std::less<>> live_ GUARDED_BY(mutex_);  // by model
  std::map<Key, Counts> counts_ GUARDED_BY(mutex_);
  std::map<Key, Reading> reading_;  // of the thread that exchanges
};

/// Returns the report that feedback makes in an experiment: nothing unless a user of an arm rejects an answer that one
/// of its versions gave at `answered_at`.
std::optional<ExperimentReport> ReportFrom(const Experiment& experiment, const StoredFeedback& feedback,
                                           StoreTime answered_at);

}  // namespace winnow
