/// The store: feedback, reputation, preferences, messages, versions of models and the audit log, in a SQLite file or a
/// PostgreSQL database.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "store/experiment_records.h"
#include "store/forget_records.h"
#include "store/records.h"
#include "store/registry_records.h"
#include "store/sql_connection.h"
#include "store/tombstones.h"

namespace winnow {

struct StoreOptions {
  std::string url = {};  ///< see ParseStoreUrl
  SqlLimits limits = {};
  size_t max_connections = 8;
};

enum class FeedbackStatus { kStored, kDuplicate };

/// Thread-safe; several processes can use one store at the same time. What a function that writes has returned
/// without an error is durable: it outlives a crash of the process and of the machine. All functions repeat
/// transactions that failed for a reason that may pass. Errors of all functions: kNetwork if the server cannot be
/// reached; kIo for a full disk, a lock that another process holds, a statement that took too long, and other reports
/// of the database; kInvalidData or kInvalidArgument for a record that cannot be stored. Texts are stored as valid
/// UTF-8 without zero bytes, which become U+FFFD; keys and names that are not valid are errors.
class Store {
 public:
  /// Connects, and creates the tables or migrates them to this program's version.
  static Result<std::unique_ptr<Store>> Open(const StoreOptions& options);
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  /// Waits for the feedback that is being written, two seconds at most.
  ~Store();

  /// Stores the event, unless its key is used already. Events of concurrent callers share one transaction, and so one
  /// fsync. Errors beside the above: kExists if the key belongs to another event; kNetwork if the store has not
  /// answered at `patience`, in which case the event may or may not be stored.
  Result<FeedbackStatus> AddFeedback(FeedbackEvent event,
                                     std::chrono::milliseconds patience = std::chrono::seconds(30));
  /// Stores several events in one transaction. An event with an error of its own does not affect the others. Errors:
  /// those of the store; then no event is stored.
  Result<std::vector<Result<FeedbackStatus>>> AddFeedbackBatch(std::span<const FeedbackEvent> events);
  /// Returns events by ascending id.
  Result<std::vector<StoredFeedback>> ListFeedback(const FeedbackFilter& filter);
  Result<int64_t> CountFeedback(const FeedbackFilter& filter);
  /// Returns all events about these messages, by ascending id.
  Result<std::vector<StoredFeedback>> ListFeedbackAbout(std::span<const std::string> message_ids);

  Result<std::optional<Preferences>> GetPreferences(std::string_view user_id);
  Result<void> SetPreferences(std::string_view user_id, const Preferences& preferences);
  Result<std::vector<UserPreferences>> ListPreferences(const PreferencesFilter& filter);

  Result<std::optional<Reputation>> GetReputation(const ReputationKey& key);
  /// Returns all scores of these senders, of which there are at most 8: those for all users, and those of the user
  /// unless `user_id` is empty.
  Result<std::vector<StoredReputation>> FindReputation(std::span<const std::string> senders, std::string_view user_id);
  Result<std::vector<StoredReputation>> ListReputation(const ReputationFilter& filter);
  Result<void> SetReputation(const ReputationKey& key, double score);
  /// Sets all of these scores, or none of them.
  Result<void> SetReputations(std::span<const std::pair<ReputationKey, double>> scores);
  /// Adds to the score, which has decayed since its last change. Returns the new one.
  Result<Reputation> ChangeReputation(const ReputationChange& change);

  Result<void> AppendAudit(AuditEntry entry);
  /// Returns entries by ascending id, or by descending id if the filter says so.
  Result<std::vector<StoredAuditEntry>> ListAudit(const AuditFilter& filter);

  /// Records messages; one whose id is recorded already is replaced.
  Result<void> RecordMessages(std::span<const MessageRecord> messages);
  Result<std::optional<StoredMessage>> FindMessage(std::string_view message_id);
  Result<std::vector<StoredMessage>> ListMessages(const MessageFilter& filter);
  /// Deletes messages that are older. Returns their number.
  Result<int64_t> DeleteMessagesBefore(StoreTime time);

  /// Adds a verdict that was drawn, unless one of the same message is there. Returns true if it was added. One that was
  /// drawn from all verdicts takes the place of one that an experiment has drawn, whose label it keeps.
  Result<bool> AddVerdictSample(const VerdictSample& sample);
  /// Sets the label; an earlier one is replaced. Errors: kNotFound.
  Result<void> LabelVerdictSample(int64_t id, std::string_view label, std::string_view labelled_by);
  /// Returns verdicts that were drawn, by ascending id.
  Result<std::vector<StoredVerdictSample>> ListVerdictSamples(const VerdictSampleFilter& filter);

  /// Records when entries of the campaign memory were matched; a later time stays.
  Result<void> RecordCampaignUses(std::span<const CampaignUse> uses);
  /// Returns the uses since a time, and deletes older ones.
  Result<std::vector<CampaignUse>> ListCampaignUses(StoreTime since);

  /// Adds a version of a model, whose files are stored already, and an entry of the audit log. Returns false if the
  /// same version with the same digest is there. Errors: kExists if its digest is another one, or if it is being
  /// removed.
  Result<bool> AddModelVersion(const ModelVersion& version);
  /// Returns a version with all fields, or nothing if it does not exist or is being removed.
  Result<std::optional<ModelVersion>> FindModelVersion(std::string_view name, std::string_view version);
  /// Returns versions without `files` and provenance, by name.
  Result<std::vector<ModelVersion>> ListModelVersions(const ModelFilter& filter);

