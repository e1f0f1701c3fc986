#include "text/plain_texts.h"

#include "text/segments.h"

namespace winnow {

void PlainTexts::Add(std::string_view text) {
  if (text.contains(kSegmentSeparator)) text = copies_.emplace_back(WithoutSeparators(std::string(text)));
  views_.emplace_back(text);
}

}  // namespace winnow
