// Parsers that build trees as the HTML Standard demands (13.2.6) take a time that is quadratic in the depth: at most
// tags they look through the open elements. Gumbo 0.10 needs 65 s for 100,000 <div>. They also repeat formatting
// elements that were not closed (<b>, <a>) in each block that follows, which makes a large tree of a small text.
//
// So this file reads tags and texts by the tokenization of the standard (13.2.5), in the simplified form that mail
// needs, and keeps a stack of the elements that can still be open. An element leaves the stack only together with an
// end tag that is written for it, also if the standard lets the author omit that. So the parser has no more elements
// open than the stack has, but for the rows and groups of rows that it adds to tables. Tags that are nested wrongly let
// the stack grow beyond the true depth; that costs the tags beyond the limit, but no text.
#include "mail/html_filter.h"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "base/ascii.h"
#include "base/names.h"

namespace winnow {
namespace {

constexpr size_t kMaxFormatting = 16;  // formatting elements open at once, each of which may be repeated in each block

/// Elements without content.
constexpr std::array<std::string_view, 13> kVoid = {"area",   "br",   "col",  "embed",  "hr",    "img", "input",
                                                    "keygen", "link", "meta", "source", "track", "wbr"};
/// Elements whose content is no HTML and is not shown.
constexpr std::array<std::string_view, 6> kUnshown = {"script", "style", "title", "iframe", "noembed", "noframes"};
/// Elements whose content is no HTML and is shown.
constexpr std::array<std::string_view, 3> kShown = {"textarea", "xmp", "plaintext"};
/// Tags that only frame the document, or that would have the parser leave out what follows.
constexpr std::array<std::string_view, 11> kDropped = {
    "html", "head", "body", "base", "noscript", "frameset", "frame", "basefont", "bgsound", "isindex", "param"};
constexpr std::array<std::string_view, 14> kFormatting = {"a",    "b",     "big",    "code",   "em", "font", "i",
                                                          "nobr", "small", "strike", "strong", "tt", "u",    "s"};
constexpr std::array<std::string_view, 2> kCells = {"td", "th"};
constexpr std::array<std::string_view, 3> kRowGroups = {"tbody", "thead", "tfoot"};
constexpr std::array<std::string_view, 3> kItems = {"li", "dd", "dt"};
/// Elements that end tags of elements around them do not close.
constexpr std::array<std::string_view, 7> kScopes = {"table", "td", "th", "caption", "object", "marquee", "button"};
/// Elements whose end tags close all that is open inside them, and whose start tags close a paragraph.
constexpr std::array<std::string_view, 35> kBlocks = {
    "address", "article", "aside",      "blockquote", "center",  "dd",      "details", "dir",  "div",
    "dl",      "dt",      "figcaption", "figure",     "footer",  "h1",      "h2",      "h3",   "h4",
    "h5",      "h6",      "header",     "hr",         "li",      "listing", "main",    "menu", "nav",
    "ol",      "p",       "pre",        "section",    "summary", "table",   "ul",      "xmp"};

/// Elements whose presence in a tree changes how other tags are read, and elements that HTML does not have (<o:p>),
/// under names that have no such effect.
std::string_view Renamed(std::string_view name) {
  const bool plain = name.size() <= 12 && std::ranges::all_of(name, [](char c) { return IsAsciiAlphanumeric(c); });
  if (!plain) return "span";
  if (name == "svg" || name == "math") return "span";
  if (name == "select") return "span";
  if (name == "form" || name == "fieldset" || name == "template" || name == "option" || name == "optgroup") {
    return "div";
  }
  if (name == "image") return "img";
  return name;
}

struct Attribute {
  std::string_view name;
  std::string value;
};

struct Tag {
  std::string name;
  bool end = false;
  std::vector<Attribute> attributes;
};

bool IsHtmlSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

class Filter {
 public:
  Filter(std::string_view html, const HtmlLimits& limits) : html_(html), limits_(limits) {}

