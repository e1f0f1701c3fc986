#include "mail/inline_style.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/ascii.h"
#include "base/names.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

constexpr double kSeenFont = 16;  // pixels; of letters whose size is not known

bool IsNameByte(char c) {
  return IsAsciiAlphanumeric(c) || c == '-' || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

/// Returns `css` in lower case, without comments and without the contents of strings and addresses, in which the signs
/// of the language have no meaning (CSS Syntax Level 3, 4.3).
std::string CleanedCss(std::string_view css) {
  std::string out;
  for (size_t i = 0; i < css.size(); ++i) {
    if (css.substr(i, 2) == "/*") {
      const size_t end = css.find("*/", i + 2);
      if (end == std::string_view::npos) break;
      i = end + 1;
      continue;
    }
    out += LowerAscii(css[i]);
    if (css[i] == '"' || css[i] == '\'') {
      const char ends[] = {css[i], '\n'};  // a string ends at the end of its line
      i = std::min(css.find_first_of(std::string_view(ends, 2), i + 1), css.size());
      out += out.back();
    } else if (css[i] == '(' && out.ends_with("url(") && (out.size() == 4 || !IsNameByte(out[out.size() - 5]))) {
      const size_t begin = css.find_first_not_of(" \t\r\n\f", i + 1);
      if (begin == std::string_view::npos || css[begin] == '"' || css[begin] == '\'') continue;
      i = std::min(css.find(')', begin), css.size());
      out += ')';
    }
  }
  return out;
}

struct Declaration {
  std::string_view name, value;
  bool important = false;
};

/// Reads "name: value !important". Nothing for what is none.
std::optional<Declaration> ParseDeclaration(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  Declaration declaration{.name = TrimAscii(text.substr(0, colon)), .value = TrimAscii(text.substr(colon + 1))};
  if (const size_t mark = declaration.value.rfind('!'); mark != std::string_view::npos) {
    if (TrimAscii(declaration.value.substr(mark + 1)) != "important") return std::nullopt;
    declaration.important = true;
    declaration.value = TrimAscii(declaration.value.substr(0, mark));
  }
  return declaration;
}

/// Calls `take` with each declaration of a style attribute. Semicolons in brackets divide nothing.
template <typename Take>
void ForDeclarations(std::string_view style, Take take) {
  size_t begin = 0;
  int depth = 0;
  for (size_t i = 0; i <= style.size(); ++i) {
    const bool end = i == style.size();
    const char c = end ? ';' : style[i];
    if (c == '(' || c == '[') {
      ++depth;
    } else if (c == ')' || c == ']') {
      depth = std::max(0, depth - 1);
    } else if (c == ';' && (depth == 0 || end)) {
      if (const auto declaration = ParseDeclaration(style.substr(begin, i - begin))) take(*declaration);
      begin = i + 1;
    }
  }
}

struct Length {
  double value = 0;
  std::string_view unit;
};

std::optional<Length> LengthOf(std::string_view text) {
  const size_t end = std::min(text.find_first_not_of("+-.0123456789"), text.size());
  const std::string digits(text.substr(0, end));
  char* stop = nullptr;
  const double value = std::strtod(digits.c_str(), &stop);
  if (digits.empty() || stop != digits.c_str() + digits.size()) return std::nullopt;
  return Length{value, text.substr(end)};
}

/// The absolute units in pixels; 0 for others.
double PixelsOf(std::string_view unit) {
  constexpr auto kUnits = std::to_array<std::pair<std::string_view, double>>(
      {{"px", 1}, {"pt", 96.0 / 72}, {"pc", 16}, {"in", 96}, {"cm", 96 / 2.54}, {"mm", 9.6 / 2.54}, {"rem", 16}});
  const auto found = std::ranges::find(kUnits, unit, &std::pair<std::string_view, double>::first);
  return found == kUnits.end() ? 0 : found->second;
}

/// Returns true for a length of 0. A percentage of a height is none, since it refers to that of the box around it,
/// which is mostly open.
bool IsZeroLength(std::string_view text) {
  const auto length = LengthOf(text);
  return length && length->value == 0 && (length->unit.empty() || length->unit == "em" || PixelsOf(length->unit) > 0);
}

bool IsZeroOpacity(std::string_view text) {
  const auto number = LengthOf(text);
  return number && number->value <= 0 && (number->unit.empty() || number->unit == "%");
}

/// Returns the size in pixels of letters in an element with this font-size; what cannot be known is a size that is
/// seen.
double FontSizeOf(std::string_view value, double parent) {
  if (value == "inherit" || value == "unset") return parent;
  if (value == "smaller") return parent / 1.2;
  if (value == "larger") return parent * 1.2;
  const auto length = LengthOf(value);
  if (!length) return kSeenFont;
  if (length->value < 0) return std::max(parent, kSeenFont);  // not valid, and so without effect
  if (length->unit.empty()) return length->value == 0 ? 0 : kSeenFont;
  if (length->unit == "em") return parent * length->value;
  if (length->unit == "%") return parent * length->value / 100;
  if (const double pixels = PixelsOf(length->unit); pixels > 0) return pixels * length->value;
  return kSeenFont;
}

/// Returns the size in a list such as "bold 0/0 serif"; weights are whole numbers of three digits.
std::string_view SizeInFont(std::string_view font) {
  for (size_t at = 0; at < font.size();) {
    const size_t end = std::min(font.find(' ', at), font.size());
    const std::string_view word = font.substr(at, std::min(font.find('/', at), end) - at);
    const auto length = LengthOf(word);
    if (length && !(length->unit.empty() && length->value >= 100)) return word;
    at = end + 1;
  }
  return "medium";
}

/// Returns true for "transparent" and for colors whose alpha is 0: "rgba(0, 0, 0, 0)", "rgb(0 0 0 / 0%)", "#0000".
bool IsTransparent(std::string_view color) {
  if (color == "transparent") return true;
  if (color.starts_with('#')) {
    return color.find_first_not_of("0123456789abcdef", 1) == std::string_view::npos &&
           ((color.size() == 5 && color.ends_with('0')) || (color.size() == 9 && color.ends_with("00")));
  }
  const size_t open = color.find('(');
  if (open == std::string_view::npos || !color.ends_with(')')) return false;
  const std::string_view name = color.substr(0, open);
  if (name != "rgba" && name != "hsla" && name != "rgb" && name != "hsl") return false;
  std::string_view list = color.substr(open + 1, color.size() - open - 2);
  std::string_view last;
  size_t count = 0;
  while (true) {
    list.remove_prefix(std::min(list.find_first_not_of(", /\t\n"), list.size()));
    if (list.empty()) break;
    last = list.substr(0, list.find_first_of(", /\t\n"));
    list.remove_prefix(last.size());
    ++count;
    if (!LengthOf(last)) return false;
  }
  return count == 4 && IsZeroOpacity(last);
}

constexpr auto kShadows =
    std::to_array<std::string_view>({"text-shadow", "-webkit-text-fill-color", "-webkit-text-stroke",
                                     "-webkit-text-stroke-color", "background-clip", "-webkit-background-clip"});
constexpr auto kScales = std::to_array<std::string_view>({"zoom", "transform", "-webkit-transform", "scale"});
/// What opens a box whose height or width is 0.
constexpr auto kOpeners = std::to_array<std::string_view>(
    {"min-height", "min-width", "padding", "padding-top", "padding-bottom", "padding-left", "padding-right"});
constexpr auto kLooked =
    std::to_array<std::string_view>({"all", "display", "opacity", "position", "visibility", "font-size", "color",
                                     "height", "max-height", "width", "max-width", "overflow-x", "overflow-y"});
/// Values of display with a box that height and overflow apply to.
constexpr auto kBlockValues =
    std::to_array<std::string_view>({"block", "inline-block", "flow-root", "list-item", "flex", "inline-flex"});

/// Returns true if a value may be other than nothing: "0 0 8px", "calc(1px)", but not "0".
bool MayBeMore(std::string_view value) { return value.find_first_of("123456789(") != std::string_view::npos; }

/// The declarations of a style attribute in effect, by name.
class Style {
 public:
  explicit Style(std::string_view style) {
    ForDeclarations(style, [&](const Declaration& declaration) {
      if (declaration.name == "font") {
        Set({"font-size", SizeInFont(declaration.value), declaration.important});
      } else if (declaration.name == "overflow") {
        Set({"overflow-x", declaration.value, declaration.important});
        Set({"overflow-y", declaration.value, declaration.important});
      } else {
        Set(declaration);
      }
    });
  }

  /// Returns the declaration of a property that precedes those of the style sheets; null if there is none.
  const Declaration* Find(std::string_view name, const StyleSheets& sheets) const {
    const Declaration* const found = Find(name);
    return found == nullptr || (!found->important && sheets.Override(name)) ? nullptr : found;
  }
  const Declaration* Find(std::string_view name) const {
    const auto found = std::ranges::find(declarations_, name, &Declaration::name);
    return found == declarations_.end() ? nullptr : &*found;
  }
  bool HasAnyOf(std::span<const std::string_view> names) const {
    return std::ranges::any_of(names, [this](std::string_view name) { return Find(name) != nullptr; });
  }

 private:
  /// Keeps the declaration if its property is one of those that are looked for; a style may have any number of others.
  void Set(const Declaration& declaration) {
    const std::string_view name = declaration.name;
    if (!IsOneOf(name, kLooked) && !IsOneOf(name, kShadows) && !IsOneOf(name, kScales) && !IsOneOf(name, kOpeners))
      return;
    const auto known = std::ranges::find(declarations_, declaration.name, &Declaration::name);
    if (known == declarations_.end()) {
      declarations_.push_back(declaration);
    } else if (declaration.important || !known->important) {
      *known = declaration;
    }
  }

  std::vector<Declaration> declarations_;
};

bool AnyMentioned(const StyleSheets& sheets, std::span<const std::string_view> names) {
  return std::ranges::any_of(names, [&](std::string_view name) { return sheets.Mention(name); });
}

/// Returns true if the element is a box without an extent that hides what flows over it.
bool IsClosedBox(const Style& style, const StyledElement& element, const StyleSheets& sheets) {
  const auto is = [&](std::string_view name, auto holds) {
    const Declaration* const found = style.Find(name, sheets);
    return found != nullptr && holds(found->value);
  };
  const auto hides = [](std::string_view value) { return value == "hidden" || value == "clip"; };
  const bool low = is("height", IsZeroLength) || is("max-height", IsZeroLength);
  const bool narrow = is("width", IsZeroLength) || is("max-width", IsZeroLength);
  if (!(low && is("overflow-y", hides)) && !(narrow && is("overflow-x", hides))) return false;
  for (const std::string_view name : kOpeners) {
    const Declaration* const found = style.Find(name);
    if (sheets.Mention(name) || (found != nullptr && MayBeMore(found->value))) return false;
  }
  if (sheets.Mention("position")) return false;  // which may lift what is inside out of the box
  const Declaration* const display = style.Find("display", sheets);
  if (display != nullptr) return IsOneOf(display->value, kBlockValues);
  return element.block && !sheets.Mention("display");
}

/// Says nothing about the element that could hide it.
Visibility InDoubt(Visibility parent) {
  parent.invisible = parent.transparent = parent.clipped = false;
  parent.font_size = std::max(parent.font_size, kSeenFont);
  return parent;
}

}  // namespace

