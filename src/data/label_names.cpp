#include "data/label_names.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/ascii.h"
#include "base/parse_number.h"
#include "text/case_fold.h"
#include "text/character_classes.h"
#include "text/normal_form.h"
#include "text/text_parts.h"
#include "text/utf8.h"

namespace winnow {
namespace {

/// Zero-width characters, marks of direction and byte order marks, which copying from pages and spreadsheets leaves.
bool IsInvisible(char32_t c) {
  return (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x2064) || c == 0xFEFF ||
         c == 0xAD;
}

/// Removes one pair of quotes around a name: 'spam', "spam", \u2018spam\u2019.
std::string_view WithoutQuotes(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kQuotes = {
      {{"'", "'"}, {"\"", "\""}, {"`", "`"}, {"\u2018", "\u2019"}, {"\u201C", "\u201D"}}};
  for (const auto& [open, close] : kQuotes) {
    if (name.size() > open.size() + close.size() && name.starts_with(open) && name.ends_with(close)) {
      return TrimAscii(name.substr(open.size(), name.size() - open.size() - close.size()));
    }
  }
  return name;
}

/// Returns true for a hyphen or space that only separates words. A sign, and what separates digits, tells labels apart.
bool IsSeparator(std::string_view name, size_t at) {
  constexpr std::string_view kSeparators = " -_";
  if (kSeparators.find(name[at]) == std::string_view::npos || at == 0 || at + 1 == name.size()) return false;
  return !IsAsciiDigit(name[at - 1]) || !IsAsciiDigit(name[at + 1]);
}

}  // namespace

std::string CleanLabelName(std::string_view name) {
  const bool ascii = std::ranges::all_of(name, [](char c) { return (c & 0x80) == 0; });
  if (ascii) return std::string(TrimAscii(name));
  std::string visible;
  size_t end = 0;  // of the last character that is not white space
  for (size_t i = 0; i < name.size();) {
    const char32_t c = NextCodePoint(name, i);
    const bool space = ClassOf(c) == CharacterClass::kSpace;
    if (IsInvisible(c) || (space && visible.empty())) continue;
    AppendUtf8(c, visible);
    if (!space) end = visible.size();
  }
  visible.resize(end);
  return Normalize(visible, NormalForm::kNfc);
}

std::string NumberName(std::string_view number) {
  const std::optional<double> value = LabelNumber(number);
  constexpr double kExact = 9007199254740992;  // 2^53: larger whole numbers are not told apart
  if (!value || *value != std::floor(*value) || std::abs(*value) >= kExact) return std::string(number);
  return std::to_string(static_cast<int64_t>(*value));
}

std::string LabelKey(std::string_view name) {
  std::string clean = CleanLabelName(name);
  if (clean == "True" || clean == "TRUE") return "true";
  if (clean == "False" || clean == "FALSE") return "false";
  return NumberName(clean);
}

std::string SimilarLabelKey(std::string_view name) {
  const std::string clean = CleanLabelName(name);
  const std::string value = FoldCase(LabelKey(WithoutQuotes(clean)));
  if (value == "true") return "1";
  if (value == "false") return "0";
  if (LabelNumber(value)) return value;
  std::string key;
  for (size_t i = 0; i < value.size(); ++i) {
    if (!IsSeparator(value, i)) key += value[i];
  }
  return key;
}

std::optional<double> LabelNumber(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  const std::optional<double> number = ParseNumber<double>(text);
  return number && std::isfinite(*number) ? number : std::nullopt;
}

bool IsMissingLabel(std::string_view name) {
  // The default na_values of pandas.read_csv (pandas 2.2), and \N of MySQL and PostgreSQL.
  constexpr std::array<std::string_view, 20> kMissing = {
      "",     "#N/A", "#N/A N/A", "#NA",  "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
      "<NA>", "N/A",  "NA",       "NULL", "NaN",     "None",     "n/a",  "nan",  "null",   "\\N"};
  return std::ranges::find(kMissing, TrimAscii(name)) != kMissing.end();
}

}  // namespace winnow
