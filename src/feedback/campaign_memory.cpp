#include "feedback/campaign_memory.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

namespace winnow {
namespace {

/// Votes of an entry that are kept for the decision of everybody; more cannot change it.
constexpr size_t kMostDeciding = 32;
/// Entries, of those that share a band with a text, whose texts are compared with it.
constexpr size_t kMostCandidates = 256;
/// Entries that are changed while readers wait.
constexpr size_t kBatch = 1000;

StoreTime TimeOf(StoreTime at) { return at == StoreTime() ? StoreNow() : at; }
int64_t Milliseconds(StoreTime at) { return at.time_since_epoch().count(); }

/// Sets the number to `value` if that is greater.
void Raise(std::atomic<int64_t>& number, int64_t value) {
  int64_t known = number.load(std::memory_order_relaxed);
  while (known < value && !number.compare_exchange_weak(known, value, std::memory_order_relaxed)) continue;
}

}  // namespace

CampaignMemory::CampaignMemory(CampaignMemoryOptions options)
    : options_(options), key_(SipKey::Random()), caps_(options.caps) {}

uint64_t CampaignMemory::HashOf(std::string_view user) const {
  if (user.empty()) return 0;
  return std::max<uint64_t>(1, SipHasher(key_).Finish(std::as_bytes(std::span(user))));
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
    for (const Match& match : matches) Raise(match.entry->used, at);
  }
  return hit;
}

/// Returns the entries that are near-duplicates of the text and say something to the user, each once.
std::vector<CampaignMemory::Match> CampaignMemory::Matches(const CampaignText& text, uint64_t user) const {
  std::vector<Match> matches;
  const auto says_something = [&](const Entry& entry) {
    return !entry.deciding.empty() || (user != 0 && std::ranges::binary_search(entry.votes, user, {}, &Vote::user));
  };
  const auto exact = by_digest_.find(text.digest);
  const Entry* const equal = exact == by_digest_.end() ? nullptr : &entries_[exact->second];
  if (equal != nullptr && says_something(*equal)) matches.push_back({equal, 1});
  if (text.words < options_.least_words) return matches;
  const auto hashes = BandHashes(text.singles);
  for (size_t band = 0; band < kCampaignBands; ++band) bands_[band].Prefetch(hashes[band]);
  std::vector<uint32_t> candidates;
  for (size_t band = 0; band < kCampaignBands; ++band) {
    bands_[band].ForEach(hashes[band], [&](BandTable::Slot slot) { candidates.push_back(slot.entry); });
  }
  std::ranges::sort(candidates);
  const auto repeats = std::ranges::unique(candidates);
  candidates.erase(repeats.begin(), repeats.end());
  if (candidates.size() > kMostCandidates) candidates.resize(kMostCandidates);
  for (const uint32_t number : candidates) __builtin_prefetch(&entries_[number]);
  for (const uint32_t number : candidates) {
    const Entry& entry = entries_[number];
    if (entry.ended || &entry == equal || entry.text.words < options_.least_words || !says_something(entry)) continue;
    const double similarity = SketchSimilarity(text.singles, entry.text.singles);
    if (similarity < options_.word_similarity) continue;
    if (SketchSimilarity(text.pairs, entry.text.pairs) < options_.pair_similarity) continue;
    matches.push_back({&entry, similarity});
  }
  return matches;
}

/// Of several corrections by the user, that of the most similar message counts; of equally similar ones, the last.
std::optional<CampaignHit> CampaignMemory::Own(std::span<const Match> matches, uint64_t user) const {
  if (user == 0) return std::nullopt;
  const Vote* best = nullptr;
  double similarity = 0;
  for (const Match& match : matches) {
    const auto vote = std::ranges::lower_bound(match.entry->votes, user, {}, &Vote::user);
    if (vote == match.entry->votes.end() || vote->user != user || !vote->is_spam) continue;
    if (best != nullptr && std::pair(similarity, best->order) >= std::pair(match.similarity, vote->order)) continue;
    best = &*vote;
    similarity = match.similarity;
  }
  if (best == nullptr) return std::nullopt;
  return CampaignHit{*best->is_spam, true, similarity};
}

