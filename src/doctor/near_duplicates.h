/// Detection of near-duplicates: texts with almost the same wording.
///
/// A text is represented by the set of its shingles, and the similarity of two texts is that of their sets: Jaccard's
/// |A and B| / |A or B|. Only pairs that share a band of a MinHash signature are examined (Broder 1997, "On the
/// resemblance and containment of documents"; bands: Leskovec, Rajaraman, Ullman, "Mining of Massive Datasets", 3.4).
/// The sets of each such pair are then compared exactly, so that no pair is reported wrongly.
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
  kExact,  ///< the texts have equal bytes
  /// The texts have equal DuplicateKeys: they differ in case, width, white space or invisible characters.
  kNormalised,
  kNear,  ///< similarity of the shingles at or above the threshold
};

/// The fact that the text `text` is similar to an earlier text, `other`.
struct DuplicateLink {
  size_t text = 0, other = 0;
  Likeness likeness = Likeness::kNear;
  double similarity = 1;  ///< Jaccard's similarity; 1 unless the likeness is kNear
};

/// Groups of texts that are connected by links. Two texts of a group may be less similar than the threshold, if they
/// are connected through a third one.
struct DuplicateGroups {
  /// [texts] the first text of each text's group; the text itself if it has no duplicates.
  std::vector<size_t> group_of;
  /// The links that connect each group: a tree over its texts, ordered by `text`.
  std::vector<DuplicateLink> links;
};

/// Returns the shingles of a text as 32-bit hashes, ascending, each once: runs of five characters of its DuplicateKey,
/// or of two characters if most characters are ideographs, kana or Hangul. A shorter text is one shingle.
std::vector<uint32_t> Shingles(std::string_view text);

/// Returns Jaccard's similarity of two ascending sets; 1 for two empty sets.
double Jaccard(std::span<const uint32_t> a, std::span<const uint32_t> b);

/// Finds groups of similar texts. Time grows linearly with the bytes of the texts, even if all texts are similar. A
/// pair with the similarity `near` is missed with a probability under 1 %, and somewhat more often within a group of
/// hundreds of similar texts, or if both have more than 8,192 shingles and one is a part of the other. Equal input
/// gives equal groups, whatever the number of threads. `advance` is called with numbers of texts that add up to twice
/// their count, on any thread. Errors: kInvalidArgument unless 0 < near <= 1; kCancelled.
Result<DuplicateGroups> FindDuplicates(std::span<const std::string_view> texts, double near, ThreadPool& pool,
                                       const std::function<void(size_t)>& advance = {});

}  // namespace winnow
