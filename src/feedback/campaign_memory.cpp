#include "feedback/campaign_memory.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/parse_number.h"

namespace winnow {
namespace {

/// Entries that are changed while readers wait, or read while a writer waits, and behind it further readers.
constexpr size_t kBatch = 1000;

StoreTime TimeOf(StoreTime at) { return at == StoreTime() ? StoreNow() : at; }
int64_t Milliseconds(StoreTime at) { return at.time_since_epoch().count(); }

/// Sets the number to `value` if that is greater.
void Raise(std::atomic<int64_t>& number, int64_t value) {
  int64_t known = number.load(std::memory_order_relaxed);
  while (known < value && !number.compare_exchange_weak(known, value, std::memory_order_relaxed)) continue;
}

}  // namespace

CampaignMemory::CampaignMemory(CampaignMemoryOptions options, SipKey key)
    : options_(options), key_(key), caps_(options.caps) {}

std::unique_ptr<CampaignMemory> CampaignMemory::Fresh() const {
  auto fresh = std::make_unique<CampaignMemory>(options_, key_);
  const ReaderLock lock(mutex_);
  const WriterLock lock_of_fresh(fresh->mutex_);
  fresh->trusted_ = trusted_;
  return fresh;
}

void CampaignMemory::Replace(CampaignMemory& fresh) {
  const WriterLock lock(mutex_);
  const WriterLock lock_of_fresh(fresh.mutex_);
  std::swap(entries_, fresh.entries_);
  std::swap(free_, fresh.free_);
  std::swap(by_digest_, fresh.by_digest_);
  std::swap(bands_, fresh.bands_);
  std::swap(caps_, fresh.caps_);
}

uint64_t CampaignMemory::HashOf(std::string_view user) const {
  if (user.empty()) return 0;
  return std::max<uint64_t>(1, SipHasher(key_).Finish(std::as_bytes(std::span(user))));
}

const CampaignMemory::Vote* CampaignMemory::Find(std::span<const Vote> votes, uint64_t user) {
  if (user == 0) return nullptr;
  const auto vote = std::ranges::lower_bound(votes, user, {}, &Vote::user);
  return vote == votes.end() || vote->user != user || !vote->is_spam ? nullptr : &*vote;
}

std::optional<CampaignHit> CampaignMemory::Find(std::string_view text, std::string_view user, StoreTime now) const {
  const CampaignText prepared = PrepareCampaignText(text);
  const uint64_t reader = HashOf(user);
  const int64_t at = Milliseconds(TimeOf(now));
  const ReaderLock lock(mutex_);
  std::vector<Match> matches = Matches(prepared, reader);
  std::erase_if(matches, [&](const Match& match) {
    return at - match.entry->used.load(std::memory_order_relaxed) > options_.lifetime.count();
  });
  if (matches.empty()) return std::nullopt;
  std::optional<CampaignHit> hit = Own(matches, reader);
  if (!hit) hit = Everybodys(matches);
  if (hit) {
    for (const Match& match : matches) Use(*match.entry, at);
  }
  return hit;
}

void CampaignMemory::Use(const Entry& entry, int64_t at) const {
  Raise(entries_[entry.first].used, at);  // so that it never ends before the others of its group
  Raise(entry.used, at);
}

std::vector<uint32_t> CampaignMemory::Candidates(const std::array<uint32_t, kCampaignBands>& hashes) const {
  for (size_t band = 0; band < kCampaignBands; ++band) bands_[band].Prefetch(hashes[band]);
  std::vector<uint32_t> candidates;
  for (size_t band = 0; band < kCampaignBands; ++band) {
    bands_[band].ForEach(hashes[band], [&](BandTable::Slot slot) { candidates.push_back(slot.entry); });
  }
  std::ranges::sort(candidates);
  const auto repeats = std::ranges::unique(candidates);
  candidates.erase(repeats.begin(), repeats.end());
  for (const uint32_t number : candidates) __builtin_prefetch(&entries_[number]);
  return candidates;
}

/// Returns the entries that are near-duplicates of the text and may say something to the user: an equal one first.
std::vector<CampaignMemory::Match> CampaignMemory::Matches(const CampaignText& text, uint64_t user) const {
  std::vector<Match> matches;
  const auto says_something = [&](const Entry& entry, const Entry& first) {
    return first.decision != Decision::kNone || Find(first.group_votes, user) != nullptr ||
           Find(entry.votes, user) != nullptr;
  };
  const auto exact = Equal(text.digest);
  const Entry* const equal = exact ? &entries_[*exact] : nullptr;
  if (equal != nullptr && says_something(*equal, entries_[equal->first]))
    matches.push_back({equal, &entries_[equal->first], 1});
  if (text.words < options_.likeness.least_words) return matches;
  for (const uint32_t number : Candidates(BandHashes(text.singles))) {
    const Entry& entry = entries_[number];
    if (entry.ended || &entry == equal || !says_something(entry, entries_[entry.first])) continue;
    if (!AreNearDuplicates(text, entry.text, options_.likeness)) continue;
    matches.push_back({&entry, &entries_[entry.first], SketchSimilarity(text.singles, entry.text.singles)});
  }
  return matches;
}

/// What the user has said about this very text, else about the most similar group; of equally similar ones, the last.
std::optional<CampaignHit> CampaignMemory::Own(std::span<const Match> matches, uint64_t user) const {
  const Vote* best = nullptr;
  double similarity = 0;
  for (const Match& match : matches) {
    const Vote* vote = match.similarity == 1 ? Find(match.entry->votes, user) : nullptr;
    if (vote == nullptr) vote = Find(match.first->group_votes, user);
    if (vote == nullptr) continue;
    if (best != nullptr && std::pair(similarity, best->order) >= std::pair(match.similarity, vote->order)) continue;
    best = vote;
    similarity = match.similarity;
  }
  if (best == nullptr) return std::nullopt;
  return CampaignHit{*best->is_spam, true, similarity};
}

std::optional<CampaignHit> CampaignMemory::Everybodys(std::span<const Match> matches) const {
  const Match* best = nullptr;
  for (const Match& match : matches) {
    if (match.first->decision == Decision::kNone) continue;
    if (best == nullptr || match.similarity > best->similarity) best = &match;
  }
  if (best == nullptr || best->first->decision == Decision::kContested) return std::nullopt;
  return CampaignHit{best->first->decision == Decision::kSpam, false, best->similarity};
}

/// Sets the vote of a user unless a later one is there. Returns true if it was set.
bool CampaignMemory::Set(std::vector<Vote>& votes, const Vote& vote) {
  const auto at = std::ranges::lower_bound(votes, vote.user, {}, &Vote::user);
  if (at == votes.end() || at->user != vote.user) {
    votes.insert(at, vote);
    return true;
  }
  if (vote.order <= at->order) return false;
  // A user who changes the verdict reports one message.
  const bool counts = at->counts || vote.counts;
  *at = vote;
  at->counts = counts;
  return true;
}

/// Returns the identity of the voter. An administrator counts as another voter than the user of the same name.
uint64_t CampaignMemory::VoterOf(const FeedbackEvent& event, FeedbackOrigin origin) const {
  const std::string user = event.user_id.value_or("");
  if (origin != FeedbackOrigin::kAdmin) return HashOf(user);
  return HashOf(user + std::string("\0admin", 6));  // names contain no zero byte
}

void CampaignMemory::Learn(const FeedbackEvent& event, std::string_view sender) {
  const FeedbackOrigin origin = OriginOf(event);
  const bool person = origin == FeedbackOrigin::kPerson || origin == FeedbackOrigin::kAdmin;
  const bool forgets = event.feedback_type == kForgetFeedback;
  if (!person || event.text.empty() || (!forgets && !LabelOf(event))) return;
  CampaignText text = PrepareCampaignText(event.text);
  const uint64_t about = HashOf(sender);
  const WriterLock lock(mutex_);
  Entry* const entry = EntryFor(std::move(text));
  if (entry == nullptr) return;
  Entry& first = entries_[entry->first];
  bool changed = false;
  for (const FeedbackOrigin replaced : OriginsReplacedBy(event)) {
    Vote vote{VoterOf(event, replaced), OrderOf(event), std::nullopt, replaced == FeedbackOrigin::kAdmin, false};
    if (!forgets) vote.is_spam = IsSpam(event);
    const bool known = std::ranges::binary_search(entry->votes, vote.user, {}, &Vote::user);
    if (!known) vote.counts = caps_.Count(vote.user, about, event.created_at);
    if (!Set(entry->votes, vote)) continue;
    Set(first.group_votes, vote);
    changed = true;
  }
  if (!changed) return;
  Use(*entry, Milliseconds(event.created_at));
  Raise(entry->saved, Milliseconds(event.created_at));
  Decide(first);
}

/// Returns a hash with the secret key of the process, so that nobody can choose texts that collide.
uint32_t CampaignMemory::DigestHash(const std::array<uint64_t, 2>& digest) const {
  return static_cast<uint32_t>(SipHasher(key_).Finish(std::as_bytes(std::span(digest))));
}

/// Returns the number of the entry with the digest.
std::optional<uint32_t> CampaignMemory::Equal(const std::array<uint64_t, 2>& digest) const {
  const std::deque<Entry>* const entries = &entries_;
  std::optional<uint32_t> equal;
  by_digest_.ForEach(DigestHash(digest), [&](BandTable::Slot slot) {
    const Entry& entry = (*entries)[slot.entry];
    if (!entry.ended && entry.text.digest == digest) equal = slot.entry;
  });
  return equal;
}

bool CampaignMemory::IsCurrent(const std::deque<Entry>& entries, BandTable::Slot slot) {
  return !entries[slot.entry].ended && entries[slot.entry].generation % 16 == slot.generation;
}

CampaignMemory::Entry* CampaignMemory::EntryFor(CampaignText text) {
  if (const auto known = Equal(text.digest)) return &entries_[*known];
  if (Count() >= options_.most_entries) return nullptr;
  const std::deque<Entry>* const entries = &entries_;
  auto number = static_cast<uint32_t>(entries_.size());
  if (free_.empty()) {
    entries_.emplace_back(std::move(text));
  } else {
    number = free_.back();
    free_.pop_back();
    entries_[number].text = std::move(text);
    entries_[number].ended = false;
  }
  entries_[number].first = number;
  by_digest_.Insert(DigestHash(entries_[number].text.digest), {number, entries_[number].generation}, Count(),
                    [entries](BandTable::Slot slot) { return IsCurrent(*entries, slot); });
  if (entries_[number].text.words >= options_.likeness.least_words) Index(number);
  return &entries_[number];
}

/// Finds the group of a new entry, so that users who report different variants of a message are counted together, and
/// enters it into the tables. An entry belongs to the group whose first entry is most similar.
void CampaignMemory::Index(uint32_t number) {
  const std::deque<Entry>* const entries = &entries_;
  Entry& entry = entries_[number];
  const auto hashes = BandHashes(entry.text.singles);
  double best = 0;
  for (const uint32_t candidate : Candidates(hashes)) {
    if (entries_[candidate].ended) continue;
    const uint32_t first = entries_[candidate].first;
    if (!AreNearDuplicates(entry.text, entries_[first].text, options_.likeness)) continue;
    const double similarity = SketchSimilarity(entry.text.singles, entries_[first].text.singles);
    if (similarity > best) entry.first = first;
    best = std::max(best, similarity);
  }
  if (entry.first != number) ++entries_[entry.first].members;
  for (size_t band = 0; band < kCampaignBands; ++band)
    bands_[band].Insert(hashes[band], {number, entry.generation}, Count(),
                        [entries](BandTable::Slot slot) { return IsCurrent(*entries, slot); });
}

/// An administrator's last word counts, else that of several trusted users whom no other trusted user contradicts.
void CampaignMemory::Decide(Entry& first) {
  const Vote* admin = nullptr;
  int spam = 0, ham = 0;
  for (const Vote& vote : first.group_votes) {
    if (!vote.is_spam) continue;
    if (vote.admin && (admin == nullptr || admin->order < vote.order)) admin = &vote;
    if (vote.counts && trusted_.contains(vote.user)) ++(*vote.is_spam ? spam : ham);
  }
  first.decision = Decision::kNone;
  if (admin != nullptr) {
    first.decision = *admin->is_spam ? Decision::kSpam : Decision::kHam;
  } else if (spam > 0 && ham > 0) {
    first.decision = Decision::kContested;
  } else if (std::max(spam, ham) >= options_.agreeing_users) {
    first.decision = spam > 0 ? Decision::kSpam : Decision::kHam;
  }
}

void CampaignMemory::SetTrustedUsers(std::span<const std::string> users) {
  std::unordered_set<uint64_t> trusted;
  for (const std::string& user : users) trusted.insert(HashOf(user));
  trusted.erase(0);
  size_t end = 0;
  {
    const WriterLock lock(mutex_);
    if (trusted == trusted_) return;
    trusted_ = std::move(trusted);
    end = entries_.size();
  }
  for (size_t begin = 0; begin < end; begin += kBatch) {
    const WriterLock lock(mutex_);
    for (size_t i = begin; i < std::min(begin + kBatch, end); ++i)
      Decide(entries_[i]);  // others than first ones have no votes
  }
}

void CampaignMemory::Restore(const CampaignUse& use) {
  std::array<uint64_t, 2> digest = {};
  if (use.digest.size() != 32) return;
  for (size_t i = 0; i < 2; ++i) {
    const auto part = ParseNumber<uint64_t>(std::string_view(use.digest).substr(16 * i, 16), 16);
    if (!part) return;
    digest[i] = *part;
  }
  const ReaderLock lock(mutex_);
  const auto number = Equal(digest);
  if (!number) return;
  Use(entries_[*number], Milliseconds(use.at));
  Raise(entries_[*number].saved, Milliseconds(use.at));
}

std::vector<CampaignUse> CampaignMemory::TakeUses() {
  std::vector<CampaignUse> uses;
  for (size_t begin = 0;; begin += kBatch) {
    const ReaderLock lock(mutex_);
    if (begin >= entries_.size()) return uses;
    for (size_t i = begin; i < std::min(begin + kBatch, entries_.size()); ++i) {
      const Entry& entry = entries_[i];
      const int64_t used = entry.used.load(std::memory_order_relaxed);
      if (entry.ended || entry.saved.exchange(used, std::memory_order_relaxed) >= used) continue;
      uses.push_back({fmt::format("{:016x}{:016x}", entry.text.digest[0], entry.text.digest[1]),
                      StoreTime(std::chrono::milliseconds(used))});
    }
  }
}

size_t CampaignMemory::DropExpired(StoreTime now) {
  const int64_t oldest = Milliseconds(now) - options_.lifetime.count();
  std::vector<uint32_t> expired;
  for (size_t begin = 0;; begin += kBatch) {
    const ReaderLock lock(mutex_);
    if (begin >= entries_.size()) break;
    for (size_t i = begin; i < std::min(begin + kBatch, entries_.size()); ++i) {
      if (!entries_[i].ended && entries_[i].used.load(std::memory_order_relaxed) < oldest)
        expired.push_back(static_cast<uint32_t>(i));
    }
  }
  {
    // The others of a group first: they refer to its first entry.
    const ReaderLock lock(mutex_);
    const std::deque<Entry>* const entries = &entries_;
    std::ranges::partition(expired, [&](uint32_t number) { return (*entries)[number].first != number; });
  }
  size_t dropped = 0;
  for (size_t begin = 0; begin < expired.size(); begin += kBatch) {
    const WriterLock lock(mutex_);
    for (size_t i = begin; i < std::min(begin + kBatch, expired.size()); ++i) {
      const Entry& entry = entries_[expired[i]];
      if (entry.ended || entry.members > 0 || entry.used.load(std::memory_order_relaxed) >= oldest) continue;
      End(expired[i]);
      ++dropped;
    }
  }
  return dropped;
}

void CampaignMemory::End(uint32_t number) {
  Entry& entry = entries_[number];
  if (entry.first != number) --entries_[entry.first].members;
  entry.text = CampaignText();
  entry.votes = {};
  entry.group_votes = {};
  entry.decision = Decision::kNone;
  entry.used = 0;
  entry.saved = 0;
  entry.ended = true;
  ++entry.generation;
  free_.push_back(number);
}

size_t CampaignMemory::size() const {
  const ReaderLock lock(mutex_);
  return Count();
}

size_t CampaignMemory::bytes() const {
  const ReaderLock lock(mutex_);
  size_t bytes = by_digest_.bytes();
  for (const BandTable& band : bands_) bytes += band.bytes();
  for (const Entry& entry : entries_) {
    bytes += sizeof entry + (entry.text.singles.capacity() + entry.text.pairs.capacity()) * sizeof(uint32_t) +
             (entry.votes.capacity() + entry.group_votes.capacity()) * sizeof(Vote);
  }
  return bytes;
}

}  // namespace winnow