/// Users may have reported different variants of a message, so their last words about all of them are counted together:
/// an administrator's last word counts, else that of several trusted users whom no other trusted user contradicts.
std::optional<CampaignHit> CampaignMemory::Everybodys(std::span<const Match> matches) const {
  std::map<uint64_t, const Vote*> of_user;
  const Vote* admin = nullptr;
  for (const Match& match : matches) {
    for (const Vote& vote : match.entry->deciding) {
      if (vote.admin && (admin == nullptr || admin->order < vote.order)) admin = &vote;
      const Vote*& known = of_user[vote.user];
      if (known == nullptr || known->order < vote.order) known = &vote;
    }
  }
  int spam = 0, ham = 0;
  for (const auto& [user, vote] : of_user) ++(*vote->is_spam ? spam : ham);
  std::optional<bool> decision;
  if (admin != nullptr) {
    decision = admin->is_spam;
  } else if (std::max(spam, ham) >= options_.agreeing_users && std::min(spam, ham) == 0) {
    decision = spam > 0;
  }
  if (!decision) return std::nullopt;
  CampaignHit hit{*decision, false, 0};
  for (const Match& match : matches) {
    const bool agrees =
        std::ranges::any_of(match.entry->deciding, [&](const Vote& vote) { return vote.is_spam == decision; });
    if (agrees) hit.similarity = std::max(hit.similarity, match.similarity);
  }
  return hit;
}

void CampaignMemory::Learn(const FeedbackEvent& event, std::string_view sender) {
  const FeedbackOrigin origin = OriginOf(event);
  const bool person = origin == FeedbackOrigin::kPerson || origin == FeedbackOrigin::kAdmin;
  const bool forgets = event.feedback_type == kForgetFeedback;
  if (!person || event.text.empty() || (!forgets && !LabelOf(event))) return;
  Vote vote{HashOf(event.user_id.value_or("")), OrderOf(event), std::nullopt, origin == FeedbackOrigin::kAdmin, false};
  if (!forgets) vote.is_spam = IsSpam(event);
  CampaignText text = PrepareCampaignText(event.text);
  const uint64_t about = HashOf(sender);
  const WriterLock lock(mutex_);
  Entry* const entry = EntryFor(std::move(text));
  if (entry == nullptr) return;
  const auto at = std::ranges::lower_bound(entry->votes, vote.user, {}, &Vote::user);
  if (at != entry->votes.end() && at->user == vote.user) {
    if (vote.order <= at->order) return;
    vote.counts = at->counts;  // a user who changes the verdict reports one message
    *at = vote;
  } else {
    vote.counts = caps_.Count(vote.user, about, event.created_at);
    entry->votes.insert(at, vote);
  }
  Raise(entry->used, Milliseconds(event.created_at));
  Raise(entry->saved, Milliseconds(event.created_at));
  Decide(*entry);
}

CampaignMemory::Entry* CampaignMemory::EntryFor(CampaignText text) {
  if (const auto known = by_digest_.find(text.digest); known != by_digest_.end()) return &entries_[known->second];
  if (by_digest_.size() >= options_.most_entries) return nullptr;
  auto number = static_cast<uint32_t>(entries_.size());
  if (free_.empty()) {
    entries_.emplace_back(std::move(text));
  } else {
    number = free_.back();
    free_.pop_back();
    entries_[number].text = std::move(text);
    entries_[number].ended = false;
  }
  Entry& entry = entries_[number];
  by_digest_.emplace(entry.text.digest, number);
  if (entry.text.words < options_.least_words) return &entry;
  const auto is_current = [&](BandTable::Slot slot) {
    return !entries_[slot.entry].ended && entries_[slot.entry].generation % 16 == slot.generation;
  };
  const auto hashes = BandHashes(entry.text.singles);
  for (size_t band = 0; band < kCampaignBands; ++band)
    bands_[band].Insert(hashes[band], {number, entry.generation}, by_digest_.size(), is_current);
  return &entry;
}

