#include "store/sql_connection.h"

#include <charconv>

namespace winnow {
namespace {

template <typename T>
T Parsed(std::string_view text) {
  T number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

int64_t SqlRow::Integer(size_t column) const {
  const SqlValue& value = values_[column];
  if (const auto* number = std::get_if<int64_t>(&value)) return *number;
  constexpr double kEnd = 0x1p63;
  if (const auto* real = std::get_if<double>(&value)) {
    return *real >= -kEnd && *real < kEnd ? static_cast<int64_t>(*real) : 0;
  }
  if (const auto* text = std::get_if<std::string>(&value)) return Parsed<int64_t>(*text);
  return 0;
}

double SqlRow::Real(size_t column) const {
  const SqlValue& value = values_[column];
  if (const auto* number = std::get_if<int64_t>(&value)) return static_cast<double>(*number);
  if (const auto* real = std::get_if<double>(&value)) return *real;
  if (const auto* text = std::get_if<std::string>(&value)) return Parsed<double>(*text);
  return 0;
}

bool SqlRow::Boolean(size_t column) const {
  const auto* const text = std::get_if<std::string>(&values_[column]);
  return text != nullptr ? *text == "t" || *text == "true" || *text == "1" : Integer(column) != 0;
}

std::string SqlRow::Text(size_t column) const {
  const SqlValue& value = values_[column];
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  char buffer[40];
  std::to_chars_result end{buffer, {}};
  if (const auto* number = std::get_if<int64_t>(&value)) end = std::to_chars(buffer, std::end(buffer), *number);
  if (const auto* real = std::get_if<double>(&value)) end = std::to_chars(buffer, std::end(buffer), *real);
  return std::string(buffer, end.ptr);
}

SqlResult<std::unique_ptr<SqlConnection>> OpenSqlConnection(const StoreAddress& address, const SqlLimits& limits,
                                                            bool read_only) {
  if (address.kind == StoreAddress::kSqlite) return OpenSqlite(address, limits, read_only);
  return OpenPostgres(address, limits);
}

}  // namespace winnow
