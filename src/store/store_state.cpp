#include "store/store_state.h"

#include <fmt/format.h>

#include <cmath>

#include "text/utf8.h"

namespace winnow {

void Conditions::Add(std::string_view condition, SqlValue value) {
  const size_t at = condition.find("{}");
  if (!clause_.empty()) clause_ += " AND ";
  clause_ += condition.substr(0, at);
  clause_ += Bind(std::move(value));
  clause_ += condition.substr(at + 2);
}

std::string Conditions::Bind(SqlValue value) {
  values_.push_back(std::move(value));
  return fmt::format("${}", values_.size());
}

SqlValue Nullable(const std::optional<std::string>& text) { return text ? SqlValue(*text) : SqlValue(); }
SqlValue Nullable(const std::optional<double>& number) { return number ? SqlValue(*number) : SqlValue(); }
SqlValue Nullable(const std::optional<bool>& value) { return value ? SqlValue(int64_t{*value}) : SqlValue(); }

std::optional<std::string> OptionalText(const SqlRow& row, size_t column) {
  if (row.IsNull(column)) return std::nullopt;
  return row.Text(column);
}

std::optional<double> OptionalReal(const SqlRow& row, size_t column) {
  if (row.IsNull(column)) return std::nullopt;
  return row.Real(column);
}

std::optional<bool> OptionalBoolean(const SqlRow& row, size_t column) {
  if (row.IsNull(column)) return std::nullopt;
  return row.Boolean(column);
}

StoreTime TimeOf(const SqlRow& row, size_t column) { return ParseTimeText(row.Text(column)).value_or(StoreTime()); }

std::string StorableText(std::string_view text) {
  std::string storable;
  storable.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const char32_t c = NextCodePoint(text, i);
    AppendUtf8(c == 0 ? U'\uFFFD' : c, storable);
  }
  return storable;
}

std::string LikePattern(std::string_view part) {
  std::string pattern = "%";
  for (const char c : part) {
    if (c == '%' || c == '_' || c == '!') pattern += '!';
    pattern += c;
  }
  return pattern + "%";
}

Result<void> CheckName(std::string_view name, std::string_view what, bool may_be_empty) {
  constexpr size_t kLongest = 1024;
  if (name.empty() && may_be_empty) return {};
  if (name.empty())
    return Fail(ErrorCode::kInvalidArgument, fmt::format("the {} is empty", what), fmt::format("specify the {}", what));
  if (name.size() > kLongest) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("the {} has {} bytes, at most {} are allowed", what, name.size(), kLongest),
                "use a shorter one");
  }
  if (StorableText(name) != name)
    return Fail(ErrorCode::kInvalidArgument, fmt::format("the {} is not valid UTF-8 or contains a zero byte", what),
                "specify it in UTF-8");
  return {};
}

Result<void> CheckOptionalName(const std::optional<std::string>& name, std::string_view what) {
  return name ? CheckName(*name, what, true) : Result<void>();
}

Result<void> CheckFinite(double number, std::string_view what) {
  if (std::isfinite(number)) return {};
  return Fail(ErrorCode::kInvalidArgument, fmt::format("the {} is {}, not a finite number", what, number));
}

StoreTime OrNow(StoreTime time) { return time == StoreTime() ? StoreNow() : time; }

}  // namespace winnow
