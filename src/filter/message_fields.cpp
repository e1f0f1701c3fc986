#include "filter/message_fields.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/ascii.h"
#include "text/disguise.h"
#include "text/utf8.h"

namespace winnow {
namespace {

using Kind = FieldName::Kind;

constexpr std::array<std::pair<std::string_view, Kind>, 10> kNames = {{{"text", Kind::kText},
                                                                       {"subject", Kind::kSubject},
                                                                       {"body", Kind::kBody},
                                                                       {"sender", Kind::kSender},
                                                                       {"sender_name", Kind::kSenderName},
                                                                       {"sender_domain", Kind::kSenderDomain},
                                                                       {"recipient", Kind::kRecipient},
                                                                       {"user", Kind::kUser},
                                                                       {"links", Kind::kLinks},
                                                                       {"link_hosts", Kind::kLinkHosts}}};
constexpr std::string_view kHeaderPrefix = "header:";

std::string ValidUtf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    if (static_cast<unsigned char>(text[i]) < 0x80) {
      valid += text[i++];
    } else {
      AppendUtf8(NextCodePoint(text, i), valid);
    }
  }
  return valid;
}

std::string Joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : "\n") + line;
  return text;
}

std::string WholeText(const FilterMessage& message, std::string_view divider = "\n") {
  if (!message.text.empty()) return message.text;
  if (message.subject.empty() || message.body.empty()) return message.subject + message.body;
  return message.subject + std::string(divider) + message.body;
}

/// A link without the punctuation at its end, which belongs to the sentence.
std::string WithoutPunctuation(std::string link) {
  while (!link.empty() && std::string_view(".,;:!?)]}'*").find(link.back()) != std::string_view::npos) link.pop_back();
  return link;
}

/// The links in the text, and those behind it that are not among them.
std::vector<std::string> LinksOf(const FilterMessage& message) {
  std::vector<std::string> links = FindLinks(WholeText(message));
  std::set<std::string> known(links.begin(), links.end());
  for (const std::string& link : message.links) {
    const std::string plain = WithoutPunctuation(link);
    if (known.insert(plain).second) links.push_back(plain);
  }
  return links;
}

std::string HostsOf(const FilterMessage& message) {
  std::vector<std::string> hosts;
  for (const std::string& link : LinksOf(message)) hosts.push_back(HostOfLink(link));
  return Joined(hosts);
}

FieldValue ReadHeader(const FilterMessage& message, const std::string& name) {
  FieldValue value;
  for (const auto& [header, text] : message.headers) {
    if (LowerAscii(header) != name) continue;
    if (value.present) value.text += '\n';
    value.text += text;
    value.present = true;
  }
  return value;
}

std::string RawField(const FilterMessage& message, Kind kind) {
  switch (kind) {
    case Kind::kText:
      return WholeText(message);
    case Kind::kSubject:
      return message.subject;
    case Kind::kBody:
      return message.body.empty() && message.subject.empty() ? message.text : message.body;
    case Kind::kSender:
      return message.sender;
    case Kind::kSenderName:
      return message.sender_name;
    case Kind::kSenderDomain: {
      const size_t at = message.sender.rfind('@');
      return at == std::string::npos ? std::string() : LowerAscii(std::string_view(message.sender).substr(at + 1));
    }
    case Kind::kRecipient:
      return message.recipient;
    case Kind::kUser:
      return message.user;
    case Kind::kLinks:
      return Joined(LinksOf(message));
    case Kind::kLinkHosts:
      return HostsOf(message);
    case Kind::kHeader:
      break;
  }
  return {};
}

bool IsLineEnd(char32_t c) {
  return c == '\n' || c == '\r' || c == '\v' || c == '\f' || c == 0x85 || c == 0x2028 || c == 0x2029;
}

bool IsSpace(char32_t c) {
  return c == ' ' || c == '\t' || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

/// White space as a reader sees it between words: a run of it is one space. In texts, so are the line ends that a mail
/// program has put into a paragraph; an empty line stays a line end, as all line ends do in lists of values.
std::string FoldSpaces(std::string_view text, bool joins_lines) {
  std::string folded;
  folded.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    size_t next = i, line_ends = 0;
    bool carriage_return = false;
    while (next < text.size()) {
      size_t after = next;
      const char32_t c = NextCodePoint(text, after);
      if (!IsLineEnd(c) && !IsSpace(c)) break;
      if (IsLineEnd(c) && !(c == '\n' && carriage_return)) ++line_ends;
      carriage_return = c == '\r';
      next = after;
    }
    if (next > i) {
      folded += line_ends > (joins_lines ? 1U : 0U) ? '\n' : ' ';
      i = next;
    } else {
      NextCodePoint(text, next);
      folded += text.substr(i, next - i);
      i = next;
    }
  }
  return folded;
}