void StyleSheets::Add(std::string_view css) {
  std::string cleaned = CleanedCss(css);
  // The begin of a comment of HTML has no meaning in style sheets, and its "!" is not that of "!important".
  for (size_t at = cleaned.find("<!--"); at != std::string::npos; at = cleaned.find("<!--", at + 4))
    cleaned.replace(at, 4, "    ");
  // By escapes, anything may have any name.
  animated_ = animated_ || cleaned.find("keyframes") != std::string::npos || css.find('\\') != std::string_view::npos;
  AddDeclarations(cleaned);
}

/// Takes all parts between braces and semicolons that have a colon for declarations, whatever they are part of.
void StyleSheets::AddDeclarations(std::string_view css) {
  while (!css.empty()) {
    const size_t end = std::min(css.find_first_of("{};"), css.size());
    const std::string_view part = css.substr(0, end);
    css.remove_prefix(std::min(end + 1, css.size()));
    const size_t colon = part.find(':');
    if (colon == std::string_view::npos) continue;
    std::string name(TrimAscii(part.substr(0, colon)));
    const std::string_view value = part.substr(colon + 1);
    if (IsOneOf(name, kOpeners) && !MayBeMore(value)) continue;
    const bool important = value.find('!') != std::string_view::npos;
    if (name == "overflow") {
      for (const char* const longhand : {"overflow-x", "overflow-y"}) {
        mentioned_.insert(longhand);
        if (important) important_.insert(longhand);
      }
    }
    if (name == "font") name = "font-size";
    if (important) important_.insert(name);
    mentioned_.insert(std::move(name));
  }
}