  FilteredHtml Run() {
    filtered_.html.reserve(html_.size() + html_.size() / 8);
    while (at_ < html_.size()) {
      if (nodes_ > limits_.max_nodes) {
        filtered_.too_large = true;
        break;
      }
      const size_t open = html_.find('<', at_);
      Text(html_.substr(at_, open == std::string_view::npos ? std::string_view::npos : open - at_));
      if (open == std::string_view::npos) break;
      at_ = open + 1;
      Markup();
    }
    return std::move(filtered_);
  }

 private:
  /// Costs of a text or an element: formatting elements may be repeated before it.
  void CountNode() { nodes_ += 1 + formatting_; }

  void Text(std::string_view text) {
    if (text.empty()) return;
    CountNode();
    if (text.find_first_of(std::string_view("<\0", 2)) == std::string_view::npos) {
      filtered_.html += text;
      return;
    }
    for (const char c : text) {
      if (c == '<') {
        filtered_.html += "&lt;";
      } else if (c != '\0') {
        filtered_.html += c;
      }
    }
  }

  /// Reads what begins with the "<" before `at_`.
  void Markup() {
    const char next = at_ < html_.size() ? html_[at_] : '\0';
    if (next == '!' || next == '?') {
      Comment();
    } else if (IsAsciiLetter(next)) {
      ReadTag(false);
    } else if (next == '/' && at_ + 1 < html_.size()) {
      ++at_;
      if (IsAsciiLetter(html_[at_])) {
        ReadTag(true);
      } else {
        SkipPast(">");
      }
    } else {
      Text("<");
    }
  }

  void SkipPast(std::string_view end) {
    const size_t found = html_.find(end, at_);
    at_ = found == std::string_view::npos ? html_.size() : found + end.size();
  }

  void Comment() {
    if (html_.substr(at_, 3) != "!--") {
      SkipPast(">");  // <!doctype>, <![if !mso]>, <?xml ?>
      return;
    }
    at_ += 3;
    if (html_.substr(at_, 1) == ">" || html_.substr(at_, 2) == "->") {  // an empty comment
      SkipPast(">");
      return;
    }
    for (size_t dashes = html_.find("--", at_); dashes != std::string_view::npos;
         dashes = html_.find("--", dashes + 1)) {
      const std::string_view rest = html_.substr(dashes + 2, 2);
      if (!rest.starts_with('>') && rest != "!>") continue;
      at_ = dashes + (rest.starts_with('>') ? 3 : 4);
      return;
    }
    at_ = html_.size();  // a comment that is not closed hides the rest
  }

  void ReadTag(bool end) {
    Tag tag;
    tag.end = end;
    while (at_ < html_.size() && !IsHtmlSpace(html_[at_]) && html_[at_] != '/' && html_[at_] != '>') {
      tag.name += LowerAscii(html_[at_++]);
    }
    ReadAttributes(tag);
    if (at_ >= html_.size()) return;  // a tag that is not closed is not one
    ++at_;
    Write(tag);
  }

  /// Reads attributes up to the ">" of the tag, or to the end.
  void ReadAttributes(Tag& tag) {
    while (at_ < html_.size() && html_[at_] != '>') {
      if (IsHtmlSpace(html_[at_]) || html_[at_] == '/') {
        ++at_;
        continue;
      }
      const size_t begin = at_++;  // an "=" here belongs to the name
      while (at_ < html_.size() && !IsHtmlSpace(html_[at_]) && html_[at_] != '/' && html_[at_] != '>' &&
             html_[at_] != '=')
        ++at_;
      const std::string_view name = html_.substr(begin, at_ - begin);
      while (at_ < html_.size() && IsHtmlSpace(html_[at_])) ++at_;
      std::string_view value;
      if (at_ < html_.size() && html_[at_] == '=') {
        ++at_;
        value = ReadValue();
      }
      Keep(tag, name, value);
    }
  }

