#include "bundle/positive_label.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/ascii.h"

namespace winnow {

bool IsPositiveName(std::string_view label) {
  constexpr std::array<std::string_view, 18> kPositive = {
      "spam", "toxic", "hate", "hate speech", "offensive", "abusive", "phishing", "scam", "junk",
      "1",    "true",  "yes",  "positive",    "pos",       "unsafe",  "harmful",  "bad",  "urgent"};
  std::string lower = LowerAscii(label);
  for (char& c : lower) c = c == '_' || c == '-' ? ' ' : c;
  return std::ranges::find(kPositive, std::string_view(lower)) != kPositive.end();
}

}  // namespace winnow