  /// Appends a row to an alias, and an entry to the audit log. Returns the row; `changed` is false if the alias means
  /// that version already. Errors: kNotFound if the version does not exist; kExists if the alias is not what the change
  /// expects, with who has changed it.
  Result<AliasChanged> ChangeAlias(const AliasChange& change);
  /// Returns what aliases mean, or meant at a time: the newest row of each alias, of one model or (empty) of all, by
  /// name and alias. Aliases that were removed have no version.
  Result<std::vector<AliasRow>> ListAliases(std::string_view name, std::optional<StoreTime> at = {});
  /// Returns rows of aliases, the newest first.
  Result<std::vector<AliasRow>> ListAliasHistory(const AliasFilter& filter);
  /// Returns the number of changes of aliases so far, of all models. It grows with every change.
  Result<int64_t> CountAliasChanges();

  /// Returns the versions that must not be removed: those that an alias means, meant since that time, or would mean
  /// again after a rollback.
  Result<std::vector<std::string>> VersionsInUse(std::string_view name, StoreTime since);
  /// Makes a version invisible that VersionsInUse does not contain, with an entry of the audit log. Returns false if
  /// the version is in use or does not exist. Its files may be removed then, and its row with RemoveModelVersion.
  Result<bool> BeginRemoval(const ModelRemoval& removal);
  /// Removes the row of a version whose removal has begun.
  Result<void> RemoveModelVersion(std::string_view name, std::string_view version);

  /// Adds an experiment, whose number is chosen, with the decision "start" and an entry of the audit log. Errors:
  /// kExists if an experiment of the model is active.
  Result<ExperimentRecord> AddExperiment(const ExperimentRecord& experiment, std::string_view reason);
  /// Returns experiments by model and number.
  Result<std::vector<ExperimentRecord>> ListExperiments(const ExperimentFilter& filter);
  /// Adds users whom an arm answered. A known user stays with the first arm; that the other one has answered, too, is
  /// noted.
  Result<void> AddExperimentUsers(const ExperimentKey& key, std::span<const ExperimentUser> users);
  Result<std::vector<ExperimentUserCount>> CountExperimentUsers(const ExperimentKey& key);
  /// Adds reports. Of each user, the first one by time and event is kept, in whatever order and however often they are
  /// added; once a report of the user has been counted, others have no effect.
  Result<void> AddExperimentReports(const ExperimentKey& key, std::span<const ExperimentReport> reports);
  /// Returns reports in the order in which they were and will be counted.
  Result<std::vector<ExperimentReport>> ListExperimentReports(const ExperimentKey& key);
  Result<void> AddDisagreements(const ExperimentKey& key, std::span<const ExperimentDisagreement> disagreements);
  /// Sets the blind labels of drawn messages that have none yet.
  Result<void> LabelDisagreements(const ExperimentKey& key, std::span<const ExperimentDisagreement> labelled);
  /// Returns disagreements by the revision that counted them, time and message; those that were not counted come last.
  Result<std::vector<ExperimentDisagreement>> ListDisagreements(const ExperimentKey& key);
  /// Replaces what a server counted.
  Result<void> SetExperimentCounters(const ExperimentKey& key, std::span<const ExperimentCounters> counters);
  Result<std::vector<ExperimentCounters>> ListExperimentCounters(const ExperimentKey& key);
  /// Passes what waits to be counted to `step`: labels, and reports of `until` and earlier by time and event. What
  /// `step` returns is written in the transaction that marks them as counted, if the experiment has not changed
  /// meanwhile; otherwise `step` is called again, so that each report is counted once, by one of all servers. Returns
  /// the experiment as it is afterwards. Errors beside the others: kNotFound; those of `step`, which are not repeated.
  Result<ExperimentRecord> ChangeExperiment(
      const ExperimentKey& key, StoreTime until,
      const std::function<Result<std::optional<ExperimentChange>>(const ExperimentInput&)>& step);
  /// Returns the decisions about an experiment, the oldest first.
  Result<std::vector<ExperimentDecisionRecord>> ListExperimentDecisions(const ExperimentKey& key);

  /// Returns what Forget would remove.
  Result<ForgottenRows> FindForgotten(const ForgetSelection& selection);
  /// Removes what is selected, in one transaction, after one that leaves tombstones: records of earlier times about
  /// what was forgotten are not stored again (see store/tombstones.h). What is said while it runs is removed too, or
  /// not.
  Result<ForgottenRows> Forget(const ForgetSelection& selection);
  /// Overwrites what was deleted: the file of a SQLite store is written again without its free space, and its log is
  /// emptied; PostgreSQL's tables are written again. Errors: kIo if another process is in the way.
  Result<void> Scrub();
  /// Reads the tombstones of the store into `known` (null before the first call; stays null while there are none).
  /// Returns true if there are new ones.
  Result<bool> ReadTombstones(std::unique_ptr<Tombstones>& known);

  /// Returns without an error if the store answers and takes writes, which it does not while its disk is full: commits
  /// a row of 64 KiB and removes it.
  Result<void> CheckWritable();
  /// Makes all functions fail that are running or called from now on; for the end of a process whose database hangs.
  void Shut();

  /// Returns the address of the database, without the password.
  const std::string& name() const;

 private:
  struct State;
  explicit Store(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Returns true for an error that may pass without a change of what is written: the store is out of reach, its disk is
/// full, or another process holds a lock. Other errors concern the record.
bool IsOutage(const Error& error);

/// Returns a random key of 32 hexadecimal digits.
std::string RandomKey();

}  // namespace winnow