  std::string_view ReadValue() {
    while (at_ < html_.size() && IsHtmlSpace(html_[at_])) ++at_;
    if (at_ >= html_.size()) return {};
    const size_t begin = at_;
    if (html_[at_] == '"' || html_[at_] == '\'') {
      const size_t end = html_.find(html_[at_], at_ + 1);
      at_ = end == std::string_view::npos ? html_.size() : end + 1;
      return html_.substr(begin + 1, (end == std::string_view::npos ? html_.size() : end) - begin - 1);
    }
    while (at_ < html_.size() && !IsHtmlSpace(html_[at_]) && html_[at_] != '>') ++at_;
    return html_.substr(begin, at_ - begin);
  }

  static void Keep(Tag& tag, std::string_view name, std::string_view value) {
    static constexpr std::array<std::string_view, 7> kKept = {"href", "alt",   "style", "hidden",
                                                              "type", "value", "size"};
    constexpr size_t kLongestName = 6;
    if (name.size() > kLongestName) return;
    const std::string lower = LowerAscii(name);
    const auto kept = std::ranges::find(kKept, lower);
    if (kept == kKept.end() || std::ranges::find(tag.attributes, *kept, &Attribute::name) != tag.attributes.end())
      return;
    std::string quoted;
    for (const char c : value) {
      if (c == '"') {
        quoted += "&quot;";
      } else if (c != '\0') {
        quoted += c;
      }
    }
    tag.attributes.push_back({*kept, std::move(quoted)});
  }

  void Write(Tag& tag) {
    if (tag.name == "svg" || tag.name == "math")
      foreign_ = tag.end ? foreign_ - std::min<size_t>(foreign_, 1) : foreign_ + 1;
    // In SVG and MathML, the content of these elements is tags, of which some lead back to HTML that is shown.
    if (foreign_ > 0 && IsOneOf(tag.name, kUnshown)) {
      if (tag.name == "style") AddStyleSheet("\\");  // whether it is one, and where it ends, depends on the tags around
      tag.name = "span";
    }
    if (!tag.end && IsOneOf(tag.name, kUnshown)) {
      SkipRaw(tag.name, false);
    } else if (!tag.end && IsOneOf(tag.name, kShown)) {
      SkipRaw(tag.name, true);
    } else if (IsOneOf(tag.name, kUnshown) || IsOneOf(tag.name, kShown) || IsOneOf(tag.name, kDropped)) {
      // says nothing
    } else if (tag.end) {
      Close(std::string(Renamed(tag.name)));
    } else {
      if (tag.name == "template") tag.attributes = {{"hidden", ""}};
      tag.name = std::string(Renamed(tag.name));
      Open(tag);
    }
  }

  void AddStyleSheet(std::string_view sheet) {
    filtered_.style_sheets += sheet;
    filtered_.style_sheets += '\n';
  }

  /// Passes the content of an element that is not HTML, up to its end tag.
  void SkipRaw(const std::string& name, bool shown) {
    size_t end = at_;
    while (true) {
      end = name == "plaintext" ? std::string_view::npos : html_.find("</", end);
      if (end == std::string_view::npos) break;
      const size_t after = end + 2 + name.size();
      if (LowerAscii(html_.substr(end + 2, name.size())) == name &&
          (after >= html_.size() || IsHtmlSpace(html_[after]) || html_[after] == '/' || html_[after] == '>')) {
        break;
      }
      end += 2;
    }
    if (name == "style")
      AddStyleSheet(html_.substr(at_, end == std::string_view::npos ? std::string_view::npos : end - at_));
    if (shown) {
      filtered_.html += ' ';
      Text(html_.substr(at_, end == std::string_view::npos ? std::string_view::npos : end - at_));
      filtered_.html += ' ';
    }
    at_ = end == std::string_view::npos ? html_.size() : end;
    if (end != std::string_view::npos) SkipPast(">");
  }

  /// Closes all elements from that index on.
  void CloseFrom(size_t index) {
    while (open_.size() > index) {
      const std::string& name = open_.back();
      if (IsOneOf(name, kFormatting)) --formatting_;
      CountNode();
      filtered_.html += "</";
      filtered_.html += name;
      filtered_.html += '>';
      open_.pop_back();
    }
  }

  bool TopIs(std::string_view name) const { return !open_.empty() && open_.back() == name; }

