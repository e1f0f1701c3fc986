/// The message filter of a server: its rules, its store, and the threads that wait for the store, so that no thread of
/// a connection does.
#pragma once

#include <array>
#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "base/mutex.h"
#include "base/result.h"
#include "feedback/feedback_log.h"
#include "filter/history.h"
#include "filter/known_state.h"
#include "filter/sender_learner.h"
#include "filter/spam_filter.h"
#include "server/api_error.h"
#include "server/audit_queue.h"
#include "server/client_tasks.h"
#include "server/metrics.h"
#include "server/rspamd_reply.h"
#include "server/workspace_rules.h"
#include "store/feedback_recorder.h"

namespace winnow {

struct FilterServiceOptions {
  bool enabled = false;              ///< whether the server has the routes of the filter
  std::filesystem::path rules = {};  ///< file of rules; empty: the built-in rules; "none": no rules
  /// File of rules that clients change by the API, read after `rules`; empty: none.
  std::filesystem::path page_rules = {};
  FilterOptions filter = {};
  std::string store = {};  ///< URL of the store; empty: no store, and so no feedback, preferences and history
  /// Directory for feedback while the store is down; in it, "senders" is that for changes of senders' scores.
  std::filesystem::path spool = {};
  KnownStateOptions known = {};  ///< the URL of the store is set by Open
  HistoryOptions history = {};
  bool keep_history = true;
  RspamdOptions rspamd = {};
  std::vector<std::string> apple_apps = {};  ///< IDs of the apps of iOS that the server belongs to
};

/// Loads a file of rules, the built-in rules for an empty path, or null for "none". Errors: those of RuleSet::Load.
Result<RuleSet::Pointer> LoadRules(const std::filesystem::path& path);

/// Thread-safe.
class FilterService {
 public:
  /// Loads the rules and opens the store. A store that cannot be reached is no error: the filter works without, and
  /// feedback waits in the spool. Errors: those of RuleSet::Load and FeedbackRecorder::Open.
  static Result<std::shared_ptr<FilterService>> Open(const FilterServiceOptions& options);
  FilterService(const FilterService&) = delete;
  FilterService& operator=(const FilterService&) = delete;
  /// Waits for what is being read and written, and for the history as long as some of it is written every two seconds.
  ~FilterService();

  /// Loads the rules again; messages in progress keep the former ones. Errors: those of RuleSet::Load; then the former
  /// rules stay.
  Result<void> ReloadRules();

  /// Replaces the rules by what `change` returns; changes take turns. Errors: those of `change`; then the former rules
  /// stay.
  Result<void> ChangeRules(const std::function<Result<RuleSet::Pointer>(WorkspaceRules&)>& change);
  const WorkspaceRules& rules() const { return *rules_; }

  const SpamFilter& filter() const { return filter_; }
  const RspamdOptions& rspamd() const { return options_.rspamd; }
  const std::vector<std::string>& apple_apps() const { return options_.apple_apps; }
  bool has_store() const { return known_ != nullptr; }

  // With a store:
  KnownStateCache& known() const { return *known_; }
  FeedbackRecorder& recorder() const { return *recorder_; }
  SenderLearner& learner() const { return *learner_; }
  FeedbackLog& log() const { return *log_; }
  /// Returns the lock of those who record what a user says about a message, which a few of them share.
  Mutex& learning(std::string_view message_id, std::string_view user) const;
  /// Returns the store. Errors: 503 while it has not been opened.
  ApiResult<std::shared_ptr<Store>> OpenStore() const;
  /// Returns the store for what feedback has to know before it is stored, with time limits that its client can wait
  /// for; null while the store is down. May wait until it is open.
  std::shared_ptr<Store> Lookups() const;
  /// Returns the history; null if it is off.
  History* history() const { return history_.get(); }

  AuditQueue& audits() const { return *audits_; }

  /// Threads for reads of a verdict, and for everything else that asks the store.
  ClientTasks& reads() const { return reads_; }
  ClientTasks& calls() const { return calls_; }
  /// Sets the numbers of the filter's store.
  void Measure(MetricsSnapshot& now) const;
  /// Returns when no task is running. What waits for a store that hangs ends at its deadline (server/ask_store.h).
  void Finish() const;

 private:
  explicit FilterService(const FilterServiceOptions& options);
  void CatchUp();
  Result<void> DropForgotten();

  const FilterServiceOptions options_;
  const std::unique_ptr<WorkspaceRules> rules_;
  Mutex changing_rules_;
  const std::shared_ptr<CampaignMemory> memory_;  // null without a store
  SpamFilter filter_;
  std::shared_ptr<FeedbackRecorder> recorder_;
  std::unique_ptr<KnownStateCache> known_;
  std::unique_ptr<SenderLearner> learner_;
  std::unique_ptr<History> history_;
  std::unique_ptr<FeedbackLog> log_;
  mutable std::array<Mutex, 1024> learning_;
  std::unique_ptr<Tombstones> forgotten_;  // of the thread below alone
  bool forgets_ = false;                   // likewise: there are tombstones that were not applied to all of it
  Mutex mutex_;
  ConditionVariable changed_;
  bool ending_ GUARDED_BY(mutex_) = false;
  bool caught_up_ GUARDED_BY(mutex_) = false;  // the thread below has ended
  std::thread catching_up_;                    // reads the feedback that other servers and commands have added
  mutable ClientTasks reads_{/*threads=*/4, /*most_waiting=*/4096};
  /// Feedback of concurrent requests shares an fsync of the store, so many may be in progress.
  mutable ClientTasks calls_{/*threads=*/16, /*most_waiting=*/1024};
  std::unique_ptr<AuditQueue> audits_;
  mutable std::atomic<bool> finished_ = false;
  mutable Mutex opening_lookups_;
  mutable std::shared_ptr<Store> lookups_ GUARDED_BY(opening_lookups_);
  mutable std::chrono::steady_clock::time_point open_lookups_again_ GUARDED_BY(opening_lookups_);
};

}  // namespace winnow
