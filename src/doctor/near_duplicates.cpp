#include "doctor/near_duplicates.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/interrupt.h"
#include "base/mix_bits.h"
#include "data/random.h"
#include "text/duplicate_key.h"
#include "text/utf8.h"

namespace winnow {
namespace {

constexpr size_t kSignature = 128;
constexpr double kMissed = 0.01;

// A text of more shingles is stood for by those of the smallest hashes (Broder's bottom-k sketch): two sets of one size
// that have much in common have as much in common there, and a book costs no more than a few pages. Sets of unequal
// sizes have less in common there, since the smallest hashes of the smaller one reach farther: .67 if one of .8 times
// the size is a part of the other. So only books are stood for.
constexpr size_t kSketch = 8192;

// How many texts of a bucket, each unlike the others, newcomers are compared with. It bounds the time where thousands
// of texts that are not alike share a band.
constexpr size_t kRepresentatives = 16;

using Signature = std::array<uint32_t, kSignature>;

uint32_t Mix(uint64_t x) { return static_cast<uint32_t>(MixBits(x) >> 32); }

bool IsEastAsian(char32_t c) { return (c >= 0x2E80 && c <= 0xD7AF) || (c >= 0xF900 && c <= 0xFAFF) || c >= 0x20000; }

std::vector<uint32_t> ShinglesOfKey(std::string_view key) {
  std::u32string characters;
  size_t east_asian = 0;
  for (size_t i = 0; i < key.size();) {
    characters += NextCodePoint(key, i);
    if (IsEastAsian(characters.back())) ++east_asian;
  }
  std::vector<uint32_t> shingles;
  if (characters.empty()) return shingles;
  const size_t length = std::min<size_t>(2 * east_asian > characters.size() ? 2 : 5, characters.size());
  shingles.reserve(characters.size() - length + 1);
  for (size_t i = 0; i + length <= characters.size(); ++i) {
    uint64_t hash = length;
    for (size_t k = 0; k < length; ++k) hash = hash * 0x9E3779B97F4A7C15u + characters[i + k];
    shingles.push_back(Mix(hash));
  }
  std::ranges::sort(shingles);
  const auto repeats = std::ranges::unique(shingles);
  shingles.erase(repeats.begin(), repeats.end());
  return shingles;
}

/// x -> factor * x + term modulo 2^32: with odd factors each is a permutation of the hashes.
struct Permutations {
  Signature factors, terms;

  Permutations() {
    SplitMix64 random(1997);
    for (uint32_t& factor : factors) factor = static_cast<uint32_t>(random.Next()) | 1u;
    for (uint32_t& term : terms) term = static_cast<uint32_t>(random.Next());
  }

  Signature SignatureOf(std::span<const uint32_t> shingles) const {
    Signature least;
    least.fill(UINT32_MAX);
    for (const uint32_t shingle : shingles.first(std::min(shingles.size(), kSketch))) {
      for (size_t i = 0; i < kSignature; ++i) least[i] = std::min(least[i], factors[i] * shingle + terms[i]);
    }
    return least;
  }
};

double Estimate(const Signature& a, const Signature& b) {
  size_t equal = 0;
  for (size_t i = 0; i < kSignature; ++i) equal += a[i] == b[i] ? 1 : 0;
  return static_cast<double>(equal) / kSignature;
}

/// Rows a band: the most at which a pair as like as `near` still shares a band. Fewer would find it too, among more
/// pairs that are not alike.
size_t RowsOfBand(double near) {
  for (size_t rows = kSignature / 2; rows > 1; --rows) {
    const auto bands = static_cast<double>(kSignature / rows);
    if (std::pow(1 - std::pow(near, static_cast<double>(rows)), bands) < kMissed) return rows;
  }
  return 1;
}

class Grouping {
 public:
  Grouping(std::span<const std::string_view> texts, double near, const std::function<void(size_t)>& advance)
      : texts_(texts), near_(near), advance_(advance), parent_(texts.size()) {
    std::iota(parent_.begin(), parent_.end(), size_t{0});
  }

  /// Joins texts of one key, and keeps the first of each.
  void JoinEqual(const std::vector<std::string>& keys) {
    std::unordered_map<std::string_view, size_t> first_of_key;
    std::unordered_map<std::string_view, size_t> first_of_bytes;
    for (size_t i = 0; i < texts_.size(); ++i) {
      const auto [same_key, fresh] = first_of_key.emplace(keys[i], i);
      const auto [same_bytes, fresh_bytes] = first_of_bytes.emplace(texts_[i], i);
      if (fresh) {
        firsts_.push_back(i);
      } else if (fresh_bytes) {
        Join({i, same_key->second, Likeness::kNormalised, 1});
      } else {
        Join({i, same_bytes->second, Likeness::kExact, 1});
      }
    }
  }

  Result<void> JoinNear(const std::vector<std::string>& keys, ThreadPool& pool) {
    static const Permutations permutations;
    signatures_.resize(firsts_.size());
    Report(texts_.size() - firsts_.size());
    pool.ForRanges(firsts_.size(), 1, [&](size_t begin, size_t end, int) {
      for (size_t f = begin; f < end && !Interrupted(); ++f) {
        signatures_[f] = permutations.SignatureOf(ShinglesOfKey(keys[firsts_[f]]));
        Report(1);
      }
    });
    const size_t rows = RowsOfBand(near_);
    const size_t bands = kSignature / rows;
    size_t reported = 0;
    for (size_t band = 0; band < bands; ++band) {
      TRY(JoinBand(keys, band * rows, rows));
      Report((band + 1) * texts_.size() / bands - reported);
      reported = (band + 1) * texts_.size() / bands;
    }
    return {};
  }

