/// What identifies a message: texts that differ only in case, width, invisible characters and white space are one.
#pragma once

#include <string>
#include <string_view>

namespace winnow {

/// Returns the key that is equal for duplicate texts: FoldCase (case, width, composition, invisible characters), and
/// runs of white space as one space. Digits, punctuation and words are kept.
std::string DuplicateKey(std::string_view text);

}  // namespace winnow
