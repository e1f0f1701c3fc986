// Messages are divided by our own scanner and not by GMime's parser, whose time is quadratic in the depth of hostile
// messages (docs/adr/033). A multipart is cut at the lines of its boundary before its parts are looked at. So a part
// whose own end is missing ends where the part around it does, as RFC 2046, 5.1.2 demands.
#include "mail/mail_structure.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "base/lines.h"
#include "mail/charset.h"
#include "mail/header_values.h"
#include "mail/transfer_encoding.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

/// Returns the length of the name of a header field at the beginning of a line; 0 if there is none.
size_t NameLength(std::string_view line) {
  size_t length = 0;
  while (length < line.size() && line[length] > ' ' && line[length] < 127 && line[length] != ':') ++length;
  size_t colon = length;
  while (colon < line.size() && (line[colon] == ' ' || line[colon] == '\t')) ++colon;
  return colon < line.size() && line[colon] == ':' ? length : 0;
}

bool IsFromLine(std::string_view line) { return line.starts_with("From ") || line.starts_with(">From "); }

/// Valid UTF-8 without NUL, at which GMime would end.
std::string Cleaned(std::string_view value) { return DecodeCharset(value, {}).text; }

/// Returns true for the names of fields that messages have. Texts that begin with "Note:" or "http:" have none.
bool IsMailField(std::string_view name) {
  static constexpr std::array<std::string_view, 22> kNames = {"from",         "to",
                                                              "cc",           "bcc",
                                                              "subject",      "date",
                                                              "sender",       "received",
                                                              "reply-to",     "message-id",
                                                              "return-path",  "delivered-to",
                                                              "mime-version", "in-reply-to",
                                                              "references",   "status",
                                                              "list-id",      "dkim-signature",
                                                              "envelope-to",  "importance",
                                                              "precedence",   "authentication-results"};
  const std::string lower = LowerAscii(name);
  return lower.starts_with("x-") || lower.starts_with("content-") || lower.starts_with("resent-") ||
         lower.starts_with("arc-") || std::ranges::find(kNames, lower) != kNames.end();
}

void AddValue(RawHeader& field, std::string_view piece, const MailLimits& limits, MailNotes& notes) {
  const size_t room = limits.max_header_bytes - std::min(limits.max_header_bytes, field.value.size());
  if (piece.size() > room) notes.Add(fmt::format("the header field {} was cut", std::string(field.name.substr(0, 40))));
  field.value.append(piece.substr(0, room));
}

/// The lines of one boundary in a body.
struct BoundaryLines {
  std::vector<std::string_view> parts;  // between them
  bool closed = false;
};

BoundaryLines CutAt(std::string_view body, std::string_view boundary, size_t most) {
  BoundaryLines lines;
  size_t begin = std::string_view::npos;  // of the part
  const auto end_part = [&](size_t end) {
    if (begin == std::string_view::npos) return;
    // The line end before a boundary belongs to the boundary.
    std::string_view part = body.substr(begin, end - begin);
    if (part.ends_with('\n')) part.remove_suffix(1);
    if (part.ends_with('\r')) part.remove_suffix(1);
    lines.parts.push_back(part);
  };
  for (size_t at = 0; at < body.size() && lines.parts.size() <= most;) {
    const size_t end = std::min(body.find('\n', at), body.size() - 1) + 1;
    if (body.substr(at, 2) == "--") {
      std::string_view line = WithoutLineEnd(body.substr(at, end - at)).substr(2);
      if (line.starts_with(boundary)) {
        line.remove_prefix(boundary.size());
        const bool last = line.starts_with("--");
        if (TrimAscii(last ? line.substr(2) : line).empty()) {
          end_part(at);
          begin = end;
          if (last) {
            lines.closed = true;
            return lines;
          }
        }
      }
    }
    at = end;
  }
  if (begin != std::string_view::npos && begin <= body.size()) {
    lines.parts.push_back(body.substr(begin));
  }
  return lines;
}

/// Guesses the boundary of a multipart whose own is missing or never comes: the first line that begins with "--" and
/// is followed by a field such as Content-Type.
std::string_view GuessedBoundary(std::string_view body) {
  for (int lines = 0; lines < 100 && !body.empty(); ++lines) {
    const std::string_view line = WithoutLineEnd(TakeLineWithEnd(body));
    if (line.size() > 2 && line.starts_with("--") && LowerAscii(body.substr(0, 8)) == "content-") return line.substr(2);
  }
  return {};
}

