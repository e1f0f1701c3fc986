#include "cli/inline_svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>
#include <vector>

#include "evaluate/shown_text.h"

namespace winnow {
namespace {

constexpr std::array<std::string_view, 6> kShapes = {"g", "path", "polygon", "text", "tspan", "rect"};
constexpr std::array<std::string_view, 15> kAttributes = {
    "d", "transform", "fill",        "stroke",    "stroke-width", "stroke-dasharray", "stroke-linejoin", "x",
    "y", "points",    "text-anchor", "font-size", "width",        "height",           "fill-opacity"};

struct Tag {
  std::string_view name;
  bool closing = false, empty = false;
  std::vector<std::pair<std::string_view, std::string_view>> attributes;

  std::string_view Get(std::string_view key) const {
    for (const auto& [name, value] : attributes) {
      if (name == key) return value;
    }
    return {};
  }
};

bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

void SkipSpace(std::string_view text, size_t& i) {
  while (i < text.size() && IsSpace(text[i])) ++i;
}

std::string_view Word(std::string_view text, size_t& i) {
  const size_t begin = i;
  while (i < text.size() && !IsSpace(text[i]) && text[i] != '=' && text[i] != '/' && text[i] != '>') ++i;
  return text.substr(begin, i - begin);
}

/// What stands between '<' and '>'.
Result<Tag> ParseTag(std::string_view inside) {
  const auto broken = Fail(ErrorCode::kInvalidData, "gnuplot's picture has a tag that can't be read");
  Tag tag;
  size_t i = 0;
  if (inside.starts_with('/')) {
    tag.closing = true;
    ++i;
  }
  tag.name = Word(inside, i);
  while (true) {
    SkipSpace(inside, i);
    if (i == inside.size()) return tag;
    if (inside[i] == '/') {
      tag.empty = true;
      ++i;
      continue;
    }
    const std::string_view key = Word(inside, i);
    SkipSpace(inside, i);
    if (key.empty() || i == inside.size() || inside[i] != '=') return broken;
    ++i;
    SkipSpace(inside, i);
    if (i == inside.size() || (inside[i] != '\'' && inside[i] != '"')) return broken;
    const size_t end = inside.find(inside[i], i + 1);
    if (end == std::string_view::npos) return broken;
    tag.attributes.emplace_back(key, inside.substr(i + 1, end - i - 1));
    i = end + 1;
  }
}

/// The page's colour for one of a script's.
std::string Colour(std::string_view value) {
  int red = 0, green = 0, blue = 0;
  if (value == "none") return "none";
  if (value == "white") return "var(--paper)";
  if (value == "gray") return "var(--line)";
  if (std::sscanf(std::string(value).c_str(), "rgb(%d,%d,%d)", &red, &green, &blue) != 3) return "var(--ink)";
  if (red != 1 || green != 0) return fmt::format("rgb({},{},{})", red, green, blue);
  if (blue >= 1 && blue <= 8) return fmt::format("var(--c{})", blue);
  return blue == 0x15 ? "var(--muted)" : blue == 0x16 ? "var(--line)" : "var(--ink)";
}

std::string Attributes(const Tag& tag) {
  std::string text;
  for (const auto& [key, value] : tag.attributes) {
    if (std::ranges::find(kAttributes, key) == kAttributes.end()) continue;
    const bool colour = key == "fill" || key == "stroke";
    text += fmt::format(" {}=\"{}\"", key,
                        colour ? Colour(value) : HtmlText(value, {.most = value.size(), .keep_lines = true}));
  }
  return text;
}

/// <use xlink:href='#gpPt6' transform='translate(X,Y) scale(S)' color='C'/>, a filled circle of radius S.
std::string Circle(const Tag& use) {
  double x = 0, y = 0, scale = 0;
  const std::string transform(use.Get("transform"));
  if (use.Get("xlink:href") != "#gpPt6" ||
      std::sscanf(transform.c_str(), "translate(%lf,%lf) scale(%lf)", &x, &y, &scale) != 3) {
    return "";
  }
  return fmt::format("<circle cx=\"{:.2f}\" cy=\"{:.2f}\" r=\"{:.2f}\" stroke=\"none\" fill=\"{}\"/>", x, y, scale,
                     Colour(use.Get("color")));
}

/// Puts the page's elements together; of groups, only those with something in them.
class Writer {
 public:
  void Open(const Tag& tag) {
    open_.push_back({std::string(tag.name), "<" + std::string(tag.name) + Attributes(tag) + ">", false});
  }

  void Put(std::string_view content) {
    for (Element& element : open_) {
      if (!std::exchange(element.written, true)) svg_ += element.begin;
    }
    svg_ += content;
  }

  Result<void> Close(std::string_view name) {
    if (open_.empty() || open_.back().name != name) {
      return Fail(ErrorCode::kInvalidData, "gnuplot's picture has tags that don't match");
    }
    if (open_.back().written) svg_ += "</" + open_.back().name + ">";
    open_.pop_back();
    return {};
  }

  bool InText() const { return !open_.empty() && (open_.back().name == "text" || open_.back().name == "tspan"); }
  const std::string& svg() const { return svg_; }

 private:
  struct Element {
    std::string name, begin;
    bool written;
  };
  std::vector<Element> open_;
  std::string svg_;
};

}  // namespace

Result<std::string> InlineOf(std::string_view svg, const InlineSvg& about) {
  Writer writer;
  std::string box;
  std::string_view skipped;  // the element whose contents are left out
  for (size_t i = 0; i < svg.size();) {
    if (svg[i] != '<') {
      const size_t end = std::min(svg.find('<', i), svg.size());
      if (skipped.empty() && writer.InText()) writer.Put(svg.substr(i, end - i));
      i = end;
      continue;
    }
    const size_t end = svg.find('>', i);
    if (end == std::string_view::npos) return Fail(ErrorCode::kInvalidData, "gnuplot's picture ends within a tag");
    const std::string_view inside = svg.substr(i + 1, end - i - 1);
    i = end + 1;
    if (inside.starts_with('?') || inside.starts_with('!')) continue;
    const Tag tag = TRY(ParseTag(inside));
    if (!skipped.empty()) {
      if (tag.closing && tag.name == skipped) skipped = {};
    } else if (tag.name == "svg") {
      if (!tag.closing) box = tag.Get("viewBox");
    } else if (tag.name == "use") {
      if (const std::string circle = Circle(tag); !circle.empty()) writer.Put(circle);
    } else if (std::ranges::find(kShapes, tag.name) == kShapes.end()) {
      if (!tag.closing && !tag.empty) skipped = tag.name;
    } else if (tag.closing) {
      TRY(writer.Close(tag.name));
    } else if (tag.empty) {
      writer.Put("<" + std::string(tag.name) + Attributes(tag) + "/>");
    } else {
      writer.Open(tag);
    }
  }
  if (box.empty()) return Fail(ErrorCode::kInvalidData, "gnuplot's picture is no SVG");
  return fmt::format(
      "<svg viewBox=\"{}\" role=\"img\" aria-labelledby=\"{}-title {}-desc\"><title id=\"{}-title\">{}</title>"
      "<desc id=\"{}-desc\">{}</desc>{}</svg>",
      HtmlText(box), about.id, about.id, about.id, HtmlText(about.title), about.id, HtmlText(about.desc), writer.svg());
}

}  // namespace winnow
