/// Unicode's normal forms, with the places that the characters came from.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace winnow {

enum class NormalForm : uint8_t { kNfc, kNfd, kNfkc, kNfkd };

/// Returns `text` in a normal form (Unicode Standard Annex 15). Invalid UTF-8 becomes U+FFFD. `ends`, unless
/// null, gets an entry for each byte of the result: the end, in `text`, of the part that the byte came from; the part
/// begins where the one before ends. Linear: a character with more than 256 marks is treated as several. Thread-safe.
std::string Normalize(std::string_view text, NormalForm form, std::vector<uint32_t>* ends = nullptr);

/// Returns true if valid UTF-8 is in a normal form already. Thread-safe.
bool IsNormal(std::string_view text, NormalForm form);

}  // namespace winnow
