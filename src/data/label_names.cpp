#include "data/label_names.h"

#include <algorithm>
#include <charconv>
#include <cmath>

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

std::optional<double> NumberOf(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) return {};
  return number;
}

/// Cuts one item off the text between the brackets of a Python list: a quoted string or a number.
bool CutItem(std::string_view& rest, Value& list) {
  const char quote = rest.empty() ? '\0' : rest.front();
  if (quote == '\'' || quote == '"') {
    std::string item;
    size_t i = 1;
    for (; i < rest.size() && rest[i] != quote; ++i) {
      if (rest[i] == '\\' && i + 1 < rest.size()) ++i;
      item += rest[i];
    }
    if (i >= rest.size()) return false;
    rest.remove_prefix(i + 1);
    list.items.push_back(std::move(item));
    return true;
  }
  const std::string_view item = TrimAscii(rest.substr(0, rest.find(',')));
  const std::optional<double> number = NumberOf(item);
  if (!number) return false;
  list.items.push_back(NumberName(item));
  list.shares.push_back(*number);
  rest.remove_prefix(std::min(rest.find(','), rest.size()));
  return true;
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
  const std::optional<double> value = NumberOf(number);
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
  std::string key = FoldCase(CleanLabelName(name));
  std::erase_if(key, [](char c) { return c == ' ' || c == '-' || c == '_'; });
  return key;
}

std::optional<Value> ParsePythonList(std::string_view text) {
  text = TrimAscii(text);
  if (text.size() < 2 || text.front() != '[' || text.back() != ']') return std::nullopt;
  std::string_view rest = TrimAscii(text.substr(1, text.size() - 2));
  Value list;
  list.kind = Value::Kind::kList;
  while (!rest.empty()) {
    if (!CutItem(rest, list)) return std::nullopt;
    rest = TrimAscii(rest);
    if (rest.empty()) break;
    if (rest.front() != ',') return std::nullopt;
    rest = TrimAscii(rest.substr(1));
  }
  if (list.shares.size() != list.items.size()) list.shares.clear();
  return list;
}

bool IsMultiHot(const Value& value) {
  return value.kind == Value::Kind::kList && value.shares.size() >= 2 && value.shares.size() == value.items.size() &&
         std::ranges::all_of(value.shares, [](double number) { return number == 0 || number == 1; });
}

}  // namespace winnow
