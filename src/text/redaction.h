/// Redaction: numbers, URLs and addresses of mail in a text are replaced by others of the same form.
///
/// The replacements keep the form, so that a redacted text can be read and searched, and rules that look for "a link"
/// or "a code of four digits" find the same in it: digits become 0, a URL becomes https://redacted.invalid/, an address
/// name@redacted.invalid (".invalid" never exists: RFC 2606).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace winnow {

struct Redaction {
  bool numbers = false, urls = false, addresses = false;

  bool any() const { return numbers || urls || addresses; }
  friend bool operator==(const Redaction&, const Redaction&) = default;
};

/// Parses "numbers,urls,addresses", "all" or "none". Errors: kInvalidArgument.
Result<Redaction> ParseRedaction(std::string_view text);

/// Returns the redacted text; `text` is valid UTF-8. URLs are words with "://", and words that begin with "www." or
/// consist of a host name with a slash behind it; addresses are words with "@" and a dot behind it; the punctuation
/// of languages that are written without spaces ends a word, and their letters do not belong to an address. Numbers
/// are digits of all scripts. A redacted text stays as it is when it is redacted again. Takes a time that is linear
/// in the length of the text.
std::string Redact(std::string_view text, const Redaction& redaction);

/// Returns true if some redaction of the text gives `redacted`.
bool IsRedactionOf(std::string_view redacted, std::string_view text);

}  // namespace winnow
