#include "text/input_text.h"

#include <algorithm>

namespace winnow {

size_t InputTextView::segments() const {
  return divided_ ? 1 + static_cast<size_t>(std::ranges::count(text_, kSegmentSeparator)) : 1;
}

InputText InputText::OfJoined(std::string joined) {
  InputText text(std::move(joined));
  text.divided_ = true;
  return text;
}

InputText InputText::OfSegments(std::span<const std::string> segments) {
  std::string joined;
  for (const std::string& segment : segments) {
    if (&segment != segments.data()) joined += kSegmentSeparator;
    joined += WithoutSeparators(segment);
  }
  return OfJoined(std::move(joined));
}

std::string WithoutSeparators(std::string text) {
  std::ranges::replace(text, kSegmentSeparator, ' ');
  return text;
}

}  // namespace winnow
