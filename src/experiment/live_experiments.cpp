#include "experiment/live_experiments.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "experiment/murmur3.h"
#include "store/spam_label.h"

namespace winnow {
namespace {

/// Users and messages in memory while the store is down; beyond, users are counted when they come again.
constexpr size_t kMostWaiting = 100000;
constexpr size_t kMostSeen = 4000000;
/// Transactions may become visible in another order than their ids.
constexpr int64_t kOverlap = 1000;
constexpr int kPage = 2000;

/// Returns a uniform number in [0, 1) that is a function of the text.
double UniformOf(std::string_view text, uint32_t seed) {
  return static_cast<double>(Murmur3(text, seed).high >> 11) * 0x1p-53;
}

uint64_t HashOf(std::string_view user, Arm arm) { return Murmur3(user, static_cast<uint32_t>(arm)).low; }

}  // namespace

std::optional<ArmAssignment> LiveExperiments::Assign(std::string_view model, std::string_view user,
                                                     std::string_view message, StoreTime now) const {
  if (user.empty()) return std::nullopt;
  ArmAssignment assignment;
  {
    const MutexLock lock(mutex_);
    const auto found = live_.find(model);
    if (found == live_.end()) return std::nullopt;
    assignment.live = found->second;
  }
  const auto& [record, plan, state] = assignment.live->experiment();
  if (state.phase != ExperimentPhase::kRunning) return std::nullopt;
  const double share = ShareAt(state, now);
  if (share == 0) return std::nullopt;
  assignment.arm = ArmOf(PlaceOf(assignment.live->id(), user), share);
  assignment.share_in_experiment = ShareInExperiment(share);
  constexpr uint32_t kComparing = 1;
  const double compare = plan.shadow ? 1 : plan.compare_share;
  assignment.compare = compare > 0 && UniformOf(message, kComparing) < compare;
  return assignment;
}

void LiveExperiments::Answered(const ArmAssignment& assignment, std::string_view user, double seconds, bool failed,
                               StoreTime now) {
  if (assignment.arm == Arm::kNone) return;
  const ExperimentKey& key = assignment.live->experiment().record.key;
  // The user of a candidate that failed was answered by the champion, and so has seen both arms.
  const bool both = failed && assignment.arm == Arm::kCandidate;
  const uint64_t own = HashOf(user, assignment.arm), other = both ? HashOf(user, Arm::kControl) : 0;
  const MutexLock lock(mutex_);
  Counts& counts = counts_[{key.model, key.number}];
  ArmCounters& arm = counts.arms[assignment.arm == Arm::kCandidate ? 1 : 0];
  ++arm.requests;
  arm.errors += failed;
  arm.latency.Add(seconds);
  counts.changed = true;
  if (counts.users.size() >= kMostWaiting) return;
  if (counts.seen.size() >= kMostSeen) counts.seen.clear();
  const auto note = [&](Arm seen) {
    counts.users.push_back({.user_id = std::string(user),
                            .arm = std::string(NameOf(seen)),
                            .share = assignment.share_in_experiment,
                            .at = now});
  };
  if (counts.seen.insert(own).second) note(assignment.arm);
  if (both && counts.seen.insert(other).second) note(Arm::kControl);
}

void LiveExperiments::Compared(const ArmAssignment& assignment, bool disagree, VerdictSample drawn) {
  const auto& [record, plan, state] = assignment.live->experiment();
  constexpr uint32_t kLabelling = 2;
  const MutexLock lock(mutex_);
  Counts& counts = counts_[{record.key.model, record.key.number}];
  ++counts.compared;
  counts.disagreements += disagree;
  counts.changed = true;
  if (!disagree || counts.drawn.size() >= kMostWaiting) return;
  if (UniformOf(drawn.message_id, kLabelling) >= plan.label_share) return;
  drawn.stratum = kDisagreementStratum;
  drawn.probability = plan.label_share;
  counts.drawn.push_back(std::move(drawn));
}

std::vector<std::shared_ptr<const LiveExperiment>> LiveExperiments::List() const {
  std::vector<std::shared_ptr<const LiveExperiment>> list;
  const MutexLock lock(mutex_);
  for (const auto& [model, live] : live_) list.push_back(live);
  return list;
}

Result<void> LiveExperiments::Refresh(Store& records) {
  std::map<std::string, std::shared_ptr<const LiveExperiment>, std::less<>> fresh;
  Result<void> result;
  for (const ExperimentRecord& record : TRY(records.ListExperiments({.active = true}))) {
    Result<Experiment> read = ReadExperiment(record);
    if (read) fresh[record.key.model] = std::make_shared<LiveExperiment>(std::move(*read));
    if (!read) result = std::unexpected(read.error());
  }
  const MutexLock lock(mutex_);
  live_ = std::move(fresh);
  std::erase_if(counts_, [&](const auto& entry) REQUIRES(mutex_) {
    const auto found = live_.find(entry.first.first);
    return found == live_.end() || found->second->experiment().record.key.number != entry.first.second;
  });
  return result;
}

Result<void> LiveExperiments::WriteUsers(Store& records, const Experiment& experiment) {
  const ExperimentKey& key = experiment.record.key;
  std::vector<ExperimentUser> users;
  {
    const MutexLock lock(mutex_);
    users.swap(counts_[{key.model, key.number}].users);
  }
  const Result<void> written = users.empty() ? Result<void>() : records.AddExperimentUsers(key, users);
  if (written || !IsOutage(written.error())) return written;
  const MutexLock lock(mutex_);
  std::vector<ExperimentUser>& waiting = counts_[{key.model, key.number}].users;
  waiting.insert(waiting.begin(), users.begin(), users.end());
  return written;
}

Result<void> LiveExperiments::WriteCounters(Store& records, const Experiment& experiment) {
  const ExperimentKey& key = experiment.record.key;
  std::vector<ExperimentCounters> rows;
  {
    const MutexLock lock(mutex_);
    Counts& counts = counts_[{key.model, key.number}];
    if (!counts.changed) return {};
    rows = {{server_, std::string(NameOf(Arm::kControl)), ToJson(counts.arms[0]).dump()},
            {server_, std::string(NameOf(Arm::kCandidate)), ToJson(counts.arms[1]).dump()},
            {server_, kComparedCounters,
             Json{{"requests", counts.compared}, {"disagreements", counts.disagreements}}.dump()}};
    counts.changed = false;
  }
  const Result<void> written = records.SetExperimentCounters(key, rows);
  if (written) return {};
  const MutexLock lock(mutex_);
  counts_[{key.model, key.number}].changed = true;
  return written;
}

Result<void> LiveExperiments::WriteDrawn(Store& records, Store& feedback, const Experiment& experiment) {
  const ExperimentKey& key = experiment.record.key;
  std::vector<VerdictSample> drawn;
  {
    const MutexLock lock(mutex_);
    drawn.swap(counts_[{key.model, key.number}].drawn);
  }
  const auto write = [&]() -> Result<void> {
    std::vector<ExperimentDisagreement> disagreements;
    for (const VerdictSample& sample : drawn) {
      // A message that was drawn for the audit of all verdicts, too, gets one label for both.
      TRY(feedback.AddVerdictSample(sample));
      disagreements.push_back({.message_id = sample.message_id,
                               .champion_is_spam = sample.is_spam,
                               .created_at = sample.created_at,
                               .user_id = sample.user_id});
    }
    return disagreements.empty() ? Result<void>() : records.AddDisagreements(key, disagreements);
  };
  const Result<void> written = write();
  if (written || !IsOutage(written.error())) return written;
  const MutexLock lock(mutex_);
  std::vector<VerdictSample>& waiting = counts_[{key.model, key.number}].drawn;
  waiting.insert(waiting.begin(), drawn.begin(), drawn.end());
  return written;
}

std::optional<ExperimentReport> ReportFrom(const Experiment& experiment, const StoredFeedback& feedback,
                                           StoreTime answered_at) {
  const FeedbackEvent& event = feedback.event;
  if (event.feedback_type != "user_rejection" || event.source != "user") return std::nullopt;
  if (!event.user_id || event.user_id->empty() || !event.model_version) return std::nullopt;
  const double share = ShareAt(experiment.state, answered_at);
  if (share == 0) return std::nullopt;
  const Arm arm = ArmOf(PlaceOf(ExperimentId(experiment.record.key), *event.user_id), share);
  if (arm == Arm::kNone) return std::nullopt;
  // What counts is the arm, not the version that answered: were the answers of the champion in place of a candidate
  // that fails, or that a server does not have, left out, the candidate would be spared what the control group is
  // charged with.
  if (*event.model_version != experiment.record.candidate && *event.model_version != experiment.record.champion)
    return std::nullopt;
  return ExperimentReport{.user_id = *event.user_id,
                          .event_id = fmt::format("feedback/{:020}", feedback.id),
                          .arm = std::string(NameOf(arm)),
                          .share = ShareInExperiment(share),
                          .at = event.created_at};
}

Result<void> LiveExperiments::ReadReports(Store& records, Store& feedback, const Experiment& experiment) {
  const ExperimentKey& key = experiment.record.key;
  Reading& reading = reading_[{key.model, key.number}];
  Reading next = reading;
  std::vector<ExperimentReport> reports;
  FeedbackFilter filter{.feedback_type = "user_rejection",
                        .since = experiment.record.created_at,
                        .after_id = std::max<int64_t>(0, reading.last_id - kOverlap),
                        .limit = kPage};
  while (true) {
    const std::vector<StoredFeedback> page = TRY(feedback.ListFeedback(filter));
    if (page.empty()) break;
    filter.after_id = page.back().id;
    for (const StoredFeedback& stored : page) {
      next.last_id = std::max(next.last_id, stored.id);
      if (!next.known.insert(stored.id).second) continue;
      StoreTime answered_at = stored.event.created_at;
      if (stored.event.message_id) {
        if (const auto message = TRY(feedback.FindMessage(*stored.event.message_id)))
          answered_at = message->message.created_at;
      }
      if (std::optional<ExperimentReport> report = ReportFrom(experiment, stored, answered_at))
        reports.push_back(std::move(*report));
    }
  }
  if (!reports.empty()) TRY(records.AddExperimentReports(key, reports));
  next.known.erase(next.known.begin(), next.known.lower_bound(next.last_id - kOverlap));
  reading = std::move(next);
  return {};
}

Result<void> LiveExperiments::ReadLabels(Store& records, Store& feedback, const Experiment& experiment) {
  const ExperimentKey& key = experiment.record.key;
  std::map<std::string, ExperimentDisagreement> waiting;
  for (ExperimentDisagreement& each : TRY(records.ListDisagreements(key))) {
    const std::string id = each.message_id;
    if (!each.is_spam) waiting.emplace(id, std::move(each));
  }
  std::vector<ExperimentDisagreement> labelled;
  VerdictSampleFilter filter{.labelled = true, .since = experiment.record.created_at, .limit = kPage};
  while (labelled.size() < waiting.size()) {
    const std::vector<StoredVerdictSample> page = TRY(feedback.ListVerdictSamples(filter));
    if (page.empty()) break;
    filter.after_id = page.back().id;
    for (const StoredVerdictSample& stored : page) {
      const auto found = waiting.find(stored.sample.message_id);
      const std::optional<bool> is_spam = IsSpamLabel(stored.sample.label.value_or(""));
      if (found == waiting.end() || !is_spam) continue;
      found->second.is_spam = is_spam;
      labelled.push_back(found->second);
    }
  }
  return labelled.empty() ? Result<void>() : records.LabelDisagreements(key, labelled);
}

Result<void> LiveExperiments::ExchangeOne(Store& records, Store* feedback, const Experiment& experiment,
                                          StoreTime now) {
  TRY(WriteUsers(records, experiment));
  TRY(WriteCounters(records, experiment));
  if (feedback != nullptr) {
    TRY(WriteDrawn(records, *feedback, experiment));
    TRY(ReadReports(records, *feedback, experiment));
    TRY(ReadLabels(records, *feedback, experiment));
  }
  TRY(StepExperiment(records, experiment.record.key, now));
  return {};
}

Result<void> LiveExperiments::Exchange(Store& records, Store* feedback, StoreTime now) {
  Result<void> result = Refresh(records);
  for (const std::shared_ptr<const LiveExperiment>& live : List()) {
    Result<void> done = ExchangeOne(records, feedback, live->experiment(), now);
    if (!done && result) result = std::move(done);
  }
  if (result) result = Refresh(records);
  return result;
}

}  // namespace winnow
