/// Corrections that act at once: a message that is nearly the same as one that people have corrected gets the
/// correction before any model has learnt it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/sip_hash.h"
#include "feedback/band_table.h"
#include "feedback/campaign_groups.h"
#include "feedback/campaign_text.h"
#include "feedback/feedback_caps.h"
#include "feedback/feedback_state.h"
#include "store/records.h"

namespace winnow {

struct CampaignMemoryOptions {
  CampaignLikeness likeness = {};
  int agreeing_users = 3;  ///< number of trusted users whose correction counts for everybody
  std::chrono::milliseconds lifetime = std::chrono::days(30);  ///< lifetime of an entry that no message matches
  FeedbackCaps::Limits caps = {};
  size_t most_entries = 4'000'000;  ///< corrections of further messages are not remembered
};

/// What the memory says about a message.
struct CampaignHit {
  bool is_spam = false;
  bool own = false;       ///< true if it is the user's own correction; false if it is everybody's
  double similarity = 1;  ///< similarity of the sets of words; 1 if the texts are equal after folding

  std::string_view symbol() const { return is_spam ? "MEMORY_SPAM" : "MEMORY_HAM"; }
};

/// Thread-safe. Find may be called by many threads at once; Learn makes them wait for a few
/// milliseconds at most.
class CampaignMemory {
 public:
  explicit CampaignMemory(CampaignMemoryOptions options = {}, SipKey key = SipKey::Random());
  CampaignMemory(const CampaignMemory&) = delete;
  CampaignMemory& operator=(const CampaignMemory&) = delete;

  /// Returns the correction for a text that `user` (empty: unknown) has received at `now` (the epoch: the present
  /// time): the user's own one, else everybody's, of the most similar entry that has one.
  std::optional<CampaignHit> Find(std::string_view text, std::string_view user, StoreTime now = {}) const;

  /// Adds, replaces or withdraws what the event's user says about its text. The last word counts, in whatever order
  /// events arrive. Events without a text, with a label other than spam and ham, and of programs have no effect.
  /// `sender` is that of the message, if known, for the caps. The time of the event must be set.
  void Learn(const FeedbackEvent& event, std::string_view sender = {});

  /// Returns a memory without entries that has the options, the trusted users and the hashes of this one, to learn what
  /// takes the place of this one's entries.
  std::unique_ptr<CampaignMemory> Fresh() const;
  /// Has the entries of a memory that Fresh has returned, in place of its own.
  void Replace(CampaignMemory& fresh);

  /// Sets the users whose corrections count for everybody (see feedback/trust.h).
  void SetTrustedUsers(std::span<const std::string> users);

  /// Restores that an entry was matched at a time, from an earlier process.
  void Restore(const CampaignUse& use);
  /// Returns the entries that were matched since the last call.
  std::vector<CampaignUse> TakeUses();
  /// Drops entries that have expired. Returns their number.
  size_t DropExpired(StoreTime now);

  const CampaignMemoryOptions& options() const { return options_; }
  size_t size() const;
  /// Returns the memory in use, without what the allocator adds.
  size_t bytes() const;

 private:
  struct Vote {
    uint64_t user = 0;  // 0: nobody was named
    EventOrder order = {};
    std::optional<bool> is_spam = {};  // nothing: withdrawn
    bool admin = false;
    bool counts = false;  // within the caps
  };
  /// What a group of near-duplicates says to everybody.
  enum class Decision : uint8_t { kNone, kSpam, kHam, kContested };
  struct Entry {
    explicit Entry(CampaignText prepared) : text(std::move(prepared)) {}

    CampaignText text;
    std::vector<Vote> votes = {};        // about this very text, by user
    std::vector<Vote> group_votes = {};  // of the first entry of a group: the last word of each user, by user
    mutable std::atomic<int64_t> used = 0, saved = 0;  // milliseconds; when it was matched or changed
    uint32_t first = 0;                                // number of the first entry of its group
    Decision decision = Decision::kNone;               // of the first entry of a group
    uint32_t members = 0;  // of the first entry of a group: number of the others; it ends last
    uint8_t generation = 0;
    bool ended = false;
  };
  struct Match {
    const Entry* entry = nullptr;
    const Entry* first = nullptr;
    double similarity = 0;
  };
  uint64_t HashOf(std::string_view user) const;
  uint64_t VoterOf(const FeedbackEvent& event, FeedbackOrigin origin) const;
  static const Vote* Find(std::span<const Vote> votes, uint64_t user);
  static bool Set(std::vector<Vote>& votes, const Vote& vote);
  std::vector<uint32_t> Candidates(const std::array<uint32_t, kCampaignBands>& hashes) const
      WINNOW_THREAD_ANNOTATION(requires_shared_capability(mutex_));
  std::vector<Match> Matches(const CampaignText& text, uint64_t user) const
      WINNOW_THREAD_ANNOTATION(requires_shared_capability(mutex_));
  std::optional<CampaignHit> Own(std::span<const Match> matches, uint64_t user) const;
  std::optional<CampaignHit> Everybodys(std::span<const Match> matches) const;
  void Use(const Entry& entry, int64_t at) const WINNOW_THREAD_ANNOTATION(requires_shared_capability(mutex_));
  uint32_t DigestHash(const std::array<uint64_t, 2>& digest) const;
  std::optional<uint32_t> Equal(const std::array<uint64_t, 2>& digest) const
      WINNOW_THREAD_ANNOTATION(requires_shared_capability(mutex_));
  static bool IsCurrent(const std::deque<Entry>& entries, BandTable::Slot slot);
  size_t Count() const WINNOW_THREAD_ANNOTATION(requires_shared_capability(mutex_)) {
    return entries_.size() - free_.size();
  }
  Entry* EntryFor(CampaignText text) REQUIRES(mutex_);
  void Index(uint32_t number) REQUIRES(mutex_);
  void Decide(Entry& first) REQUIRES(mutex_);
  void End(uint32_t number) REQUIRES(mutex_);

  const CampaignMemoryOptions options_;
  const SipKey key_;
  mutable SharedMutex mutex_;
  std::deque<Entry> entries_ GUARDED_BY(mutex_);
  std::vector<uint32_t> free_ GUARDED_BY(mutex_);  // numbers of entries that have ended
  BandTable by_digest_ GUARDED_BY(mutex_);
  std::array<BandTable, kCampaignBands> bands_ GUARDED_BY(mutex_);
  std::unordered_set<uint64_t> trusted_ GUARDED_BY(mutex_);
  FeedbackCaps caps_ GUARDED_BY(mutex_);
};

}  // namespace winnow
