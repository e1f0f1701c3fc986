#include "mail/html_text.h"

#include <gumbo.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/ascii.h"
#include "mail/inline_style.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

enum class Shape { kInline, kBlock, kCell };

Shape ElementShape(GumboTag tag) {
  switch (tag) {
    case GUMBO_TAG_TD:
    case GUMBO_TAG_TH:
      return Shape::kCell;
    case GUMBO_TAG_ADDRESS:
    case GUMBO_TAG_ARTICLE:
    case GUMBO_TAG_ASIDE:
    case GUMBO_TAG_BLOCKQUOTE:
    case GUMBO_TAG_BODY:
    case GUMBO_TAG_CAPTION:
    case GUMBO_TAG_CENTER:
    case GUMBO_TAG_DD:
    case GUMBO_TAG_DETAILS:
    case GUMBO_TAG_DIR:
    case GUMBO_TAG_DIV:
    case GUMBO_TAG_DL:
    case GUMBO_TAG_DT:
    case GUMBO_TAG_FIGCAPTION:
    case GUMBO_TAG_FIGURE:
    case GUMBO_TAG_FOOTER:
    case GUMBO_TAG_H1:
    case GUMBO_TAG_H2:
    case GUMBO_TAG_H3:
    case GUMBO_TAG_H4:
    case GUMBO_TAG_H5:
    case GUMBO_TAG_H6:
    case GUMBO_TAG_HEADER:
    case GUMBO_TAG_HR:
    case GUMBO_TAG_LI:
    case GUMBO_TAG_LISTING:
    case GUMBO_TAG_MAIN:
    case GUMBO_TAG_MENU:
    case GUMBO_TAG_NAV:
    case GUMBO_TAG_OL:
    case GUMBO_TAG_OPTION:
    case GUMBO_TAG_P:
    case GUMBO_TAG_PRE:
    case GUMBO_TAG_SECTION:
    case GUMBO_TAG_SUMMARY:
    case GUMBO_TAG_TABLE:
    case GUMBO_TAG_TBODY:
    case GUMBO_TAG_TFOOT:
    case GUMBO_TAG_THEAD:
    case GUMBO_TAG_TR:
    case GUMBO_TAG_UL:
      return Shape::kBlock;
    default:
      return Shape::kInline;
  }
}

std::string_view AttributeOf(const GumboElement& element, const char* name) {
  const GumboAttribute* const attribute = gumbo_get_attribute(&element.attributes, name);
  return attribute == nullptr ? std::string_view() : std::string_view(attribute->value);
}

/// Returns true for blocks that height and overflow apply to: parts of tables grow with what is in them.
bool IsBlockBox(GumboTag tag) {
  constexpr auto kTableParts = std::to_array<GumboTag>(
      {GUMBO_TAG_TABLE, GUMBO_TAG_TBODY, GUMBO_TAG_THEAD, GUMBO_TAG_TFOOT, GUMBO_TAG_TR, GUMBO_TAG_CAPTION});
  return ElementShape(tag) == Shape::kBlock && std::ranges::find(kTableParts, tag) == kTableParts.end();
}

/// Returns true for elements that browsers give a color of their own, whatever they are in.
bool HasOwnColor(GumboTag tag) {
  return tag == GUMBO_TAG_A || tag == GUMBO_TAG_FONT || tag == GUMBO_TAG_MARK || tag == GUMBO_TAG_BUTTON ||
         tag == GUMBO_TAG_INPUT || tag == GUMBO_TAG_TABLE;
}

/// Returns true for elements that browsers give a font size of their own: tables in pages of the old kind are such.
bool HasOwnSize(const GumboElement& element) {
  return element.tag == GUMBO_TAG_TABLE || element.tag == GUMBO_TAG_BUTTON || element.tag == GUMBO_TAG_INPUT ||
         (element.tag == GUMBO_TAG_FONT && !AttributeOf(element, "size").empty());
}

