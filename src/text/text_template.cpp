#include "text/text_template.h"

#include <algorithm>
#include <limits>

#include "base/parse_number.h"
#include "text/segments.h"
#include "text/text_parts.h"

namespace winnow {

Result<TextTemplate> TextTemplate::Parse(std::string_view pattern) {
  const auto bad = [&](const std::string& why) {
    return Fail(ErrorCode::kInvalidArgument, "template '" + std::string(pattern) + "': " + why,
                "write it as '{subject} [SEP] {body:400}'; write {{ and }} for literal braces");
  };
  constexpr std::string_view kSeparator = "[SEP]";
  TextTemplate result;
  std::string literal;
  const auto flush = [&] {
    if (!literal.empty()) result.parts_.push_back({literal, {}, 0});
    literal.clear();
  };
  for (size_t i = 0; i < pattern.size();) {
    const std::string_view rest = pattern.substr(i);
    if (rest.starts_with("{{") || rest.starts_with("}}")) {
      literal += rest[0];
      i += 2;
    } else if (rest.starts_with(kSeparator)) {
      while (literal.ends_with(' ')) literal.pop_back();
      literal += kSegmentSeparator;
      i += kSeparator.size();
      while (i < pattern.size() && pattern[i] == ' ') ++i;
    } else if (rest[0] == '{') {
      const size_t end = rest.find('}');
      if (end == std::string_view::npos) return bad("'{' is never closed");
      const std::string_view inside = rest.substr(1, end - 1);
      const size_t colon = inside.rfind(':');
      Part part;
      part.field = TrimAscii(inside.substr(0, colon));
      part.limit = std::numeric_limits<size_t>::max();
      if (colon != std::string_view::npos) {
        const std::string_view limit = TrimAscii(inside.substr(colon + 1));
        part.limit = ParseNumber<size_t>(limit).value_or(0);
        if (part.limit == 0) return bad("not a valid number of characters: " + std::string(limit));
      }
      if (part.field.empty() || part.field.find('{') != std::string::npos) {
        return bad("there is no field name in " + std::string(rest.substr(0, end + 1)));
      }
      flush();
      result.parts_.push_back(std::move(part));
      i += end + 1;
    } else if (rest[0] == '}') {
      return bad("'}' without a '{'");
    } else {
      // A separator character written by hand is as good as [SEP].
      literal += rest[0];
      ++i;
    }
  }
  flush();
  if (result.fields().empty()) return bad("it contains no fields");
  return result;
}

bool TextTemplate::Render(const std::function<std::string_view(std::string_view)>& find, std::string& text) const {
  bool any = false;
  for (const Part& part : parts_) {
    if (part.field.empty()) {
      text += part.literal;
      continue;
    }
    const std::string_view value = FirstCodePoints(find(part.field), part.limit);
    any |= !IsBlank(value);
    const size_t from = text.size();
    text += value;
    std::replace(text.begin() + static_cast<ptrdiff_t>(from), text.end(), kSegmentSeparator, ' ');
  }
  return any;
}

std::vector<std::string> TextTemplate::fields() const {
  std::vector<std::string> names;
  for (const Part& part : parts_) {
    if (!part.field.empty() && std::ranges::find(names, part.field) == names.end()) names.push_back(part.field);
  }
  return names;
}

size_t TextTemplate::segments() const {
  size_t count = 1;
  for (const Part& part : parts_) count += static_cast<size_t>(std::ranges::count(part.literal, kSegmentSeparator));
  return count;
}

}  // namespace winnow
