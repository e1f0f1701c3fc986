/// What the store keeps of experiments (see experiment/experiment.h, which knows what plans and states mean).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "store/time_text.h"

namespace winnow {

/// Experiments of a model are numbered 1, 2, 3 ...
struct ExperimentKey {
  std::string model = {};
  int64_t number = 0;
  friend bool operator==(const ExperimentKey&, const ExperimentKey&) = default;
};

struct ExperimentRecord {
  ExperimentKey key = {};
  int64_t revision = 0;                       ///< grows with every change of the state
  bool active = true;                         ///< at most one experiment of a model is active
  std::string champion = {}, candidate = {};  ///< versions
  std::string plan = "{}", state = "{}";      ///< JSON objects
  std::string created_by = {};
  StoreTime created_at = {};  ///< the epoch: when it is added
};

/// Conditions that all must hold.
struct ExperimentFilter {
  std::optional<std::string> model = {};
  std::optional<int64_t> number = {};
  std::optional<bool> active = {};
};

/// The first report of an error by a user of an experiment.
struct ExperimentReport {
  std::string user_id = {}, event_id = {};
  std::string arm = {};  ///< arm that gave the answer: "control" or "candidate"
  double share = 0;      ///< candidate's share of the users of both arms when the message was answered
  StoreTime at = {};     ///< time of the event
  std::optional<StoreTime> settled_until = {};  ///< time of the change that counted it; nothing: it waits
};

/// A user whom an arm answered.
struct ExperimentUser {
  std::string user_id = {}, arm = {};
  double share = 0;  ///< as in ExperimentReport
  StoreTime at = {};
};

/// Users by the arm and the share at which they were seen first.
struct ExperimentUserCount {
  std::string arm = {};
  double share = 0;
  int64_t users = 0;
  int64_t moved = 0;  ///< users among these whom the other arm has answered too
};

/// A message about which the models disagree, drawn for a blind label.
struct ExperimentDisagreement {
  std::string message_id = {};
  bool champion_is_spam = false;  ///< verdict of the champion; that of the candidate is the opposite
  StoreTime created_at = {};
  std::optional<bool> is_spam = {};         ///< the blind label; nothing: waits for it
  std::optional<int64_t> counted_in = {};   ///< revision of the experiment that counted the label
  std::optional<std::string> user_id = {};  ///< user whose message it is
};

/// What one server counted for one arm since it started.
struct ExperimentCounters {
  std::string server = {}, arm = {};
  std::string counters = "{}";  ///< a JSON object
};

struct ExperimentDecisionRecord {
  int64_t revision = 0;
  std::string action = {}, reason = {};
  StoreTime created_at = {};
};

/// What waits to be counted, in the order in which it is counted.
struct ExperimentInput {
  ExperimentRecord experiment = {};
  std::vector<ExperimentReport> reports = {};
  std::vector<ExperimentDisagreement> labels = {};
};

/// What is to become of an experiment.
struct ExperimentChange {
  std::string state = {};
  bool active = true;
  std::string action = {}, reason = {};  ///< the decision; empty: none
  std::string actor = {};                ///< who decided
};

}  // namespace winnow
