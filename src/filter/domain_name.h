/// Domains in one form: addresses and links may have either that of the DNS (xn--bcher-kva.example) or the letters that
/// it stands for (bücher.example).
#pragma once

#include <string>
#include <string_view>

namespace winnow {

/// Returns a domain in small letters of all scripts, with the letters that labels with "xn--" stand for (Punycode,
/// RFC 3492); labels that stand for none stay as they are.
std::string NormalDomain(std::string_view domain);

}  // namespace winnow
