// The symbols lie in a list linked both ways. Short words, nearly all, are searched through for the merge with the
// lowest rank; long ones keep their merges in a heap, where those that have become void are recognized when they come
// up.
#include "tokenize/bpe_merges.h"

#include <algorithm>
#include <iterator>
#include <queue>

#include "base/mix_bits.h"

namespace winnow {
namespace {

constexpr uint32_t kNowhere = UINT32_MAX;
constexpr int32_t kGone = -2;

}  // namespace

BpeMerges::BpeMerges(size_t most) {
  size_t capacity = 16;
  while (capacity < 2 * most) capacity *= 2;
  slots_.resize(capacity);
}

uint64_t BpeMerges::PairOf(int32_t left, int32_t right) {
  return uint64_t{static_cast<uint32_t>(left)} << 32 | static_cast<uint32_t>(right);
}

size_t BpeMerges::PlaceOf(uint64_t pair) const {
  size_t at = MixBits(pair) & (slots_.size() - 1);
  while (slots_[at].pair != kNoPair && slots_[at].pair != pair) at = (at + 1) & (slots_.size() - 1);
  return at;
}

void BpeMerges::Add(int32_t left, int32_t right, uint32_t rank, int32_t id) {
  const uint64_t pair = PairOf(left, right);
  slots_[PlaceOf(pair)] = {pair, rank, id};
}

const BpeMerges::Merge& BpeMerges::Find(int32_t left, int32_t right) const {
  static const Merge kNone;
  if (left < 0 || right < 0) return kNone;
  return slots_[PlaceOf(PairOf(left, right))];
}

std::vector<std::pair<int32_t, int32_t>> BpeMerges::ByRank() const {
  std::vector<Merge> merges;
  std::ranges::copy_if(slots_, std::back_inserter(merges), [](const Merge& merge) { return merge.pair != kNoPair; });
  std::ranges::sort(merges, {}, &Merge::rank);
  std::vector<std::pair<int32_t, int32_t>> pairs;
  pairs.reserve(merges.size());
  for (const Merge& merge : merges) {
    pairs.emplace_back(static_cast<int32_t>(merge.pair >> 32), static_cast<int32_t>(merge.pair & 0xFFFFFFFF));
  }
  return pairs;
}

void BpeWord::Add(int32_t id, uint32_t begin, uint32_t end) {
  const auto at = static_cast<uint32_t>(size_);
  if (size_ == kShort) long_.assign(short_.begin(), short_.end());
  const Symbol symbol{.id = id, .begin = begin, .end = end, .previous = at == 0 ? kNowhere : at - 1, .next = at + 1};
  if (size_ < kShort) {
    short_[size_] = symbol;
  } else {
    long_.push_back(symbol);
  }
  ++size_;
}

void BpeWord::Merge(const BpeMerges& merges) {
  if (size_ < 2) return;
  if (size_ <= kShort) {
    MergeShort(merges);
  } else {
    MergeLong(merges);
  }
}

/// Takes the symbol after `left` into it.
void BpeWord::Join(uint32_t left, int32_t id) {
  Symbol* all = symbols();
  const uint32_t right = all[left].next;
  all[left].id = id;
  all[left].end = all[right].end;
  all[left].next = all[right].next;
  all[right].id = kGone;
  if (all[left].next < size_) all[all[left].next].previous = left;
}

void BpeWord::MergeShort(const BpeMerges& merges) {
  std::array<BpeMerges::Merge, kShort> of_symbol;  // of each symbol with the next
  Symbol* all = symbols();
  const auto look = [&](uint32_t i) {
    of_symbol[i] = all[i].next < size_ ? merges.Find(all[i].id, all[all[i].next].id) : BpeMerges::Merge{};
  };
  for (uint32_t i = 0; i < size_; ++i) look(i);
  while (true) {
    uint32_t best = 0;
    for (uint32_t i = 0; i < size_; i = all[i].next) {
      if (of_symbol[i].rank < of_symbol[best].rank) best = i;
    }
    if (of_symbol[best].id < 0) return;
    Join(best, of_symbol[best].id);
    look(best);
    if (all[best].previous != kNowhere) look(all[best].previous);
  }
}

void BpeWord::MergeLong(const BpeMerges& merges) {
  struct Candidate {
    uint32_t at;
    BpeMerges::Merge merge;
    bool operator<(const Candidate& other) const {  // the queue's top is its largest
      return merge.rank != other.merge.rank ? merge.rank > other.merge.rank : at > other.at;
    }
  };
  std::priority_queue<Candidate> queue;
  Symbol* all = symbols();
  const auto look = [&](uint32_t i) {
    if (all[i].next >= size_) return;
    const BpeMerges::Merge& merge = merges.Find(all[i].id, all[all[i].next].id);
    if (merge.id >= 0) queue.push({i, merge});
  };
  for (uint32_t i = 0; i < size_; ++i) look(i);
  while (!queue.empty()) {
    const Candidate candidate = queue.top();
    queue.pop();
    const Symbol& left = all[candidate.at];
    if (left.id < 0 || left.next >= size_ || merges.Find(left.id, all[left.next].id).pair != candidate.merge.pair) {
      continue;
    }
    Join(candidate.at, candidate.merge.id);
    look(candidate.at);
    if (all[candidate.at].previous != kNowhere) look(all[candidate.at].previous);
  }
}

}  // namespace winnow