  DuplicateGroups Finish() {
    // Groups are joined towards the smaller number, so that each one's root is its first text.
    for (size_t i = 0; i < parent_.size(); ++i) parent_[i] = Root(i);
    std::ranges::sort(links_, {}, [](const DuplicateLink& link) { return std::pair(link.text, link.other); });
    return {std::move(parent_), std::move(links_)};
  }

 private:
  void Report(size_t texts) const {
    if (advance_ && texts > 0) advance_(texts);
  }

  size_t Root(size_t i) {
    while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
    return i;
  }

  void Join(const DuplicateLink& link) {
    const size_t a = Root(link.text);
    const size_t b = Root(link.other);
    parent_[std::max(a, b)] = std::min(a, b);
    links_.push_back(link);
  }

  /// Firsts whose signatures agree in a band lie side by side once they are sorted by it.
  Result<void> JoinBand(const std::vector<std::string>& keys, size_t from, size_t rows) {
    std::vector<std::pair<uint64_t, size_t>> order(firsts_.size());
    for (size_t f = 0; f < order.size(); ++f) {
      uint64_t hash = 0;
      for (size_t i = from; i < from + rows; ++i)
        hash = (hash ^ signatures_[f][i]) * 0x9E3779B97F4A7C15u + (hash >> 29);
      order[f] = {hash, f};
    }
    std::ranges::sort(order);
    for (size_t begin = 0; begin < order.size();) {
      size_t end = begin + 1;
      while (end < order.size() && order[end].first == order[begin].first) ++end;
      if (end - begin > 1) TRY(JoinBucket(keys, std::span(order).subspan(begin, end - begin)));
      begin = end;
    }
    return {};
  }

  Result<void> JoinBucket(const std::vector<std::string>& keys, std::span<const std::pair<uint64_t, size_t>> bucket) {
    // Four standard deviations of the estimate, sqrt(1/4 / 128) each: what it rules out is not there.
    constexpr double kMargin = 0.18;
    struct Representative {
      size_t first;
      std::vector<uint32_t> shingles = {};  // made when they are first asked for
    };
    std::vector<Representative> representatives;
    for (const auto& [hash, f] : bucket) {
      TRY(CheckInterrupted());
      std::vector<uint32_t> shingles;
      bool joined = false;
      for (Representative& known : representatives) {
        joined = Root(firsts_[f]) == Root(firsts_[known.first]);
        if (joined) break;
        if (Estimate(signatures_[f], signatures_[known.first]) < near_ - kMargin) continue;
        if (shingles.empty()) shingles = ShinglesOfKey(keys[firsts_[f]]);
        if (known.shingles.empty()) known.shingles = ShinglesOfKey(keys[firsts_[known.first]]);
        const double similarity = Jaccard(shingles, known.shingles);
        joined = similarity >= near_;
        if (!joined) continue;
        // A bucket is in the texts' order, so that the known one is the earlier.
        Join({firsts_[f], firsts_[known.first], Likeness::kNear, similarity});
        break;
      }
      if (!joined && representatives.size() < kRepresentatives) representatives.push_back({f});
    }
    return {};
  }

  const std::span<const std::string_view> texts_;
  const double near_;
  const std::function<void(size_t)>& advance_;
  std::vector<size_t> parent_;
  std::vector<DuplicateLink> links_;
  std::vector<size_t> firsts_;  // of texts with one key, ascending
  std::vector<Signature> signatures_;
};

}  // namespace

std::vector<uint32_t> Shingles(std::string_view text) { return ShinglesOfKey(DuplicateKey(text)); }

double Jaccard(std::span<const uint32_t> a, std::span<const uint32_t> b) {
  if (a.empty() && b.empty()) return 1;
  size_t common = 0;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    if (a[i] == b[j]) ++common;
    const bool first = a[i] <= b[j];
    j += a[i] >= b[j] ? 1 : 0;
    i += first ? 1 : 0;
  }
  return static_cast<double>(common) / static_cast<double>(a.size() + b.size() - common);
}

Result<DuplicateGroups> FindDuplicates(std::span<const std::string_view> texts, double near, ThreadPool& pool,
                                       const std::function<void(size_t)>& advance) {
  if (!(near > 0 && near <= 1)) {
    return Fail(ErrorCode::kInvalidArgument, "a similarity of " + std::to_string(near) + " is out of range",
                "specify a value above 0 and at most 1, such as 0.8");
  }
  std::vector<std::string> keys(texts.size());
  pool.ForRanges(texts.size(), 1, [&](size_t begin, size_t end, int) {
    for (size_t i = begin; i < end; ++i) keys[i] = DuplicateKey(texts[i]);
  });
  Grouping grouping(texts, near, advance);
  grouping.JoinEqual(keys);
  TRY(grouping.JoinNear(keys, pool));
  TRY(CheckInterrupted());
  return grouping.Finish();
}

}  // namespace winnow
