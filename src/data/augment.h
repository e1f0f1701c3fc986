/// Data augmentation: variants of texts, obfuscated as senders of spam obfuscate theirs, for robust classifiers.
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
  kLeetspeak,   ///< digits and signs in place of letters: fr33 c4$h
  kHomoglyphs,  ///< Cyrillic and Greek letters that look like Latin ones (Unicode Technical Standard 39)
  kSpacing,     ///< letters spaced out, words joined, zero-width characters within words
  kUrls,        ///< a web address replaced or added, always under example.com, .net or .org (RFC 2606)
  kNumbers,     ///< other digits in numbers, amounts and telephone numbers, sometimes grouped differently
};
inline constexpr size_t kAugmentKinds = 5;
inline constexpr std::array<AugmentKind, kAugmentKinds> kAllAugmentKinds = {
    AugmentKind::kLeetspeak, AugmentKind::kHomoglyphs, AugmentKind::kSpacing, AugmentKind::kUrls,
    AugmentKind::kNumbers};

struct AugmentOptions {
  int variants = 1;  ///< maximum number of variants per text; 0: none
  std::vector<AugmentKind> kinds = {kAllAugmentKinds.begin(), kAllAugmentKinds.end()};
  uint64_t seed = 42;
};

struct AugmentReport {
  size_t sources = 0;
  size_t made = 0;
  std::array<size_t, kAugmentKinds> made_of{};  ///< number of variants made, by kind
  size_t unchanged = 0;                         ///< variants left out because no kind had anything to change
  size_t repeated = 0;                          ///< variants left out because they equal another text or variant
  size_t forbidden = 0;                         ///< variants left out because they equal a forbidden text

  std::string Text() const;
  Json ToJson() const;
};

/// Returns variants of the data set's texts, in the order of the texts and without the texts themselves. Each variant
/// has the labels, file and row of its source, is valid UTF-8, not blank, and differs from every text of the set and
/// from every other variant. No variant has the DuplicateKey of a text in a `forbidden` set: pass the held-out parts. A
/// variant depends on the seed and on its source alone, not on the neighbours of the text, and is equal on every
/// platform. The kinds take turns; a kind that finds nothing to change in a text (numbers, in a text without digits) is
/// replaced by the next one. Segments of a template are kept separate. Thread-safe.
std::vector<Example> Augment(const Dataset& dataset, const AugmentOptions& options, AugmentReport& report,
                             std::span<const Dataset* const> forbidden = {});

}  // namespace winnow
