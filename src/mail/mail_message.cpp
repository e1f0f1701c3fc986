#include "mail/mail_message.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "base/lines.h"
#include "mail/body_text.h"
#include "mail/charset.h"
#include "mail/header_values.h"
#include "mail/mail_structure.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

/// The message with line feeds as line ends, without empty lines before the header, and without the quoting of an mbox
/// file if it comes from one. `storage` holds the text if it had to be changed.
std::string_view Prepared(std::string_view raw, std::string& storage) {
  raw = WithoutByteOrderMark(raw);
  if (raw.find('\n') == std::string_view::npos && raw.find('\r') != std::string_view::npos) {
    storage = raw;
    std::ranges::replace(storage, '\r', '\n');
    raw = storage;
  }
  raw.remove_prefix(std::min(raw.find_first_not_of("\r\n"), raw.size()));
  if (!raw.starts_with("From ") || raw.find("From ", 1) == std::string_view::npos) return raw;
  // mboxrd: one ">" less before each "From " (mboxo quotes those without any ">" alone, which is the same then).
  std::string unquoted;
  unquoted.reserve(raw.size());
  while (!raw.empty()) {
    std::string_view line = TakeLineWithEnd(raw);
    const size_t marks = line.find_first_not_of('>');
    if (marks != std::string_view::npos && marks > 0 && line.substr(marks).starts_with("From ")) line.remove_prefix(1);
    unquoted += line;
  }
  storage = std::move(unquoted);
  return storage;
}

void ReadHeaders(const MailNode& node, const std::string& fallback, const MailLimits& limits, MailMessage& message,
                 MailNotes& notes) {
  int from = 0;
  int subjects = 0;
  for (const RawHeader& field : node.header.fields) {
    std::string problem;
    std::string value = DecodeHeaderText(field.value, fallback, problem);
    if (!problem.empty()) notes.Add(fmt::format("{}: {}", field.name.substr(0, 40), problem));
    const std::string name = LowerAscii(field.name);
    from += name == "from" ? 1 : 0;
    subjects += name == "subject" ? 1 : 0;
    message.headers.push_back({std::string(field.name), std::move(value)});
  }
  if (from > 1) notes.Add("there are several From fields; the first one counts");
  if (subjects > 1) notes.Add("there are several Subject fields; the first one counts");
  if (const std::string* const subject = message.Header("Subject")) message.subject = *subject;
  const auto first = [&](const char* name) {
    const std::vector<MailAddress> found = ParseAddresses(node.header.Find(name), fallback, 1);
    return found.empty() ? MailAddress() : found[0];
  };
  message.from = first("From");
  message.several_authors = from > 1 || ParseAddresses(node.header.Find("From"), fallback, 2).size() > 1;
  message.sender = first("Sender");
  if (message.sender.Text().empty()) message.sender = message.from;
  message.to = ParseAddresses(node.header.Find("To"), fallback, limits.max_addresses);
  message.date = ParseDate(DecodeCharset(node.header.Find("Date"), {}).text);
  const std::string* const id = message.Header("Message-ID");
  if (id != nullptr) {
    std::string_view text = TrimAscii(*id);
    if (text.starts_with('<'))
      text = text.substr(1, text.find('>') == std::string_view::npos ? std::string_view::npos : text.find('>') - 1);
    message.message_id = text;
  }
}

}  // namespace

std::string MailAddress::Text() const {
  if (name.empty()) return address;
  return address.empty() ? name : fmt::format("{} <{}>", name, address);
}

const std::string* MailMessage::Header(std::string_view name) const {
  const std::string lower = LowerAscii(name);
  const auto found =
      std::ranges::find_if(headers, [&](const MailHeader& header) { return LowerAscii(header.name) == lower; });
  return found == headers.end() ? nullptr : &found->value;
}

Json MailMessage::ToJson() const {
  const auto address = [](const MailAddress& each) { return Json{{"name", each.name}, {"address", each.address}}; };
  Json json = {{"subject", subject},
               {"from", address(from)},
               {"sender", address(sender)},
               {"to", Json::array()},
               {"date", date},
               {"message_id", message_id},
               {"body", body},
               {"headers", Json::array()},
               {"parts", Json::array()},
               {"links", Json::array()},
               {"notes", notes}};
  for (const MailAddress& each : to) json["to"].push_back(address(each));
  for (const MailHeader& each : headers) json["headers"].push_back({{"name", each.name}, {"value", each.value}});
  for (const MailPart& each : parts) {
    json["parts"].push_back(
        {{"type", each.type}, {"name", each.name}, {"size", each.size}, {"attachment", each.attachment}});
  }
  for (const MailLink& each : links) json["links"].push_back({{"href", each.href}, {"text", each.text}});
  return json;
}

Result<MailMessage> ReadMail(std::string_view raw, const MailLimits& limits) {
  MailNotes notes;
  if (raw.size() > limits.max_bytes) {
    notes.Add(fmt::format("the message was cut after {} bytes", limits.max_bytes));
    raw = raw.substr(0, limits.max_bytes);
  }
  std::string storage;
  const std::string_view text = Prepared(raw, storage);
  if (text.find_first_not_of(std::string_view(" \t\r\n\0", 5)) == std::string_view::npos) {
    return Fail(ErrorCode::kInvalidData, "the message is empty", "a message has a header, an empty line and a body");
  }
  MailStructure structure = DivideMail(text, limits, notes);
  MailMessage message;
  ReadHeaders(structure.nodes[0], FirstCharset(structure), limits, message, notes);
  BodyText body = ReadBody(structure, limits, notes);
  message.body = std::move(body.text);
  message.links = std::move(body.links);
  for (std::vector<size_t> left = {0}; !left.empty();) {  // in the order of the message, without recursion
    const MailNode& node = structure.nodes[left.back()];
    left.pop_back();
    left.insert(left.end(), node.children.rbegin(), node.children.rend());
    if (!node.has_children) message.parts.push_back({node.type, node.name, node.header.body.size(), node.attachment});
  }
  message.notes = notes.Take();
  return message;
}

}  // namespace winnow
