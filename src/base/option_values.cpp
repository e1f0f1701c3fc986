#include "base/option_values.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>

namespace winnow {
namespace {

std::unexpected<Error> Refuse(std::string why) { return Fail(ErrorCode::kInvalidArgument, std::move(why)); }

template <typename T>
Result<void> ParseReal(std::string_view text, T& value) {
  T parsed = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parsed);
  if (error == std::errc::result_out_of_range) return Refuse("is too large or too small");
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(parsed)) {
    return Refuse("is not a number");
  }
  value = parsed;
  return {};
}

template <typename T>
Result<void> ParseWhole(std::string_view text, T& value) {
  // "3.0" and "3." are whole; "3.5" is not, and neither is ".0".
  std::string_view digits = text;
  if (const size_t point = text.find('.'); point != std::string_view::npos && point > 0) {
    if (text.find_first_not_of('0', point + 1) == std::string_view::npos) digits = text.substr(0, point);
  }
  T parsed = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), parsed);
  if (error == std::errc::result_out_of_range) {
    return Refuse(
        fmt::format("is out of range ({} to {})", std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
  }
  if (error != std::errc() || end != digits.data() + digits.size()) return Refuse("is not a whole number");
  value = parsed;
  return {};
}

/// fmt's shortest form, with "e-05" written as people write it: "e-5".
template <typename T>
std::string FormatReal(T value) {
  std::string text = fmt::format("{}", value);
  const size_t exponent = text.find('e');
  if (exponent == std::string::npos) return text;
  const size_t digits = exponent + 2;  // behind the sign, which fmt always writes
  while (digits + 1 < text.size() && text[digits] == '0') text.erase(digits, 1);
  if (text[exponent + 1] == '+') text.erase(exponent + 1, 1);
  return text;
}

}  // namespace

Result<void> ParseOptionValue(std::string_view text, bool& value) {
  for (const std::string_view yes : {"true", "True", "yes", "on", "1"}) {
    if (text == yes) return value = true, Result<void>();
  }
  for (const std::string_view no : {"false", "False", "no", "off", "0"}) {
    if (text == no) return value = false, Result<void>();
  }
  return Refuse("is neither true nor false");
}

Result<void> ParseOptionValue(std::string_view text, int& value) { return ParseWhole(text, value); }
Result<void> ParseOptionValue(std::string_view text, int64_t& value) { return ParseWhole(text, value); }
Result<void> ParseOptionValue(std::string_view text, uint64_t& value) { return ParseWhole(text, value); }
Result<void> ParseOptionValue(std::string_view text, float& value) { return ParseReal(text, value); }
Result<void> ParseOptionValue(std::string_view text, double& value) { return ParseReal(text, value); }

Result<void> ParseOptionValue(std::string_view text, std::string& value) {
  value = text;
  return {};
}

Result<void> ParseOptionValue(std::string_view text, std::filesystem::path& value) {
  if (text.empty()) return Refuse("is empty; a path is required");
  if (text.find('\0') != std::string_view::npos) return Refuse("contains a NUL byte, which is not allowed in a path");
  value = text;
  return {};
}

std::string FormatOptionValue(bool value) { return value ? "true" : "false"; }
std::string FormatOptionValue(int value) { return fmt::format("{}", value); }
std::string FormatOptionValue(int64_t value) { return fmt::format("{}", value); }
std::string FormatOptionValue(uint64_t value) { return fmt::format("{}", value); }
std::string FormatOptionValue(float value) { return FormatReal(value); }
std::string FormatOptionValue(double value) { return FormatReal(value); }
std::string FormatOptionValue(const std::string& value) { return value; }
std::string FormatOptionValue(const std::filesystem::path& value) { return value.string(); }

}  // namespace winnow
