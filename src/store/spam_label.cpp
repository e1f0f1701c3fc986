#include "store/spam_label.h"

#include "base/ascii.h"

namespace winnow {

std::optional<bool> IsSpamLabel(std::string_view label) {
  const std::string lower = LowerAscii(label);
  if (lower == "spam" || lower == "junk") return true;
  if (lower == "ham" || lower == "not_spam" || lower == "not spam" || lower == "legitimate") return false;
  return std::nullopt;
}

std::string StoredLabel(std::string_view label) {
  std::string lower = LowerAscii(label);
  return lower == "spam" || lower == "ham" ? lower : std::string(label);
}

}  // namespace winnow