void CampaignMemory::Decide(Entry& entry) {
  entry.deciding.clear();
  for (const Vote& vote : entry.votes) {
    const bool trusted = vote.counts && trusted_.contains(vote.user);
    if (vote.is_spam && (vote.admin || trusted)) entry.deciding.push_back(vote);
  }
  std::ranges::sort(entry.deciding, std::greater(), [](const Vote& vote) { return std::pair(vote.admin, vote.order); });
  if (entry.deciding.size() > kMostDeciding) entry.deciding.resize(kMostDeciding);
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
    for (size_t i = begin; i < std::min(begin + kBatch, end); ++i) Decide(entries_[i]);
  }
}

void CampaignMemory::Restore(const CampaignUse& use) {
  std::array<uint64_t, 2> digest = {};
  if (use.digest.size() != 32) return;
  for (size_t i = 0; i < 2; ++i) {
    const char* const begin = use.digest.data() + 16 * i;
    if (std::from_chars(begin, begin + 16, digest[i], 16).ptr != begin + 16) return;
  }
  const ReaderLock lock(mutex_);
  const auto found = by_digest_.find(digest);
  if (found == by_digest_.end()) return;
  Raise(entries_[found->second].used, Milliseconds(use.at));
  Raise(entries_[found->second].saved, Milliseconds(use.at));
}

std::vector<CampaignUse> CampaignMemory::TakeUses() {
  std::vector<CampaignUse> uses;
  const ReaderLock lock(mutex_);
  for (const Entry& entry : entries_) {
    const int64_t used = entry.used.load(std::memory_order_relaxed);
    if (entry.ended || entry.saved.exchange(used, std::memory_order_relaxed) >= used) continue;
    uses.push_back({fmt::format("{:016x}{:016x}", entry.text.digest[0], entry.text.digest[1]),
                    StoreTime(std::chrono::milliseconds(used))});
  }
  return uses;
}

size_t CampaignMemory::DropExpired(StoreTime now) {
  const int64_t oldest = Milliseconds(now) - options_.lifetime.count();
  std::vector<uint32_t> expired;
  {
    const ReaderLock lock(mutex_);
    for (uint32_t i = 0; i < entries_.size(); ++i) {
      if (!entries_[i].ended && entries_[i].used.load(std::memory_order_relaxed) < oldest) expired.push_back(i);
    }
  }
  size_t dropped = 0;
  for (size_t begin = 0; begin < expired.size(); begin += kBatch) {
    const WriterLock lock(mutex_);
    for (size_t i = begin; i < std::min(begin + kBatch, expired.size()); ++i) {
      const Entry& entry = entries_[expired[i]];
      if (entry.ended || entry.used.load(std::memory_order_relaxed) >= oldest) continue;
      End(expired[i]);
      ++dropped;
    }
  }
  return dropped;
}

void CampaignMemory::End(uint32_t number) {
  Entry& entry = entries_[number];
  by_digest_.erase(entry.text.digest);
  entry.text = CampaignText();
  entry.votes = {};
  entry.deciding = {};
  entry.used = 0;
  entry.saved = 0;
  entry.ended = true;
  ++entry.generation;
  free_.push_back(number);
}

size_t CampaignMemory::size() const {
  const ReaderLock lock(mutex_);
  return by_digest_.size();
}

size_t CampaignMemory::bytes() const {
  const ReaderLock lock(mutex_);
  size_t bytes = by_digest_.size() * (sizeof(Digest) + sizeof(std::array<uint64_t, 4>)) + by_digest_.bucket_count() * 8;
  for (const BandTable& band : bands_) bytes += band.bytes();
  for (const Entry& entry : entries_) {
    bytes += sizeof entry + (entry.text.singles.capacity() + entry.text.pairs.capacity()) * sizeof(uint32_t) +
             (entry.votes.capacity() + entry.deciding.capacity()) * sizeof(Vote);
  }
  return bytes;
}

}  // namespace winnow
