#include "bundle/positive_label.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/ascii.h"

namespace winnow {
namespace {

/// Returns true if a word of the label is typical of positive ones, and none negates it.
bool HasPositiveWord(std::string_view label) {
  constexpr std::array<std::string_view, 12> kWords = {"spam", "toxic", "hate",  "offensive", "abusive", "phishing",
                                                       "scam", "junk",  "fraud", "unsafe",    "harmful", "malicious"};
  constexpr std::array<std::string_view, 11> kNegations = {"not",  "no",  "non", "kein",    "keine", "nicht",
                                                           "sans", "pas", "sin", "without", "ohne"};
  const std::string lower = LowerAscii(label);
  bool positive = false;
  for (size_t begin = 0; begin < lower.size();) {
    size_t end = begin;
    while (end < lower.size() && (IsAsciiLower(lower[end]) || (lower[end] & 0x80) != 0)) ++end;
    const std::string_view word = std::string_view(lower).substr(begin, end - begin);
    if (std::ranges::find(kNegations, word) != kNegations.end()) return false;
    positive |= std::ranges::find(kWords, word) != kWords.end();
    begin = end + 1;
  }
  return positive;
}

}  // namespace

bool IsPositiveName(std::string_view label) {
  constexpr std::array<std::string_view, 23> kPositive = {
      "spam", "toxic",  "hate",  "hate speech", "offensive", "abusive",   "phishing", "scam",
      "junk", "1",      "true",  "yes",         "positive",  "pos",       "unsafe",   "harmful",
      "bad",  "urgent", "fraud", "fraudulent",  "fake",      "malicious", "unwanted"};
  std::string lower = LowerAscii(label);
  for (char& c : lower) c = c == '_' || c == '-' ? ' ' : c;
  return std::ranges::find(kPositive, std::string_view(lower)) != kPositive.end();
}

std::optional<size_t> PositiveByName(std::span<const std::string> labels) {
  const auto named = std::ranges::find_if(labels, [](const std::string& label) { return IsPositiveName(label); });
  if (named != labels.end()) return static_cast<size_t>(named - labels.begin());
  if (labels.size() != 2) return std::nullopt;
  const bool first = HasPositiveWord(labels[0]), second = HasPositiveWord(labels[1]);
  if (first == second) return std::nullopt;
  return first ? 0 : 1;
}

}  // namespace winnow
