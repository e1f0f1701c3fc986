#include "mail/body_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <unordered_set>

#include "base/ascii.h"
#include "mail/charset.h"
#include "mail/header_values.h"
#include "mail/html_text.h"
#include "mail/plain_text.h"
#include "mail/transfer_encoding.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

bool IsHtml(const std::string& type) {
  return type == "text/html" || type == "text/enriched" || type == "text/richtext" || type == "application/xhtml+xml";
}

/// Returns true for parts that mail programs show as text. Unknown kinds of text count as plain text (RFC 2046, 4.1.4).
bool IsShownText(const std::string& type) {
  static constexpr std::array<std::string_view, 10> kFiles = {
      "text/calendar", "text/vcard",      "text/x-vcard", "text/directory",      "text/csv",
      "text/css",      "text/javascript", "text/xml",     "text/rfc822-headers", "text/x-amp-html"};
  if (IsHtml(type)) return true;
  return type.starts_with("text/") && std::ranges::find(kFiles, type) == kFiles.end();
}

/// Returns the charset that HTML names itself, as in <meta charset="windows-1251">; empty if it names none.
std::string_view CharsetOfHtml(std::string_view html) {
  constexpr std::string_view kName = "charset=";
  html = html.substr(0, 2000);
  const std::string lower = LowerAscii(html);
  const size_t meta = lower.find("<meta");
  const size_t found = meta == std::string::npos ? meta : lower.find(kName, meta);
  if (found == std::string::npos) return {};
  html.remove_prefix(found + kName.size());
  if (html.starts_with('"') || html.starts_with('\'')) html.remove_prefix(1);
  return html.substr(0, html.find_first_of("\"'/> ;\r\n"));
}

bool IsBlankText(const BodyText& body) { return IsBlank(body.text); }

/// Returns the share of the different words of `of` that are in `in`. Words without a letter, such as lines of
/// dashes, and web addresses, which HTML has behind its texts, do not count. Looks at the first thousands of words.
double ShareOfWords(std::string_view of, std::string_view in) {
  constexpr size_t kMost = 5000;
  const auto counts = [](std::string_view word) {
    return word.find("://") == std::string_view::npos && std::ranges::any_of(word, [](char c) {
             return IsAsciiAlphanumeric(c) || static_cast<unsigned char>(c) >= 0x80;
           });
  };
  const auto words = [&](std::string_view text) {
    std::unordered_set<std::string_view> found;
    for (size_t at = 0; at < text.size() && found.size() < kMost;) {
      const size_t begin = text.find_first_not_of(" \t\n", at);
      if (begin == std::string_view::npos) break;
      at = std::min(text.find_first_of(" \t\n", begin), text.size());
      if (const std::string_view word = text.substr(begin, at - begin); counts(word)) found.insert(word);
    }
    return found;
  };
  const auto wanted = words(of), there = words(in);
  if (wanted.empty()) return 1;
  const auto common = std::ranges::count_if(wanted, [&](std::string_view word) { return there.contains(word); });
  return static_cast<double>(common) / static_cast<double>(wanted.size());
}

class BodyReader {
 public:
  BodyReader(MailStructure& structure, const MailLimits& limits, MailNotes& notes)
      : structure_(structure), limits_(limits), notes_(notes), texts_(structure.nodes.size()) {}

  BodyText Read() {
    // Parts come after what contains them; so all parts of a node are ready when it is read.
    MarkOpaque();
    for (size_t i = 0; i < texts_.size(); ++i) {
      if (!structure_.nodes[i].has_children && !opaque_[i]) ReadPart(i);
    }
    for (size_t i = texts_.size(); i-- > 0;) {
      if (structure_.nodes[i].has_children && !opaque_[i]) Combine(i);
    }
    BodyText body = std::move(texts_[0]);
    if (IsBlankText(body) && !attached_.empty()) {
      notes_.Add("the only texts are attachments, which count as the body");
      for (BodyText& attached : attached_) Append(attached, body);
    }
    if (body.text.size() > limits_.max_body_bytes) {
      notes_.Add(fmt::format("the text was cut after {} bytes", limits_.max_body_bytes));
      body.text = FirstBytes(body.text, limits_.max_body_bytes);
    }
    return body;
  }

