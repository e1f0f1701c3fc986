/// The values of header fields: structured ones by GMime, which this folder includes in header_values.cpp alone.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "mail/mail_message.h"

namespace winnow {

/// The value of Content-Type or Content-Disposition: what stands before the parameters, in lower case, and the
/// parameters with names in lower case and decoded values (RFC 2231, and encoded words, which many programs use).
struct ParameterizedValue {
  std::string value;
  std::vector<std::pair<std::string, std::string>> parameters;

  /// Returns the first parameter with that name, or an empty string.
  std::string_view Find(std::string_view name) const;
};

/// Parses a Content-Type; a value that is none, such as "text", gives "application/octet-stream".
ParameterizedValue ParseContentType(const std::string& value);
ParameterizedValue ParseContentDisposition(const std::string& value);

/// Parses a list of addresses, groups included, with decoded display names; at most `most`. `value` is raw, as in the
/// message; `fallback` is the charset of bytes that are neither ASCII nor UTF-8.
std::vector<MailAddress> ParseAddresses(std::string_view value, std::string_view fallback, size_t most);

/// Returns the date of a Date header in UTC as "2026-11-28T20:00:00Z"; empty if it is not a date.
std::string ParseDate(const std::string& value);

/// Decodes a header field of free text: encoded words (RFC 2047), also those that are divided within a character, and
/// bytes beyond ASCII without any encoding. `problem` is set to a sentence if something was wrong.
std::string DecodeHeaderText(std::string_view value, std::string_view fallback, std::string& problem);

}  // namespace winnow
