#include <algorithm>
#include <string_view>

#include "base/ascii.h"
#include "bundle/model_version.h"

namespace winnow {
namespace {

bool IsNumericIdentifier(std::string_view text) {
  return !text.empty() && AreAsciiDigits(text) && (text.size() == 1 || text[0] != '0');
}

/// Dot-separated identifiers of letters, digits and hyphens, none empty.
bool AreIdentifiers(std::string_view text, bool leading_zeros) {
  for (;;) {
    const size_t dot = text.find('.');
    const std::string_view part = text.substr(0, dot);
    if (part.empty()) return false;
    const auto allowed = [](char c) { return IsAsciiAlphanumeric(c) || c == '-'; };
    if (!std::ranges::all_of(part, allowed)) return false;
    if (AreAsciiDigits(part) && !leading_zeros && !IsNumericIdentifier(part)) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

}  // namespace

bool IsSemanticVersion(std::string_view version) {
  if (version.size() > 256) return false;
  if (const size_t plus = version.find('+'); plus != std::string_view::npos) {
    if (!AreIdentifiers(version.substr(plus + 1), true)) return false;
    version = version.substr(0, plus);
  }
  if (const size_t minus = version.find('-'); minus != std::string_view::npos) {
    if (!AreIdentifiers(version.substr(minus + 1), false)) return false;
    version = version.substr(0, minus);
  }
  for (int part = 0; part < 3; ++part) {
    const size_t dot = version.find('.');
    if ((dot == std::string_view::npos) != (part == 2) || !IsNumericIdentifier(version.substr(0, dot))) return false;
    if (part < 2) version.remove_prefix(dot + 1);
  }
  return true;
}

}  // namespace winnow
