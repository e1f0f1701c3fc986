/// The signature has 120 hash functions in eight series, h_i(x) = h(x) + i g(x) modulo 2^32 with an odd g(x) (Kirsch,
/// Mitzenmacher 2006, "Less Hashing, Same Performance"), which cost one addition each. No two rows of a band are of one
/// series: a word whose g is small would be the least of many rows of it. Three of twenty words changed leave a
/// similarity of 17/23 = .74 between the sets of words: such texts agree in a band of six rows with probability .74^6 =
/// .164 and in at least one of 20 bands with probability .972. Texts of unrelated contents have .1 of their words in
/// common, and agree in a band with probability 1e-6.
#include "feedback/campaign_text.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/ascii.h"
#include "base/mix_bits.h"
#include "base/sip_hash.h"
#include "text/case_fold.h"
#include "text/disguise.h"
#include "text/utf8.h"

namespace winnow {
namespace {

constexpr size_t kFunctions = kCampaignBands * kCampaignRows;
constexpr SipKey kFirstKey = {0x57696e6e6f772031, 0x63616d706169676e};
constexpr SipKey kSecondKey = {0x57696e6e6f772032, 0x6d656d6f72792e2e};

/// A text of more words is compared by its beginning; a mail of 1 MB costs no more than a long one.
constexpr size_t kMostBytes = 1 << 16;

uint64_t Hash(const SipKey& key, std::string_view text) {
  return SipHasher(key).Finish(std::as_bytes(std::span(text)));
}

/// Hashes live as long as the process, and whoever wants words that collide can read the key of any hash here: a quick
/// one will do.
uint64_t WordHash(std::string_view word) {
  uint64_t hash = word.size();
  for (; word.size() > sizeof hash; word.remove_prefix(sizeof hash)) {
    uint64_t part;
    std::memcpy(&part, word.data(), sizeof part);
    hash = MixBits(hash ^ part) + 0x9E3779B97F4A7C15u;
  }
  uint64_t last = 0;
  std::memcpy(&last, word.data(), word.size());
  return MixBits((hash * 0x9E3779B97F4A7C15u) ^ last);
}

/// Letters of scripts that are written without spaces (Unicode 15, Blocks.txt).
bool IsWordOfItsOwn(char32_t c) {
  return (c >= 0x0E00 && c <= 0x0EFF) || (c >= 0x1000 && c <= 0x109F) || (c >= 0x1780 && c <= 0x17FF) ||
         (c >= 0x2E80 && c <= 0x2FDF) || (c >= 0x3040 && c <= 0xD7AF) || (c >= 0xF900 && c <= 0xFAFF) || c >= 0x20000;
}

/// Spaces and punctuation outside ASCII (Unicode 15, Blocks.txt): Latin-1, general and CJK punctuation.
bool Divides(char32_t c) {
  return c < 0xC0 || c == 0xD7 || c == 0xF7 || (c >= 0x2000 && c <= 0x206F) || (c >= 0x3000 && c <= 0x303F) ||
         (c >= 0xFF00 && c <= 0xFF0F);
}

/// Calls `take` for each word of folded text.
template <typename Take>
void ForWords(std::string_view text, Take take) {
  size_t begin = 0;
  size_t i = 0;
  const auto finish = [&](size_t end) {
    if (end > begin) take(text.substr(begin, end - begin));
  };
  while (i < text.size()) {
    const size_t at = i;
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x80) {
      ++i;
      if (IsAsciiAlphanumeric(byte)) continue;
      finish(at);
      begin = i;
      continue;
    }
    const char32_t c = NextCodePoint(text, i);
    const bool alone = IsWordOfItsOwn(c);
    if (!alone && !Divides(c)) continue;
    finish(at);
    begin = i;
    if (alone) take(text.substr(at, i - at));
  }
  finish(text.size());
}

constexpr size_t kSeries = 8;
static_assert(kFunctions % kSeries == 0);

/// Four numbers, which every x86-64 CPU compares at a time if they are signed. Loops over single ones are wrong with
/// -O3 of g++ 12.2, which vectorizes them without taking the steps into account.
using Hashes [[gnu::vector_size(16)]] = uint32_t;
using SignedHashes [[gnu::vector_size(16)]] = int32_t;

/// Puts those of a word's hashes that are less into `least`. The hashes of a series begin with `first`, and grow by
/// `steps`.
void TakeLeast(const std::array<uint32_t, kSeries>& first, const std::array<uint32_t, kSeries>& steps,
               std::array<int32_t, kFunctions>& least) {
  constexpr size_t kLanes = sizeof(Hashes) / sizeof(uint32_t);
  for (size_t lanes = 0; lanes < kSeries; lanes += kLanes) {
    Hashes hashes, step;
    std::memcpy(&hashes, &first[lanes], sizeof hashes);
    std::memcpy(&step, &steps[lanes], sizeof step);
    for (size_t i = lanes; i < kFunctions; i += kSeries) {
      SignedHashes smallest;
      std::memcpy(&smallest, &least[i], sizeof smallest);
      const auto candidates = reinterpret_cast<SignedHashes>(hashes);
      smallest = candidates < smallest ? candidates : smallest;
      std::memcpy(&least[i], &smallest, sizeof smallest);
      hashes += step;
    }
  }
}

void SortUnique(std::vector<uint32_t>& hashes) {
  std::ranges::sort(hashes);
  const auto repeats = std::ranges::unique(hashes);
  hashes.erase(repeats.begin(), repeats.end());
}

/// Makes the sketch of hashes. Those of long texts are distributed by their first bits, and no more than the sketch
/// needs is sorted.
void MakeSketch(std::vector<uint32_t>& hashes) {
  if (hashes.size() <= CampaignText::kSketch / 2) return SortUnique(hashes);
  constexpr unsigned kShift = 24;
  std::array<uint32_t, (1u << (32 - kShift)) + 1> ends{};  // of each bucket, once its hashes are in place
  for (const uint32_t hash : hashes) ++ends[(hash >> kShift) + 1];
  for (size_t bucket = 1; bucket < ends.size(); ++bucket) ends[bucket] += ends[bucket - 1];
  std::vector<uint32_t> placed(hashes.size());
  for (const uint32_t hash : hashes) placed[ends[hash >> kShift]++] = hash;
  size_t kept = 0;
  uint32_t begin = 0;
  for (size_t bucket = 0; bucket + 1 < ends.size() && kept < CampaignText::kSketch; begin = ends[bucket++]) {
    const std::span hashes_of_bucket(placed.data() + begin, placed.data() + ends[bucket]);
    std::ranges::sort(hashes_of_bucket);
    const auto end = std::ranges::unique(hashes_of_bucket).begin();
    kept = static_cast<size_t>(std::copy(hashes_of_bucket.begin(), end, hashes.begin() + static_cast<ptrdiff_t>(kept)) -
                               hashes.begin());
  }
  hashes.resize(std::min(kept, CampaignText::kSketch));
}

}  // namespace

