/// Normalization to one spelling of texts that differ only in case, width, composition or invisible characters.
#pragma once

#include <string>
#include <string_view>

namespace winnow {

/// Returns NFKC_Casefold of `text` (Unicode Standard Annex 44; Unicode 3.13, toNFKC_Casefold): compatibility
/// composition, full case folding, default-ignorable characters removed. Invalid UTF-8 becomes U+FFFD. Thread-safe.
std::string FoldCase(std::string_view text);

}  // namespace winnow
