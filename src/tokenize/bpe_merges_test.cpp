#include "tokenize/bpe_merges.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace winnow {
namespace {

using Ids = std::vector<int32_t>;

/// Merges that a vocabulary of few pieces has: small ids merge into larger ones.
BpeMerges RandomMerges(Random& random) {
  constexpr uint32_t kMerges = 40;
  BpeMerges merges(kMerges);
  for (uint32_t rank = 0; rank < kMerges; ++rank) {
    const auto pieces = static_cast<uint32_t>(4 + rank);
    merges.Add(static_cast<int32_t>(random.Below(pieces)), static_cast<int32_t>(random.Below(pieces)), rank,
               static_cast<int32_t>(4 + rank));
  }
  return merges;
}

/// The definition: the leftmost pair with the lowest rank, until no pair merges.
Ids Reference(const BpeMerges& merges, Ids ids) {
  for (;;) {
    size_t best = 0;
    uint32_t rank = UINT32_MAX;
    for (size_t i = 0; i + 1 < ids.size(); ++i) {
      const BpeMerges::Merge& merge = merges.Find(ids[i], ids[i + 1]);
      if (merge.id >= 0 && merge.rank < rank) {
        best = i;
        rank = merge.rank;
      }
    }
    if (rank == UINT32_MAX) return ids;
    ids[best] = merges.Find(ids[best], ids[best + 1]).id;
    ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(best) + 1);
  }
}

TEST(BpeWord, MergesShortAndLongWordsByTheDefinition) {
  Random random(7, "words");
  BpeWord word;
  for (int round = 0; round < 300; ++round) {
    const BpeMerges merges = RandomMerges(random);
    const uint32_t length = random.Below(200);
    Ids ids;
    word.Clear();
    for (uint32_t i = 0; i < length; ++i) {
      ids.push_back(random.Below(20) == 0 ? -1 : static_cast<int32_t>(random.Below(4)));
      word.Add(ids.back(), i, i + 1);
    }
    word.Merge(merges);
    Ids merged;
    uint32_t end = 0;
    word.ForEach([&](const BpeWord::Symbol& symbol) {
      merged.push_back(symbol.id);
      EXPECT_EQ(symbol.begin, end);
      end = symbol.end;
    });
    EXPECT_EQ(merged, Reference(merges, ids)) << length;
    EXPECT_EQ(end, length);
  }
}

TEST(BpeMerges, TheLastOfSeveralForAPairCounts) {
  BpeMerges merges(2);
  merges.Add(1, 2, 0, 3);
  merges.Add(1, 2, 1, 4);
  EXPECT_EQ(merges.Find(1, 2).id, 4);
  EXPECT_EQ(merges.Find(2, 1).id, -1);
  EXPECT_EQ(merges.Find(-1, 2).id, -1);
}

}  // namespace
}  // namespace winnow