/// Addresses with a scheme, with "www.", and those of the most frequent top-level domains and of domains that link
/// shorteners use, which need a path, so that "done.in" at the end of a sentence is not an address.
const RE2& LinkPattern() {
  static const RE2 pattern(
      R"re((?i)((?:\bhttps?://|\bwww\.)[^\s<>"]+|\b(?:[a-z0-9][a-z0-9-]*\.)+)re"
      R"re((?:app|biz|cc|click|club|co|com|de|es|eu|fr|gd|gl|gs|icu|in|info|io|is|it|link|live|ly|me|net|nl|online|org|pl|)re"
      R"re(ru|shop|site|store|test|to|top|tv|uk|us|vip|website|ws|xyz|example)/[^\s<>"]*))re");
  return pattern;
}

}  // namespace

std::optional<FieldName> FieldName::Parse(std::string_view name) {
  for (const auto& [known, kind] : kNames) {
    if (name == known) return FieldName{kind};
  }
  if (!name.starts_with(kHeaderPrefix)) return std::nullopt;
  const std::string_view header = name.substr(kHeaderPrefix.size());
  // The characters that RFC 5322 (3.6.8) allows in the name of a header field.
  const bool valid =
      !header.empty() && std::ranges::all_of(header, [](char c) { return c > ' ' && c < 127 && c != ':'; });
  if (!valid) return std::nullopt;
  return FieldName{Kind::kHeader, LowerAscii(header)};
}

std::vector<std::string> FieldName::All() {
  std::vector<std::string> names;
  for (const auto& [name, kind] : kNames) names.emplace_back(name);
  names.emplace_back("header:NAME");
  return names;
}

std::string FieldName::Text() const {
  if (kind == Kind::kHeader) return std::string(kHeaderPrefix) + header;
  return std::string(std::ranges::find(kNames, kind, &std::pair<std::string_view, Kind>::second)->first);
}

FieldValue ReadField(const FilterMessage& message, const FieldName& name, bool fold) {
  FieldValue value =
      name.kind == Kind::kHeader ? ReadHeader(message, name.header) : FieldValue{RawField(message, name.kind)};
  if (name.kind != Kind::kHeader) value.present = !value.text.empty();
  const bool is_text = name.kind == Kind::kText || name.kind == Kind::kSubject || name.kind == Kind::kBody;
  // An empty line, which is folded to a line end: the subject does not go on in the body.
  if (fold && name.kind == Kind::kText) value.text = WholeText(message, "\n\n");
  value.text = fold ? FoldSpaces(FoldDisguises(value.text), is_text) : ValidUtf8(value.text);
  return value;
}

std::vector<std::string> FindLinks(std::string_view text) {
  std::vector<std::string> links;
  if (text.find('.') == std::string_view::npos && text.find("//") == std::string_view::npos) return links;
  re2::StringPiece rest(text.data(), text.size());
  for (std::string link; RE2::FindAndConsume(&rest, LinkPattern(), &link);) {
    link = WithoutPunctuation(std::move(link));
    if (!link.empty()) links.push_back(std::move(link));
  }
  return links;
}

std::string HostOfLink(std::string_view link) {
  if (const size_t scheme = link.find("://");
      scheme != std::string_view::npos && link.substr(0, scheme).find('/') == std::string_view::npos) {
    link.remove_prefix(scheme + 3);
  }
  link = link.substr(0, link.find_first_of("/?#\\"));
  if (const size_t user = link.rfind('@'); user != std::string_view::npos) link.remove_prefix(user + 1);
  if (!link.starts_with('[')) link = link.substr(0, link.find(':'));
  while (link.ends_with('.')) link.remove_suffix(1);
  return LowerAscii(link);
}

bool IsInDomain(std::string_view host, std::string_view domain) {
  if (!host.ends_with(domain)) return false;
  return host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.';
}

}  // namespace winnow
