// Any bytes as parts of mail: senders, addresses, dates, header lines, encoded words, transfer encodings, charsets,
// HTML, mbox files; and as a request of rspamd's protocol and the response to one.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "client/mail_check_client.h"
#include "filter/header_lines.h"
#include "filter/sender.h"
#include "input_bytes.h"
#include "mail/charset.h"
#include "mail/header_values.h"
#include "mail/html_text.h"
#include "mail/mail_files.h"
#include "mail/transfer_encoding.h"
#include "server/rspamd_request.h"
#include "text/utf8.h"

namespace {

bool IsUtf8(std::string_view text) {
  std::string valid;
  for (size_t i = 0; i < text.size();) winnow::AppendUtf8(winnow::NextCodePoint(text, i), valid);
  return valid == text;
}

void ReadSender(std::string_view text) {
  const std::string sender = winnow::NormalSender(text);
  if (sender.size() > 320 || winnow::NormalSender(sender) != sender) std::abort();
  const std::string domain = winnow::DomainOfSender(sender);
  if (!domain.empty() && (domain.front() != '@' || !sender.ends_with(domain))) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr const char* kEncodings[] = {"base64", "quoted-printable", "7bit", "8bit", "x-uuencode", "BASE64 ", ""};
  constexpr const char* kCharsets[] = {
      "utf-8",  "iso-8859-1", "windows-1252", "iso-2022-jp", "gb18030",  "utf-7",        "utf-16",
      "koi8-r", "big5",       "euc-kr",       "shift_jis",   "us-ascii", "unknown-8bit", ""};
  const std::string text(reinterpret_cast<const char*>(data), size);
  winnow::InputBytes input(data, size);
  const std::string_view encoding = input.OneOf(kEncodings), charset = input.OneOf(kCharsets);
  const std::string_view body = input.Rest();
  ReadSender(text);
  for (const winnow::MailAddress& address : winnow::ParseAddresses(text, charset, 10)) ReadSender(address.address);
  static_cast<void>(winnow::ParseContentType(text));
  static_cast<void>(winnow::ParseContentDisposition(text));
  static_cast<void>(winnow::ParseDate(text));
  std::string problem;
  if (!IsUtf8(winnow::DecodeHeaderText(body, charset, problem))) std::abort();
  static_cast<void>(winnow::ParseHeaderLines(text));
  const winnow::DecodedBytes decoded = winnow::DecodeTransfer(body, encoding, 1000);
  if (decoded.bytes.size() > 1000) std::abort();
  const winnow::DecodedText characters = winnow::DecodeCharset(decoded.bytes, charset);
  if (!IsUtf8(characters.text)) std::abort();
  const winnow::HtmlText html = winnow::ExtractHtmlText(characters.text, {}, 5);
  if (!IsUtf8(html.text) || html.links.size() > 5) std::abort();
  size_t bytes = 0;
  for (const std::string_view message : winnow::MessagesOfMbox(text)) bytes += message.size();
  if (bytes > text.size()) std::abort();

  winnow::HttpRequest request;
  request.body = body;
  const std::string value = text.substr(0, 80);
  for (const char* const name : {"from", "rcpt", "deliver-to", "user", "subject"}) {
    if (size % 2 == 0) request.headers.emplace_back(name, value);
  }
  static_cast<void>(winnow::ReadRspamdRequest(request));
  static_cast<void>(winnow::ReadMailVerdict(text));
  return 0;
}