  /// Returns the index of the last open element that is one of `names`, from `begin` on; open_.size() if there is none.
  size_t LastOf(std::span<const std::string_view> names, size_t begin) const {
    for (size_t i = open_.size(); i-- > begin;) {
      if (IsOneOf(open_[i], names)) return i;
    }
    return open_.size();
  }

  bool FormattingFrom(size_t index) const { return LastOf(kFormatting, index) != open_.size(); }

  /// Closes what the start tag of a cell, row or group of rows closes in the table around it.
  void CloseInTable(const std::string& name) {
    const size_t table = LastOf(std::array<std::string_view, 1>{"table"}, 0);
    const auto close = [&](size_t index) {
      if (index < open_.size() && !FormattingFrom(index)) CloseFrom(index);
    };
    if (table == open_.size()) return;
    close(LastOf(kCells, table));
    if (!IsOneOf(name, kCells)) close(LastOf(std::array<std::string_view, 1>{"tr"}, table));
    if (IsOneOf(name, kRowGroups)) close(LastOf(kRowGroups, table));
  }

  /// Closes what a start tag closes.
  void CloseImplied(const std::string& name) {
    if (IsOneOf(name, kBlocks) && TopIs("p")) CloseFrom(open_.size() - 1);
    if (name == "a" && TopIs("a")) CloseFrom(open_.size() - 1);
    if (IsOneOf(name, kItems)) {
      const bool item = name == "li" ? TopIs("li") : TopIs("dd") || TopIs("dt");
      if (item) CloseFrom(open_.size() - 1);
    } else if (IsOneOf(name, kCells) || name == "tr" || IsOneOf(name, kRowGroups)) {
      CloseInTable(name);
    }
  }

  void Open(const Tag& tag) {
    const bool empty = IsOneOf(tag.name, kVoid);
    if (!empty) {
      CloseImplied(tag.name);
      const bool formatting = IsOneOf(tag.name, kFormatting);
      if (open_.size() >= limits_.max_depth || (formatting && formatting_ >= kMaxFormatting)) {
        filtered_.too_deep = true;
        return;
      }
      open_.push_back(tag.name);
      if (formatting) ++formatting_;
    }
    CountNode();
    filtered_.html += '<';
    filtered_.html += tag.name;
    for (const Attribute& attribute : tag.attributes) {
      filtered_.html += ' ';
      filtered_.html += attribute.name;
      filtered_.html += "=\"";
      filtered_.html += attribute.value;
      filtered_.html += '"';
    }
    filtered_.html += '>';
  }

  void Close(const std::string& name) {
    const size_t index = LastOf(std::array<std::string_view, 1>{name}, 0);
    if (index == open_.size()) {
      if (name != "br" && name != "p") return;  // nothing that it could close
    } else if (index + 1 == open_.size() || Closes(name, index)) {
      CloseFrom(index);
      return;
    }
    CountNode();  // </br> is a line break, and </p> a paragraph of its own
    filtered_.html += "</";
    filtered_.html += name;
    filtered_.html += '>';
  }

  /// Returns true if the end tag of the open element at `index` closes the elements inside it, too.
  bool Closes(const std::string& name, size_t index) const {
    if (FormattingFrom(index + 1)) return false;
    if (name == "table") return true;
    if (IsOneOf(name, kCells) || name == "tr" || IsOneOf(name, kRowGroups)) {
      return LastOf(std::array<std::string_view, 1>{"table"}, index) == open_.size();
    }
    return LastOf(IsOneOf(name, kBlocks) ? std::span<const std::string_view>(kScopes)
                                         : std::span<const std::string_view>(kBlocks),
                  index + 1) == open_.size();
  }

  const std::string_view html_;
  const HtmlLimits limits_;
  size_t at_ = 0;
  std::vector<std::string> open_;
  size_t formatting_ = 0;
  size_t nodes_ = 0;
  size_t foreign_ = 0;  // elements <svg> and <math> that are open
  FilteredHtml filtered_;
};

}  // namespace

FilteredHtml FilterHtml(std::string_view html, const HtmlLimits& limits) { return Filter(html, limits).Run(); }

}  // namespace winnow
