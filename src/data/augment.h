/// Made-up variants of texts, disguised as senders of spam disguise theirs, so that a classifier has seen such things.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "data/dataset.h"

namespace winnow {

enum class AugmentKind {
  kLeetspeak,   ///< digits and signs for letters: fr33 c4$h
  kHomoglyphs,  ///< Cyrillic and Greek letters that look like Latin ones (Unicode Technical Standard 39)
  kSpacing,     ///< letters spaced out, words joined, zero-width characters in words
  kUrls,        ///< an address replaced, or one added, always under example.com, .net or .org (RFC 2606)
  kNumbers,     ///< other digits in numbers, amounts and telephone numbers, at times grouped otherwise
};
inline constexpr size_t kAugmentKinds = 5;
inline constexpr std::array<AugmentKind, kAugmentKinds> kAllAugmentKinds = {
    AugmentKind::kLeetspeak, AugmentKind::kHomoglyphs, AugmentKind::kSpacing, AugmentKind::kUrls,
    AugmentKind::kNumbers};

/// "leetspeak", "homoglyphs", "spacing", "urls", "numbers".
std::string_view AugmentKindName(AugmentKind kind);

struct AugmentOptions {
  int variants = 1;  ///< of each text, at most; 0: none
  std::vector<AugmentKind> kinds = {kAllAugmentKinds.begin(), kAllAugmentKinds.end()};
  uint64_t seed = 42;
};

struct AugmentReport {
  size_t sources = 0;
  size_t made = 0;
  std::array<size_t, kAugmentKinds> made_of{};  ///< by kind
  size_t unchanged = 0;                         ///< left out: no kind had anything to change
  size_t repeated = 0;                          ///< left out: equal to another text or variant
  size_t forbidden = 0;                         ///< left out: equal to a forbidden text

  std::string Text() const;
  Json ToJson() const;
};

/// Variants of the data set's texts, in their order; the set itself is not among them. Each has the labels, file and
/// row of its source, is valid UTF-8, not blank, and differs from every text of the set and from every other variant.
/// None is the same by DuplicateKey as a text of a `forbidden` set: pass the held-out parts. What a text becomes
/// depends on the seed and on the text alone, not on its neighbours, and is the same on every platform. The kinds take
/// turns; one that finds nothing to change in a text (numbers, in one without digits) leaves its turn to the next.
/// Segments of a template stay apart. Thread-safe.
std::vector<Example> Augment(const Dataset& dataset, const AugmentOptions& options, AugmentReport& report,
                             std::span<const Dataset* const> forbidden = {});

}  // namespace winnow
