/// A set of texts that people label together, and the model that learns meanwhile.
///
/// Requests are answered from memory. Preparation, refits and measurements run on a thread of the set; what they have
/// computed replaces what was there before at one moment. A label is in the log before it is acknowledged.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "review/estimate.h"
#include "review/fit.h"
#include "review/label_log.h"
#include "review/preparation.h"
#include "review/review_pool.h"
#include "review/review_state.h"

namespace winnow {

using ScoredLabel = std::pair<std::string, float>;

/// A text as reviewers see it.
struct ReviewItem {
  size_t item = 0;
  std::string text;
  std::optional<ScoredLabel> suggestion = {};  ///< none in blind queues, and while nothing predicts
  std::vector<ScoredLabel> scores = {};        ///< the most probable labels; empty where there is no suggestion
  Queue queue = Queue::kMixed;                 ///< why it is there
  std::string reason = {};                     ///< why the text is in its queue, in words
  std::optional<std::string> given = {};       ///< label in the data; none in blind queues
  std::optional<std::pair<uint32_t, size_t>> cluster = {};  ///< its number and size
};

struct ReviewStats {
  size_t labelled = 0, skipped = 0;
  std::map<std::string, size_t> per_label = {};
  std::optional<Estimate> estimate = {};
  std::optional<NextGain> next = {};
  std::string sentence = {};
};

enum class ReviewPhase { kPreparing, kReady, kFailed };

struct ReviewStatus {
  ReviewPhase phase = ReviewPhase::kPreparing;
  std::string error = {};  ///< why the preparation failed
  size_t prepared = 0, total = 0;
  std::vector<std::string> labels = {};
  std::vector<std::pair<Queue, size_t>> queues = {};  ///< number of texts that are left
  ReviewStats stats = {};
  std::vector<CurvePoint> curve = {};  ///< the learning curve so far
};

struct NextItems {
  std::vector<ReviewItem> items;
  size_t left = 0;
};

struct ItemGroup {
  size_t id = 0;  ///< stays the same while the group changes: that of its first text, or of its label
  std::optional<std::string> label;
  size_t size = 0;
  std::vector<ReviewItem> items;
};

enum class GroupBy { kDuplicates, kSuggestion };

struct ReviewSetOptions {
  PreparationSources sources = {};
  /// Called after labels have changed, by the thread of a request.
  std::function<void(const std::string& set, size_t labelled)> changed = {};
  /// Returns the texts that users have judged differently, by DuplicateKey; may be empty.
  std::function<std::vector<std::string>()> contradictions = {};
};

/// Thread-safe.
class ReviewSet {
 public:
  /// Number of decisions after which the head is fitted again.
  static constexpr uint64_t kRefitEvery = 10;

  /// Reads a review that CreateReview has made, and applies its log. Errors: those of ReadReview and ReadEntries.
  static Result<std::shared_ptr<ReviewSet>> Open(ReviewSetOptions options);
  ReviewSet(const ReviewSet&) = delete;
  ReviewSet& operator=(const ReviewSet&) = delete;
  ~ReviewSet();

  /// Begins the preparation, unless it has begun.
  void Start();
  /// Ends the thread; the set then answers from what it has.
  void Close();
  /// Refuses decisions from now on, with kCancelled: the set is being deleted, and another one may soon have its
  /// directory. With false, takes them again.
  void Retire(bool retired);

  const ReviewSettings& settings() const { return pool_.settings; }
  const ReviewSetOptions& options() const { return options_; }
  size_t total() const { return pool_.texts.size(); }
  size_t labelled() const;
  std::vector<std::string> labels() const;
  ReviewStatus Status() const;
  ReviewStats Stats() const;

  /// Returns the next texts of a queue for a reviewer, and leases them for two minutes: no other reviewer gets them
  /// meanwhile. The same reviewer may get them again.
  NextItems Next(Queue queue, size_t count, const std::string& reviewer);

  /// Records decisions. Errors: kNotFound for items and labels that do not exist; kIo; kCancelled, as for Undo and
  /// AddLabels, if the set was retired.
  Result<void> Label(const std::string& reviewer, std::vector<LabelDecision> decisions);

  /// Withdraws the reviewer's last decision that still stands. Nothing if there is none. Errors: kIo.
  Result<std::optional<std::pair<ReviewItem, ReviewState::Undone>>> Undo(const std::string& reviewer);

  /// Adds labels. Errors: kExists; kIo.
  Result<void> AddLabels(const std::vector<std::string>& names);

  /// Returns groups of texts without a label that can be labelled together, the largest first.
  std::vector<ItemGroup> Groups(GroupBy by, size_t limit, const std::string& reviewer);

  /// Returns the texts with their labels: those that were given here and, with `with_given`, those of the data for
  /// other texts.
  std::vector<std::pair<std::string, std::string>> Labelled(bool with_given) const;

  /// Returns true if the head was fitted again since the last call for this reviewer.
  bool TakeRefitted(const std::string& reviewer);

  /// Waits until the set is prepared and the head knows all labels, for tests and simulations. Returns false after
  /// `timeout`.
  bool WaitUntilFitted(std::chrono::milliseconds timeout);

 private:
  using Clock = std::chrono::steady_clock;
  ReviewSet(ReviewSetOptions options, ReviewPool pool);

  void Work();
  Result<void> Prepare();
  void Refit();
  void Measure(const FitInput& input);
  void SetFirstOrder();
  void SpreadAudits(FittedReview& fitted) const REQUIRES(mutex_);
  FitInput InputLocked() const REQUIRES(mutex_);
  ReviewItem ItemLocked(size_t item, Queue why) const REQUIRES(mutex_);
  std::string ReasonLocked(const ReviewItem& item) const REQUIRES(mutex_);
  ReviewStats StatsLocked() const REQUIRES(mutex_);
  Result<std::optional<ReviewState::Undone>> Record(LogEntry entry);
  std::vector<ItemGroup> GroupsLocked(GroupBy by, size_t limit, const std::string& reviewer) REQUIRES(mutex_);

  const ReviewSetOptions options_;
  const ReviewPool pool_;
  Mutex log_mutex_;  // held while an entry is written and applied, so that both are in one order; before mutex_
  bool retired_ GUARDED_BY(log_mutex_) = false;
  mutable Mutex mutex_;
  ConditionVariable wake_, fitted_changed_;
  ReviewState state_ GUARDED_BY(mutex_);
  std::shared_ptr<const PreparedReview> prepared_ GUARDED_BY(mutex_);
  std::shared_ptr<const FittedReview> fitted_ GUARDED_BY(mutex_);
  std::vector<bool> is_audit_;  // [items]; constant
  ReviewPhase phase_ GUARDED_BY(mutex_) = ReviewPhase::kPreparing;
  std::string error_ GUARDED_BY(mutex_);
  std::optional<Estimate> estimate_ GUARDED_BY(mutex_);
  size_t estimated_at_ GUARDED_BY(mutex_) = 0;
  uint64_t fitted_decisions_ GUARDED_BY(mutex_) = 0;
  size_t fitted_labels_ GUARDED_BY(mutex_) = 0;
  uint64_t fits_ GUARDED_BY(mutex_) = 0;
  std::map<std::string, uint64_t> seen_fits_ GUARDED_BY(mutex_);  // by reviewer
  std::vector<DenseHead> fold_heads_;                             // of the worker
  int broken_ = 0;  // likewise: measurements in a row that were broken off
  std::atomic<size_t> done_ = 0;
  std::atomic<bool> stop_ = false;
  bool started_ GUARDED_BY(mutex_) = false;
  std::thread worker_;
};

}  // namespace winnow
