#include "mail/inline_style.h"

#include <cstdlib>
#include <optional>
#include <string>

#include "base/ascii.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

constexpr size_t npos = std::string_view::npos;

/// In lower case, without comments and "!important".
std::string Cleaned(std::string_view style) {
  std::string out;
  for (size_t i = 0; i < style.size(); ++i) {
    if (style.substr(i, 2) == "/*") {
      const size_t end = style.find("*/", i + 2);
      if (end == npos) break;
      i = end + 1;
      continue;
    }
    out += LowerAscii(style[i]);
  }
  return out;
}

struct Length {
  double value = 0;
  std::string_view unit;
  bool relative() const { return unit == "em" || unit == "%" || unit == "ex" || unit == "ch"; }
};

std::optional<Length> LengthOf(std::string_view text) {
  size_t end = text.find_first_not_of("+-.0123456789");
  if (end == npos) end = text.size();
  const std::string digits(text.substr(0, end));
  char* stop = nullptr;
  const double value = std::strtod(digits.c_str(), &stop);
  if (digits.empty() || stop == digits.c_str()) return std::nullopt;
  return Length{value, text.substr(end)};
}

bool IsZero(std::string_view text) {
  const auto length = LengthOf(text);
  return length && length->value <= 0;
}

void SetFontSize(std::string_view value, Visibility& visibility) {
  if (value == "inherit" || value == "smaller" || value == "larger") return;
  const auto length = LengthOf(value);
  if (!length) {
    visibility.tiny = false;  // "medium", "x-small"
  } else if (length->relative()) {
    visibility.tiny = visibility.tiny || length->value <= 0;
  } else {
    const bool whole = length->unit == "px" || length->unit == "pt" || length->unit.empty();
    visibility.tiny = length->value <= 0 || (whole && length->value <= 1);
  }
}

/// Returns true for "transparent" and for colors whose alpha is 0: "rgba(0, 0, 0, 0)", "#0000".
bool IsTransparent(std::string_view color) {
  if (color == "transparent") return true;
  if (color.starts_with('#')) {
    return (color.size() == 5 && color.ends_with('0')) || (color.size() == 9 && color.ends_with("00"));
  }
  if (!color.starts_with("rgba(") && !color.starts_with("hsla(")) return false;
  const size_t last = color.find_last_of(",/");
  return last != npos && IsZero(TrimAscii(color.substr(last + 1)));
}

/// Extents of a box, which hides what flows over only if it says so.
struct Box {
  bool empty = false;
  bool cut = false;
};

void Apply(std::string_view name, std::string_view value, Visibility& visibility, bool& removed, Box& box) {
  if (name == "display") {
    removed = value == "none";
  } else if (name == "opacity" && IsZero(value)) {
    visibility.removed = true;
  } else if (name == "mso-hide") {
    visibility.removed = visibility.removed || value == "all";
  } else if (name == "visibility") {
    visibility.invisible = value == "hidden" || value == "collapse" || (value == "inherit" && visibility.invisible);
  } else if (name == "font-size") {
    SetFontSize(value, visibility);
  } else if (name == "font") {
    // The size is the first length in a list such as "bold 0/0 serif"; weights are whole numbers of three digits.
    for (size_t at = 0; at < value.size();) {
      const size_t end = std::min(value.find(' ', at), value.size());
      const std::string_view word = value.substr(at, std::min(value.find('/', at), end) - at);
      const auto length = LengthOf(word);
      if (length && !(length->unit.empty() && length->value >= 100)) SetFontSize(word, visibility);
      if (length && !(length->unit.empty() && length->value >= 100)) break;
      at = end + 1;
    }
  } else if (name == "color" && value != "inherit") {
    visibility.transparent = IsTransparent(value);
  } else if (name == "height" || name == "max-height" || name == "width" || name == "max-width") {
    box.empty = box.empty || IsZero(value);
  } else if (name == "overflow" || name == "overflow-x" || name == "overflow-y") {
    box.cut = box.cut || value == "hidden" || value == "clip";
  }
}

}  // namespace

Visibility Styled(std::string_view style, Visibility parent) {
  if (style.empty()) return parent;
  const std::string cleaned = Cleaned(style);
  std::string_view rest = cleaned;
  bool removed = false;
  Box box;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find(';'), rest.size());
    const std::string_view declaration = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const size_t colon = declaration.find(':');
    if (colon == npos) continue;
    std::string_view value = TrimAscii(declaration.substr(colon + 1));
    value = TrimAscii(value.substr(0, value.find('!')));
    Apply(TrimAscii(declaration.substr(0, colon)), value, parent, removed, box);
  }
  parent.removed = parent.removed || removed || (box.empty && box.cut);
  return parent;
}

}  // namespace winnow
