#include "filter/message_sources.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/json.h"
#include "mail/mail_fields.h"

namespace winnow {

namespace {

/// Returns the address of a web page as browsers read it, which ignore line ends and count no slashes
/// ("https:/\\example.com"); empty for other references, such as "mailto:".
std::string WebAddress(std::string_view href) {
  std::string address;
  for (const char c : href) {
    if (static_cast<unsigned char>(c) > ' ' || (c == ' ' && !address.empty())) address += c;
  }
  const size_t colon = address.find(':');
  const std::string scheme = LowerAscii(std::string_view(address).substr(0, std::min(colon, size_t{5})));
  if (colon <= 5 && (scheme == "http" || scheme == "https" || scheme == "ftp")) {
    address.erase(0, colon + 1);
  } else if (!address.starts_with("//")) {
    return {};
  }
  address.erase(0, address.find_first_not_of("/\\"));
  if (address.empty()) return {};
  return (scheme == "http" || scheme == "ftp" ? scheme : "https") + "://" + address;
}

}  // namespace

FilterMessage MessageOfMail(const MailMessage& mail) {
  const MailFields fields(mail);
  FilterMessage message;
  message.subject = fields.subject;
  message.body = fields.body;
  message.sender = mail.from.address.empty() ? fields.sender : mail.from.address;
  message.sender_name = mail.from.name;
  message.parties = {.from = fields.from, .sender = fields.sender, .to = fields.to};
  if (!mail.to.empty()) message.recipient = mail.to.front().address;
  for (const MailHeader& header : mail.headers) message.headers.emplace_back(header.name, header.value);
  for (const MailLink& link : mail.links) {
    if (std::string address = WebAddress(link.href); !address.empty()) message.links.push_back(std::move(address));
  }
  message.several_authors = mail.several_authors;
  return message;
}

Result<FilterMessage> MessageOfJson(std::string_view json, const std::string& place) {
  const Result<Json> parsed = ParseJson(json, place);
  if (!parsed) return std::unexpected(parsed.error());
  if (!parsed->is_object()) {
    return Fail(ErrorCode::kInvalidData,
                fmt::format("{}: a JSON object was expected, found {}", place, parsed->type_name()),
                R"(write one object per line: {"text": "...", "sender": "..."})");
  }
  FilterMessage message;
  bool any = false;
  const auto read = [&](const char* name, std::string& field, bool content) -> Result<void> {
    const Json* const value = parsed->Find(name);
    if (value == nullptr || value->is_null()) return {};
    if (!value->is_string()) {
      return Fail(ErrorCode::kInvalidData,
                  fmt::format("{}: the field '{}' must be a string, found {}", place, name, value->type_name()),
                  "write the value in quotes, or leave the field out");
    }
    field = value->str();
    any = any || content;
    return {};
  };
  TRY(read("text", message.text, true));
  TRY(read("subject", message.subject, true));
  TRY(read("body", message.body, true));
  TRY(read("sender", message.sender, false));
  TRY(read("sender_name", message.sender_name, false));
  TRY(read("recipient", message.recipient, false));
  TRY(read("user", message.user, false));
  if (any) return message;
  return Fail(ErrorCode::kInvalidData,
              fmt::format("{}: the object has none of the fields 'text', 'subject' and 'body'", place),
              "for example: {\"text\": \"You won a prize\", \"sender\": \"+15550100\"}");
}

}  // namespace winnow