class Divider {
 public:
  Divider(const MailLimits& limits, MailNotes& notes) : limits_(limits), notes_(notes) {}

  MailStructure Divide(std::string_view text) {
    AddNode(text, EntityKind::kMessage, 0, "text/plain");
    // Children are appended, and so divided later.
    for (size_t i = 0; i < structure_.nodes.size(); ++i) {
      const std::string type = structure_.nodes[i].type;
      if (type.starts_with("multipart/")) {
        DivideMultipart(i);
      } else if (type == "message/rfc822" || type == "message/global") {
        OpenMessage(i);
      }
    }
    return std::move(structure_);
  }

 private:
  bool AddNode(std::string_view text, EntityKind kind, int depth, const std::string& otherwise) {
    if (structure_.nodes.size() >= limits_.max_parts) {
      notes_.Add(fmt::format("more than {} parts; the others were not read", limits_.max_parts));
      return false;
    }
    MailNode node;
    node.header = ReadHeaderBlock(text, kind, limits_, notes_);
    node.depth = depth;
    const std::string content_type = Cleaned(node.header.Find("Content-Type"));
    node.type = otherwise;
    if (!TrimAscii(content_type).empty()) {
      const ParameterizedValue type = ParseContentType(content_type);
      // A value that cannot be read counts as if it were missing, as mail programs have it.
      if (content_type.find('/') != std::string_view::npos && type.value.size() > 1) node.type = Cleaned(type.value);
      if (content_type.find('/') == std::string_view::npos && LowerAscii(content_type).starts_with("text"))
        node.type = "text/plain";
      node.charset = type.Find("charset");
      node.name = Cleaned(type.Find("name"));
      node.flowed = LowerAscii(type.Find("format")) == "flowed";
      node.delete_space = LowerAscii(type.Find("delsp")) == "yes";
      if (node.type == "multipart/related") node.start = TrimAscii(type.Find("start"));
      boundary_ = type.Find("boundary");
    } else {
      boundary_.clear();
    }
    boundaries_.push_back(boundary_);
    const std::string disposition = Cleaned(node.header.Find("Content-Disposition"));
    if (!disposition.empty()) {
      const ParameterizedValue parsed = ParseContentDisposition(disposition);
      node.attachment = parsed.value == "attachment";
      if (!parsed.Find("filename").empty()) node.name = Cleaned(parsed.Find("filename"));
    }
    structure_.nodes.push_back(std::move(node));
    return true;
  }

  void DivideMultipart(size_t index) {
    const int depth = structure_.nodes[index].depth;
    if (static_cast<size_t>(depth) >= limits_.max_depth) {
      notes_.Add(fmt::format("parts inside each other more than {} levels deep were not read", limits_.max_depth));
      return;
    }
    const std::string_view body = structure_.nodes[index].header.body;
    std::string boundary = boundaries_[index];
    while (boundary.ends_with(' ')) boundary.pop_back();
    if (boundary.starts_with('"')) boundary.erase(0, 1);  // a quote that is not closed
    const size_t most = limits_.max_parts;
    BoundaryLines lines;
    if (!boundary.empty()) lines = CutAt(body, boundary, most);
    if (lines.parts.empty()) {
      notes_.Add(boundary.empty() ? "a multipart has no boundary" : "the boundary of a multipart never comes");
      const std::string_view guess = GuessedBoundary(body);
      if (!guess.empty()) lines = CutAt(body, guess, most);
      if (lines.parts.empty()) {
        structure_.nodes[index].type = "text/plain";
        return;
      }
    }
    if (!lines.closed) notes_.Add("a multipart has no closing boundary");
    const bool digest = structure_.nodes[index].type == "multipart/digest";
    structure_.nodes[index].has_children = true;
    for (const std::string_view part : lines.parts) {
      if (!AddNode(part, EntityKind::kPart, depth + 1, digest ? "message/rfc822" : "text/plain")) break;
      structure_.nodes[index].children.push_back(structure_.nodes.size() - 1);
    }
  }