/// White space as CSS collapses it: runs become one space, and none stands beside a line end.
class TextWriter {
 public:
  void Add(std::string_view text, bool preserve) {
    for (size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      if (c == '\r') continue;
      if (preserve && c == '\n') {
        Break();
      } else if (preserve && (c == ' ' || c == '\t')) {
        pending_ += c;
        kept_ = true;
      } else if (c == ' ' || c == '\t' || c == '\n' || c == '\f') {
        if (pending_.empty()) pending_ = " ";
      } else if (text.substr(i, 2) == "\xC2\xA0") {  // no-break space
        if (pending_.empty()) pending_ = " ";
        ++i;
      } else {
        Flush();
        out_ += c;
      }
    }
  }

  /// Separates blocks: ends the line if it has text.
  void EndLine() {
    pending_.clear();
    kept_ = false;
    if (!AtLineBegin()) out_ += '\n';
    breaks_ = 0;
  }

  /// Ends the line; a second one leaves an empty line, and further ones none.
  void Break() {
    pending_.clear();
    kept_ = false;
    if (!AtLineBegin()) {
      out_ += '\n';
    } else {
      ++breaks_;
    }
  }

  /// Separates the cells of a row.
  void Cell() {
    if (!AtLineBegin()) pending_ = "\t";
  }

  void Space() {
    if (pending_.empty()) pending_ = " ";
  }

  std::string& out() { return out_; }

 private:
  bool AtLineBegin() const { return out_.empty() || out_.back() == '\n'; }

  void Flush() {
    if (AtLineBegin()) {
      if (breaks_ > 0 && !out_.empty()) out_ += '\n';
      if (!kept_) pending_.clear();
    }
    breaks_ = 0;
    kept_ = false;
    out_ += pending_;
    pending_.clear();
  }

  std::string out_;
  std::string pending_;  // white space before the next character
  bool kept_ = false;    // `pending_` is of preformatted text, where it counts at the begin of a line, too
  size_t breaks_ = 0;    // line breaks since the last text, beyond its own
};

/// A node that is being visited.
struct Visit {
  const GumboNode* node = nullptr;
  size_t next = 0;  // child
  Visibility visibility;
  bool preserve = false;  // white space
  bool link = false;
  size_t text_begin = 0;  // of a link
};

class Walker {
 public:
  Walker(HtmlText& result, const StyleSheets& sheets, size_t max_links)
      : result_(result), sheets_(sheets), max_links_(max_links) {}

  void Walk(const GumboNode* root) {
    Enter(root, Visibility(), false);
    while (!stack_.empty()) {
      Visit& visit = stack_.back();
      const GumboVector& children = ChildrenOf(*visit.node);
      if (visit.next == children.length) {
        Leave(visit);
        stack_.pop_back();
        continue;
      }
      const auto* const child = static_cast<const GumboNode*>(children.data[visit.next++]);
      Enter(child, visit.visibility, visit.preserve);
    }
    writer_.EndLine();
    result_.text = std::move(writer_.out());
    if (result_.text == "\n") result_.text.clear();
  }

 private:
  static const GumboVector& ChildrenOf(const GumboNode& node) {
    return node.type == GUMBO_NODE_DOCUMENT ? node.v.document.children : node.v.element.children;
  }

  void Enter(const GumboNode* node, const Visibility& visibility, bool preserve) {
    switch (node->type) {
      case GUMBO_NODE_DOCUMENT:
        stack_.push_back({node, 0, visibility, preserve, false, 0});
        return;
      case GUMBO_NODE_ELEMENT:
        EnterElement(node, visibility, preserve);
        return;
      case GUMBO_NODE_TEXT:
      case GUMBO_NODE_WHITESPACE:
      case GUMBO_NODE_CDATA:
        if (!visibility.hidden()) {
          writer_.Add(node->v.text.text, preserve);
        } else if (!IsBlank(node->v.text.text)) {
          result_.hidden = true;
        }
        return;
      default:
        return;  // comments
    }
  }

