/// A text as the campaign memory compares it: folded, in words, by hashes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace winnow {

/// The hashes that represent a text. Two texts are compared by the sets of their words and of their pairs of
/// neighbouring words; of a set of more than kSketch elements those with the smallest hashes stand for all (Broder
/// 1997, "On the resemblance and containment of documents", bottom-k sketch).
struct CampaignText {
  static constexpr size_t kSketch = 128;

  std::array<uint64_t, 2> digest = {};  ///< digest of the folded text, with white space as one space
  size_t words = 0;                     ///< number of words, repeated ones included
  std::vector<uint32_t> singles = {};   ///< hashes of the words, ascending, each once; at most kSketch
  std::vector<uint32_t> pairs = {};     ///< hashes of pairs of neighbouring words, likewise
};

/// Returns the text with obfuscations and case folded (text/disguise.h, text/case_fold.h), and runs of white space and
/// control characters as one space.
std::string CampaignFold(std::string_view text);

/// Folds a text and computes its hashes. Words are runs of letters and digits; ideographs, kana, Hangul and the letters
/// of Thai, Lao, Khmer and Burmese, which are written without spaces, are words of their own.
CampaignText PrepareCampaignText(std::string_view text);

/// Returns an estimate of Jaccard's similarity |A and B| / |A or B| from two sketches, which is exact for sets that are
/// stored whole; 0 if a set is empty.
double SketchSimilarity(std::span<const uint32_t> a, std::span<const uint32_t> b);

/// MinHash signatures in bands: texts that agree in all rows of a band are candidates (Leskovec, Rajaraman, Ullman,
/// "Mining of Massive Datasets", 3.4).
inline constexpr size_t kCampaignBands = 20;
inline constexpr size_t kCampaignRows = 6;

/// Returns one hash per band of the set of words.
std::array<uint32_t, kCampaignBands> BandHashes(std::span<const uint32_t> singles);

}  // namespace winnow
