/// How much of a message is read. Each limit that acts adds a note to the message and never an error.
#pragma once

#include <cstddef>

namespace winnow {

struct MailLimits {
  size_t max_bytes = 32 << 20;              ///< bytes of the raw message that are read
  size_t max_headers = 1000;                ///< header fields of a message or part
  size_t max_header_bytes = 16 << 10;       ///< bytes of one header field after unfolding
  size_t max_addresses = 100;               ///< addresses of `to`
  size_t max_all_header_bytes = 256 << 10;  ///< bytes of all header fields of a message or part
  size_t max_depth = 16;                    ///< multiparts and forwarded messages inside each other
  size_t max_parts = 1000;                  ///< parts of the message, multiparts included
  size_t max_decoded_bytes = 8 << 20;       ///< bytes of all decoded texts and forwarded messages together
  size_t max_body_bytes = 1 << 20;          ///< bytes of MailMessage::body
  size_t max_html_bytes = 1 << 20;          ///< bytes of one HTML part
  size_t max_html_depth = 200;              ///< elements inside each other, beyond which tags are ignored
  size_t max_html_nodes = 200'000;          ///< elements and texts of one HTML part
  size_t max_links = 1000;                  ///< links of the message
};

}  // namespace winnow