 private:
  /// Marks the parts inside of encrypted ones, which have no text.
  void MarkOpaque() {
    opaque_.resize(texts_.size());
    for (size_t i = 0; i < texts_.size(); ++i) {
      const std::string& type = structure_.nodes[i].type;
      if (type == "multipart/encrypted") {
        opaque_[i] = true;
        notes_.Add("an encrypted part (OpenPGP) was not read");
      } else if (type == "application/pkcs7-mime" || type == "application/x-pkcs7-mime") {
        opaque_[i] = true;
        notes_.Add("an encrypted or opaquely signed part (S/MIME) was not read");
      } else if (type == "application/ms-tnef" || type == "application/vnd.ms-tnef") {
        notes_.Add("a part in Outlook's own format (winmail.dat) was not read");
      }
      for (const size_t child : structure_.nodes[i].children) opaque_[child] = opaque_[child] || opaque_[i];
    }
  }

  void ReadPart(size_t index) {
    const MailNode& node = structure_.nodes[index];
    if (!IsShownText(node.type)) return;
    const size_t room = limits_.max_decoded_bytes - std::min(limits_.max_decoded_bytes, structure_.decoded_bytes);
    const DecodedBytes bytes = DecodeTransfer(node.header.body, node.header.Find("Content-Transfer-Encoding"), room);
    structure_.decoded_bytes += bytes.bytes.size();
    if (bytes.cut) notes_.Add("the decoded parts are too large; the rest was not read");
    if (!bytes.problem.empty()) notes_.Add(node.type + ": " + bytes.problem);
    const bool named_inside = node.charset.empty() && IsHtml(node.type);
    DecodedText decoded =
        DecodeCharset(bytes.bytes, named_inside ? CharsetOfHtml(bytes.bytes) : std::string_view(node.charset));
    if (!decoded.problem.empty()) notes_.Add(node.type + ": " + decoded.problem);
    BodyText body = IsHtml(node.type) ? ReadHtml(decoded.text) : ReadPlain(node, decoded.text);
    if (!node.attachment) {
      texts_[index] = std::move(body);
    } else if (!IsBlankText(body)) {
      attached_.push_back(std::move(body));
    }
  }

  BodyText ReadHtml(std::string_view html) {
    if (html.size() > limits_.max_html_bytes) {
      notes_.Add(fmt::format("an HTML part was cut after {} bytes", limits_.max_html_bytes));
      html = FirstBytes(html, limits_.max_html_bytes);
    }
    HtmlText text = ExtractHtmlText(html, {.max_depth = limits_.max_html_depth, .max_nodes = limits_.max_html_nodes},
                                    limits_.max_links);
    if (text.hidden) notes_.Add("text that the HTML hides was left out");
    if (text.too_deep) notes_.Add("HTML elements that are nested too deeply were ignored");
    if (text.too_large) notes_.Add("an HTML part has too many elements; the rest was not read");
    return {std::move(text.text), true, std::move(text.links)};
  }

  BodyText ReadPlain(const MailNode& node, std::string_view plain) {
    BodyText body;
    std::string text = WithPlainLineEnds(plain);
    if (node.flowed) text = Unflowed(text, node.delete_space);
    WithoutPgp without = WithoutPgpBlocks(std::move(text));
    if (without.encrypted) notes_.Add("an encrypted block (OpenPGP) was not read");
    body.text = std::move(without.text);
    AddPlainLinks(body.text, limits_.max_links, body.links);
    return body;
  }