bool StyleSheets::Mention(std::string_view property) const {
  return animated_ || mentioned_.contains(property) || mentioned_.contains("all");
}

bool StyleSheets::Override(std::string_view property) const {
  return animated_ || important_.contains(property) || important_.contains("all");
}

Visibility Styled(std::string_view text, Visibility parent, const StyledElement& element, const StyleSheets& sheets) {
  // What the element says itself precedes what it inherits.
  if (element.own_color || sheets.Mention("color")) parent.transparent = false;
  if (element.own_size || sheets.Mention("font-size")) parent.font_size = std::max(parent.font_size, kSeenFont);
  if (sheets.Mention("visibility")) parent.invisible = false;
  if (text.empty()) {
    parent.removed = parent.removed || (element.hidden_attribute && !sheets.Mention("display"));
    return parent;
  }
  const std::string cleaned = CleanedCss(text);
  // By escapes, a property may have any name; and it depends on the program whether blocks are allowed.
  if (text.find('\\') != std::string_view::npos || cleaned.find_first_of("{}") != std::string_view::npos)
    return InDoubt(parent);
  const Style style(cleaned);
  if (style.Find("all") != nullptr) return InDoubt(parent);
  Visibility visibility = parent;
  if (const Declaration* const display = style.Find("display"); display == nullptr) {
    visibility.removed = visibility.removed || (element.hidden_attribute && !sheets.Mention("display"));
  } else {
    visibility.removed = visibility.removed || (display->value == "none" && style.Find("display", sheets) != nullptr);
  }
  if (const auto* const opacity = style.Find("opacity", sheets); opacity != nullptr && IsZeroOpacity(opacity->value))
    visibility.removed = true;
  if (const auto* const position = style.Find("position"); position != nullptr && position->value != "static")
    visibility.clipped = false;
  visibility.clipped = visibility.clipped || IsClosedBox(style, element, sheets);
  if (const auto* const found = style.Find("visibility")) {
    const bool hides = found->value == "hidden" || found->value == "collapse";
    visibility.invisible =
        (hides && style.Find("visibility", sheets) != nullptr) || (found->value == "inherit" && parent.invisible);
  }
  if (const auto* const size = style.Find("font-size")) {
    visibility.font_size = FontSizeOf(size->value, parent.font_size);
    if (style.Find("font-size", sheets) == nullptr) visibility.font_size = std::max(visibility.font_size, kSeenFont);
  }
  if (const auto* const color = style.Find("color"); color != nullptr && color->value != "inherit")
    visibility.transparent = style.Find("color", sheets) != nullptr && IsTransparent(color->value);
  visibility.shadowed = visibility.shadowed || style.HasAnyOf(kShadows) || AnyMentioned(sheets, kShadows);
  visibility.scaled = visibility.scaled || style.HasAnyOf(kScales) || AnyMentioned(sheets, kScales);
  return visibility;
}

}  // namespace winnow
