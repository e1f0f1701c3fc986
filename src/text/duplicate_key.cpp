#include "text/duplicate_key.h"

#include "base/ascii.h"
#include "text/case_fold.h"

namespace winnow {

std::string DuplicateKey(std::string_view text) {
  const std::string folded = FoldCase(text);
  std::string key;
  key.reserve(folded.size());
  for (const char c : folded) {
    if (!IsAsciiSpace(c)) {
      key += c;
    } else if (!key.empty() && key.back() != ' ') {
      key += ' ';
    }
  }
  if (key.ends_with(' ')) key.pop_back();
  return key;
}

}  // namespace winnow
