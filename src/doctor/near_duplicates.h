/// Texts that say the same thing in almost the same words.
///
/// A text is the set of its shingles, and two texts are as alike as their sets: Jaccard's |A and B| / |A or B|. Instead
/// of all pairs only those are looked at that share a band of a MinHash signature (Broder 1997, "On the resemblance and
/// containment of documents"; bands: Leskovec, Rajaraman, Ullman, "Mining of Massive Datasets", 3.4), and each of them
/// is then compared by the sets themselves, so that no pair is reported that is not there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/threads.h"

namespace winnow {

enum class Likeness {
  kExact,       ///< the same bytes
  kNormalised,  ///< the same DuplicateKey: they differ in case, width, white space or invisible characters
  kNear,        ///< shingles in common, from the threshold on
};

/// Text `text` is like `other`, an earlier one.
struct DuplicateLink {
  size_t text = 0, other = 0;
  Likeness likeness = Likeness::kNear;
  double similarity = 1;  ///< Jaccard's; 1 unless near
};

/// Groups are what links join, so that of three texts in a row the ends may be less alike than the threshold.
struct DuplicateGroups {
  std::vector<size_t> group_of;  ///< [texts] the first text of its group: itself where it is alone
  /// What joins each group, and no more: a tree over its texts. By `text`.
  std::vector<DuplicateLink> links;
};

/// The shingles of a text as 32-bit hashes, ascending, each once: runs of five characters of its DuplicateKey, of two
/// where most are ideographs, kana or Hangul. A shorter text is one shingle.
std::vector<uint32_t> Shingles(std::string_view text);

/// Jaccard's similarity of two ascending sets; 1 for two empty ones.
double Jaccard(std::span<const uint32_t> a, std::span<const uint32_t> b);

/// Groups of texts that are alike. Time grows with the texts' bytes, also where all are alike; a pair
/// as like as `near` is missed with a probability under 1 %, and rather more often within a crowd of hundreds that look
/// alike. The same input gives the same groups, whatever the number of threads. `advance` is called with numbers of
/// texts that add up to twice their count, on any thread. Errors: kInvalidArgument unless 0 < near <= 1; kCancelled.
Result<DuplicateGroups> FindDuplicates(std::span<const std::string_view> texts, double near, ThreadPool& pool,
                                       const std::function<void(size_t)>& advance = {});

}  // namespace winnow
