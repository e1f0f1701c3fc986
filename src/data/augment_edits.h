/// The obfuscations of data/augment.h, each applied to a text as code points.
#pragma once

#include <string>
#include <string_view>

#include "base/random.h"
#include "data/augment.h"

namespace winnow {

/// The digits and signs that stand for a letter of either case, or none.
std::u32string_view LeetChoices(char32_t letter);

/// The Cyrillic and Greek letters that look like a Latin one, or none.
std::u32string_view LookAlikeChoices(char32_t letter);

/// `text` disguised in one way, or as it is where that finds nothing to change. `text` is valid UTF-8, and so is the
/// result. Addresses in the text (http://, https://, www.) are left whole by all kinds but kUrls.
std::string MakeVariant(AugmentKind kind, std::string_view text, Random& random);

}  // namespace winnow