  void Append(BodyText& part, BodyText& whole) const {
    // More than the limit is never shown; without this, forwarded messages inside each other would be copied often.
    if (whole.text.size() <= limits_.max_body_bytes) whole.text += part.text;
    whole.from_html = whole.from_html || part.from_html;
    for (MailLink& link : part.links) {
      if (whole.links.size() < limits_.max_links) whole.links.push_back(std::move(link));
    }
  }

  void Combine(size_t index) {
    const MailNode& node = structure_.nodes[index];
    if (node.type == "multipart/alternative") {
      Choose(index);
    } else if (node.type == "multipart/related") {
      TakeFirst(index);
    } else if (node.type.starts_with("message/")) {
      Forward(index);
    } else {
      for (const size_t child : node.children) Append(texts_[child], texts_[index]);
    }
  }

  /// The root of related parts: the one that the parameter `start` names, else the first one with a text.
  void TakeFirst(size_t index) {
    const MailNode& related = structure_.nodes[index];
    std::vector<size_t> children = related.children;
    std::ranges::stable_partition(children, [&](size_t child) {
      return !related.start.empty() && TrimAscii(structure_.nodes[child].header.Find("Content-ID")) == related.start;
    });
    for (const size_t child : children) {
      if (IsBlankText(texts_[child])) continue;
      texts_[index] = std::move(texts_[child]);
      return;
    }
  }

  /// Of alternatives, mail programs show the last one that they can, most of them the HTML; the plain text is taken
  /// if it says the same.
  void Choose(size_t index) {
    BodyText* plain = nullptr;
    BodyText* html = nullptr;
    for (const size_t child : structure_.nodes[index].children) {
      BodyText& text = texts_[child];
      if (!IsBlankText(text)) (text.from_html ? html : plain) = &text;
    }
    if (plain == nullptr || html == nullptr) {
      if (plain != nullptr || html != nullptr) texts_[index] = std::move(plain != nullptr ? *plain : *html);
      return;
    }
    // A text that readers do not see must neither keep from the filter what they see, nor drown it.
    constexpr double kOfHtml = .9, kOfPlain = .7;
    if (ShareOfWords(html->text, plain->text) >= kOfHtml && ShareOfWords(plain->text, html->text) >= kOfPlain) {
      plain->links = std::move(html->links);
      texts_[index] = std::move(*plain);
    } else if (plain < html) {
      notes_.Add("the plain text differs from the HTML, which was taken");
      texts_[index] = std::move(*html);
    } else {
      notes_.Add("the plain text, which comes last, differs from the HTML; both were taken");
      BodyText both = std::move(*html);
      Append(*plain, both);
      texts_[index] = std::move(both);
    }
  }

  void Forward(size_t index) {
    BodyText body;
    body.text = "----- Forwarded message -----\n";
    for (const size_t child : structure_.nodes[index].children) {
      const MailNode& message = structure_.nodes[child];
      std::string ignored;
      for (const char* const name : {"From", "Subject"}) {
        const std::string value = DecodeHeaderText(message.header.Find(name), message.charset, ignored);
        if (!value.empty()) body.text += fmt::format("{}: {}\n", name, value);
      }
      if (!IsBlankText(texts_[child])) body.text += '\n';
      Append(texts_[child], body);
    }
    texts_[index] = std::move(body);
  }

  MailStructure& structure_;
  const MailLimits& limits_;
  MailNotes& notes_;
  std::vector<BodyText> texts_;  // of the nodes
  std::vector<bool> opaque_;
  std::vector<BodyText> attached_;
};

}  // namespace

BodyText ReadBody(MailStructure& structure, const MailLimits& limits, MailNotes& notes) {
  return BodyReader(structure, limits, notes).Read();
}

std::string FirstCharset(const MailStructure& structure) {
  for (const MailNode& node : structure.nodes) {
    if (!node.charset.empty()) return node.charset;
  }
  return {};
}

}  // namespace winnow
