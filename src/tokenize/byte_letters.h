/// The letters that byte-level BPE writes bytes with.
#pragma once

#include <string_view>

namespace winnow {

/// Returns how GPT-2 writes a byte: printable ones of Latin-1 as themselves, the others from U+0100 on (its encoder.py,
/// bytes_to_unicode). Thread-safe.
std::string_view ByteLetter(unsigned char byte);

}  // namespace winnow
