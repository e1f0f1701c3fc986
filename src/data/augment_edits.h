/// The obfuscations of data/augment.h, each applied to a text as code points.
#pragma once

#include <string>
#include <string_view>

#include "base/random.h"
#include "data/augment.h"

namespace winnow {

/// Returns the digits and signs that stand for a letter of either case, or none.
std::u32string_view LeetChoices(char32_t letter);

/// Returns the Cyrillic and Greek letters that look like a Latin letter, or none.
std::u32string_view LookAlikeChoices(char32_t letter);

/// Returns `text` obfuscated in the given way, or unchanged if that way finds nothing to change. `text` must be valid
/// UTF-8; the result is valid UTF-8 too. Web addresses (http://, https://, www.) are only changed by kUrls.
std::string MakeVariant(AugmentKind kind, std::string_view text, Random& random);

}  // namespace winnow