  void EnterElement(const GumboNode* node, const Visibility& inherited, bool preserve) {
    const GumboElement& element = node->v.element;
    if (element.tag == GUMBO_TAG_HEAD) return;
    const StyledElement styled = {.block = IsBlockBox(element.tag),
                                  .hidden_attribute = gumbo_get_attribute(&element.attributes, "hidden") != nullptr,
                                  .own_color = HasOwnColor(element.tag),
                                  .own_size = HasOwnSize(element)};
    const Visibility visibility = Styled(AttributeOf(element, "style"), inherited, styled, sheets_);
    if (visibility.removed) {  // nothing inside can be seen, and its links cannot be followed
      result_.hidden = result_.hidden || element.children.length > 0;
      return;
    }
    Begin(element, visibility);
    Visit visit{node,  0, visibility, preserve || element.tag == GUMBO_TAG_PRE || element.tag == GUMBO_TAG_LISTING,
                false, 0};
    if (element.tag == GUMBO_TAG_A || element.tag == GUMBO_TAG_AREA) {
      visit.link = true;
      visit.text_begin = writer_.out().size();
    }
    stack_.push_back(visit);
  }

  /// Writes what stands at the begin of an element, or in place of it.
  void Begin(const GumboElement& element, const Visibility& visibility) {
    switch (ElementShape(element.tag)) {
      case Shape::kBlock:
        writer_.EndLine();
        break;
      case Shape::kCell:
        writer_.Cell();
        break;
      case Shape::kInline:
        break;
    }
    if (element.tag == GUMBO_TAG_BR) {
      writer_.Break();
    } else if (visibility.hidden()) {
      return;
    } else if (element.tag == GUMBO_TAG_IMG) {
      const std::string_view alt = AttributeOf(element, "alt");
      if (IsBlank(alt)) return;
      writer_.Space();
      writer_.Add(alt, false);
      writer_.Space();
    } else if (element.tag == GUMBO_TAG_INPUT) {
      const std::string type = LowerAscii(AttributeOf(element, "type"));
      if (type != "submit" && type != "button" && type != "reset") return;
      writer_.Space();
      writer_.Add(AttributeOf(element, "value"), false);
      writer_.Space();
    }
  }

  void Leave(const Visit& visit) {
    if (visit.node->type != GUMBO_NODE_ELEMENT) return;
    const GumboElement& element = visit.node->v.element;
    if (visit.link) AddLink(element, visit.text_begin);
    if (ElementShape(element.tag) == Shape::kBlock) writer_.EndLine();
    if (ElementShape(element.tag) == Shape::kCell) writer_.Cell();
  }

  void AddLink(const GumboElement& element, size_t text_begin) {
    const std::string_view href = TrimAscii(AttributeOf(element, "href"));
    if (href.empty() || href.starts_with('#')) return;
    if (result_.links.size() >= max_links_) {
      result_.too_large = true;
      return;
    }
    const std::string& out = writer_.out();
    constexpr size_t kLongestText = 1000;
    std::string text(
        FirstBytes(TrimAscii(std::string_view(out).substr(std::min(text_begin, out.size()))), kLongestText));
    for (char& c : text) {
      if (c == '\n' || c == '\t') c = ' ';
    }
    result_.links.push_back({std::string(href), std::move(text)});
  }

  HtmlText& result_;
  const StyleSheets& sheets_;
  const size_t max_links_;
  TextWriter writer_;
  std::vector<Visit> stack_;
};

}  // namespace

HtmlText ExtractHtmlText(std::string_view html, const HtmlLimits& limits, size_t max_links) {
  HtmlText result;
  const FilteredHtml filtered = FilterHtml(html, limits);
  result.too_deep = filtered.too_deep;
  result.too_large = filtered.too_large;
  GumboOptions options = kGumboDefaultOptions;
  options.max_errors = 0;
  const auto destroy = [&](GumboOutput* output) { gumbo_destroy_output(&options, output); };
  const std::unique_ptr<GumboOutput, decltype(destroy)> output(
      gumbo_parse_with_options(&options, filtered.html.data(), filtered.html.size()), destroy);
  StyleSheets sheets;
  sheets.Add(filtered.style_sheets);
  if (output != nullptr) Walker(result, sheets, max_links).Walk(output->document);
  return result;
}

}  // namespace winnow
