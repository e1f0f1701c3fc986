/// Content-Transfer-Encoding (RFC 2045): the bytes of a part. Broken encodings are read as far as possible.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace winnow {

/// Returns true for linear white space (RFC 822, 3.3), folded or not.
constexpr bool IsMimeSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

struct DecodedBytes {
  std::string bytes;
  std::string problem;  ///< a sentence that says what was wrong; empty: nothing
  bool cut = false;     ///< true if `most` bytes were not enough
};

/// Decodes `body` by the value of its Content-Transfer-Encoding header; an unknown value means that the bytes are as
/// they are. At most `most` bytes are returned. Thread-safe.
DecodedBytes DecodeTransfer(std::string_view body, std::string_view encoding, size_t most);

/// Decodes base64: characters outside the alphabet are skipped, padding may be missing or come in the middle.
/// `strange` is increased by the number of characters that are neither of the alphabet nor padding nor white space.
std::string DecodeBase64(std::string_view text, size_t most, size_t& strange);

/// Decodes quoted-printable. An equals sign that begins no escape stays, and is counted in `strange`.
std::string DecodeQuotedPrintable(std::string_view text, size_t most, size_t& strange);

/// Decodes the Q encoding of encoded words (RFC 2047, 4.2), in which an underscore is a space. An equals sign that
/// begins no escape stays, and is counted in `strange`.
std::string DecodeQ(std::string_view word, size_t& strange);

}  // namespace winnow