std::string CampaignFold(std::string_view text) {
  const std::string folded = FoldCase(FoldDisguises(text));
  std::string result;
  result.reserve(folded.size());
  for (const char c : folded) {
    const auto byte = static_cast<unsigned char>(c);
    const bool space = byte <= 0x20 || byte == 0x7F;
    if (!space) {
      result += c;
    } else if (!result.empty() && result.back() != ' ') {
      result += ' ';
    }
  }
  if (!result.empty() && result.back() == ' ') result.pop_back();
  return result;
}

CampaignText PrepareCampaignText(std::string_view text) {
  const std::string folded = CampaignFold(text);
  CampaignText prepared;
  prepared.digest = {Hash(kFirstKey, folded), Hash(kSecondKey, folded)};
  uint64_t previous = 0;
  ForWords(std::string_view(folded).substr(0, kMostBytes), [&](std::string_view word) {
    const uint64_t hash = WordHash(word);
    prepared.singles.push_back(static_cast<uint32_t>(hash));
    if (prepared.words++ > 0)
      prepared.pairs.push_back(static_cast<uint32_t>(MixBits(previous * 0x9E3779B97F4A7C15u + hash)));
    previous = hash;
  });
  MakeSketch(prepared.singles);
  MakeSketch(prepared.pairs);
  return prepared;
}

double SketchSimilarity(std::span<const uint32_t> a, std::span<const uint32_t> b) {
  if (a.empty() || b.empty()) return 0;
  const bool whole = a.size() < CampaignText::kSketch && b.size() < CampaignText::kSketch;
  const size_t most = whole ? a.size() + b.size() : CampaignText::kSketch;
  size_t common = 0, all = 0, i = 0, j = 0;
  while (all < most && (i < a.size() || j < b.size())) {
    const bool from_a = j == b.size() || (i < a.size() && a[i] <= b[j]);
    const bool from_b = i == a.size() || (j < b.size() && b[j] <= a[i]);
    common += from_a && from_b ? 1 : 0;
    i += from_a ? 1 : 0;
    j += from_b ? 1 : 0;
    ++all;
  }
  return static_cast<double>(common) / static_cast<double>(all);
}

std::array<uint32_t, kCampaignBands> BandHashes(std::span<const uint32_t> singles) {
  std::array<int32_t, kFunctions> least;
  least.fill(std::numeric_limits<int32_t>::max());
  for (const uint32_t word : singles) {
    std::array<uint32_t, kSeries> hashes, steps;
    for (size_t k = 0; k < kSeries; ++k) {
      const uint64_t hash = MixBits((uint64_t{word} << 8 | k) * 0x9E3779B97F4A7C15u);
      hashes[k] = static_cast<uint32_t>(hash);
      steps[k] = static_cast<uint32_t>(hash >> 32) | 1u;
    }
    TakeLeast(hashes, steps, least);
  }
  std::array<uint32_t, kCampaignBands> bands;
  for (size_t band = 0; band < kCampaignBands; ++band) {
    uint64_t hash = band + 1;
    for (size_t row = 0; row < kCampaignRows; ++row) {
      hash = (hash ^ static_cast<uint32_t>(least[band * kCampaignRows + row])) * 0x9E3779B97F4A7C15u;
      hash ^= hash >> 29;
    }
    bands[band] = static_cast<uint32_t>(hash >> 32);
  }
  return bands;
}

}  // namespace winnow
