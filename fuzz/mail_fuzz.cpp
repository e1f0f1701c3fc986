// Any bytes as a message: header fields, MIME parts, transfer encodings, charsets and HTML.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "mail/mail_message.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const winnow::MailLimits limits = {.max_depth = 8, .max_parts = 50, .max_html_depth = 20, .max_html_nodes = 1000};
  const auto message = winnow::ReadMail({reinterpret_cast<const char*>(data), size}, limits);
  if (!message) return 0;
  if (message->body.find('\0') != std::string::npos || message->parts.size() > 50) std::abort();
  return 0;
}
