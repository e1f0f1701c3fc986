/// Encoded words in header fields (RFC 2047): =?utf-8?q?Gr=C3=BC=C3=9Fe?=
#pragma once

#include <string_view>
#include <vector>

namespace winnow {

/// A piece of a header field: encoded words with nothing but white space between them, or the text between those.
struct HeaderPiece {
  bool encoded = false;
  std::string_view text;
};

/// Divides a header field into its pieces, which together are the field. Linear in its length.
std::vector<HeaderPiece> HeaderPieces(std::string_view value);

}  // namespace winnow
