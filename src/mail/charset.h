/// Texts of mails in any character encoding to UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace winnow {

/// A text in UTF-8, and what was wrong with its encoding: a sentence, or empty.
struct DecodedText {
  std::string text;
  std::string problem;
};

/// Decodes `bytes`, whose charset is labelled `label` (empty: none). Labels mean what they mean to browsers (WHATWG
/// Encoding Standard: iso-8859-1 is windows-1252, gb2312 is gb18030). A byte order mark counts more than the label, and
/// so do bytes that are valid UTF-8 beyond ASCII. UTF-7 is not decoded, because it can hide any text from other
/// readers. Bytes without a label, or with an unknown one, are UTF-8 if they are valid, otherwise `fallback` or
/// windows-1252. Bytes that are not part of a character become U+FFFD; NUL bytes are removed. The result is valid
/// UTF-8. Thread-safe.
DecodedText DecodeCharset(std::string_view bytes, std::string_view label, std::string_view fallback = {});

/// Returns true if the label names an encoding that DecodeCharset reads.
bool IsKnownCharset(std::string_view label);

}  // namespace winnow