  void OpenMessage(size_t index) {
    const int depth = structure_.nodes[index].depth;
    if (static_cast<size_t>(depth) >= limits_.max_depth) {
      notes_.Add(fmt::format("parts inside each other more than {} levels deep were not read", limits_.max_depth));
      return;
    }
    std::string_view body = structure_.nodes[index].header.body;
    const std::string& encoding = structure_.nodes[index].header.Find("Content-Transfer-Encoding");
    const std::string name = LowerAscii(TrimAscii(encoding));
    if (name == "base64" || name == "quoted-printable") {
      const size_t room = limits_.max_decoded_bytes - structure_.decoded_bytes;
      DecodedBytes decoded = DecodeTransfer(body, name, room);
      if (decoded.cut) notes_.Add("the decoded parts are too large; the rest was not read");
      structure_.decoded_bytes += decoded.bytes.size();
      structure_.decoded.push_back(std::move(decoded.bytes));
      body = structure_.decoded.back();
    }
    structure_.nodes[index].has_children = true;
    if (AddNode(body, EntityKind::kMessage, depth + 1, "text/plain")) {
      structure_.nodes[index].children.push_back(structure_.nodes.size() - 1);
    }
  }

  const MailLimits& limits_;
  MailNotes& notes_;
  MailStructure structure_;
  std::string boundary_;
  std::vector<std::string> boundaries_;  // of the nodes
};

}  // namespace

void MailNotes::Add(std::string note) {
  constexpr size_t kMost = 100;
  if (notes_.size() < kMost && std::ranges::find(notes_, note) == notes_.end()) notes_.push_back(std::move(note));
}

const std::string& HeaderBlock::Find(std::string_view name) const {
  static const std::string none;
  const std::string lower = LowerAscii(name);
  const auto found = std::ranges::find_if(fields, [&](const RawHeader& field) {
    return field.name.size() == lower.size() && LowerAscii(field.name) == lower;
  });
  return found == fields.end() ? none : found->value;
}

namespace {

HeaderBlock ReadFields(std::string_view text, EntityKind kind, const MailLimits& limits, MailNotes& notes) {
  HeaderBlock block;
  block.body = text;
  size_t total = 0;
  bool first = true;
  bool skipping = false;  // the lines of a field beyond the limits
  while (!text.empty()) {
    const std::string_view line = WithoutLineEnd(TakeLineWithEnd(text));
    if (line.empty()) break;
    const bool continued = line[0] == ' ' || line[0] == '\t';
    const size_t name = continued ? 0 : NameLength(line);
    if (continued && skipping) {
      // belongs to it
    } else if (continued && !block.fields.empty()) {
      total += line.size();
      AddValue(block.fields.back(), line, limits, notes);
    } else if (name > 0) {
      skipping = block.fields.size() >= limits.max_headers || total > limits.max_all_header_bytes;
      if (skipping) {
        notes.Add("there are more header fields than are read");
      } else {
        total += line.size();
        block.fields.push_back({line.substr(0, name), {}});
        AddValue(block.fields.back(), TrimAscii(line.substr(line.find(':', name) + 1)), limits, notes);
      }
    } else if (IsFromLine(line) && kind == EntityKind::kMessage && first) {
      // of an mbox file
    } else if (continued && TrimAscii(line).empty()) {
      break;
    } else {
      if (block.fields.empty()) {
        notes.Add(kind == EntityKind::kMessage ? "the message has no header fields" : "a part has no header fields");
      } else {
        notes.Add("the header is not followed by an empty line");
      }
      return block;
    }
    first = false;
    block.body = text;
  }
  block.body = text;
  return block;
}

}  // namespace

HeaderBlock ReadHeaderBlock(std::string_view text, EntityKind kind, const MailLimits& limits, MailNotes& notes) {
  HeaderBlock block = ReadFields(text, kind, limits, notes);
  const bool any = std::ranges::any_of(block.fields, [](const RawHeader& field) { return IsMailField(field.name); });
  if (kind == EntityKind::kMessage && !block.fields.empty() && !any) {
    notes.Add("the message has no header fields");
    block.fields.clear();
    block.body = text;
  }
  return block;
}

MailStructure DivideMail(std::string_view text, const MailLimits& limits, MailNotes& notes) {
  return Divider(limits, notes).Divide(text);
}

}  // namespace winnow
