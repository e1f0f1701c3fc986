/// Plain text of mails: line ends, format=flowed, PGP blocks, links.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mail/mail_message.h"

namespace winnow {

/// Returns the text with "\n" as line ends, without empty lines at its beginning and end, and with "\n" at its end
/// unless it is empty.
std::string WithPlainLineEnds(std::string_view text);

/// Joins the lines that format=flowed (RFC 3676) has divided: a line that ends with a space goes on in the next one of
/// the same depth of quotes. `delete_space` is the parameter DelSp. The lines of `text` end with "\n".
std::string Unflowed(std::string_view text, bool delete_space);

/// Text inside and around the blocks of OpenPGP (RFC 4880, 6.2 and 7).
struct WithoutPgp {
  std::string text;
  bool encrypted = false;  ///< an encrypted block was left out
};

/// Leaves out encrypted blocks, keys and signatures, and the frame of signed text.
WithoutPgp WithoutPgpBlocks(std::string text);

/// Appends the web addresses in a text to `links`, while they are fewer than `most`.
void AddPlainLinks(std::string_view text, size_t most, std::vector<MailLink>& links);

}  // namespace winnow
