/// Parsing and formatting of option values, for the field types that options.h supports.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace winnow {

/// Parses the whole of `text`. The message of an error continues a sentence that begins with "'TEXT' ": "is not a whole
/// number".
/// Whole numbers may be written with a fraction of zero ("3.0", as Hugging Face prints epochs). NaN and infinity are
/// refused.
Result<void> ParseOptionValue(std::string_view text, bool& value);  // true false yes no on off 1 0
Result<void> ParseOptionValue(std::string_view text, int& value);
Result<void> ParseOptionValue(std::string_view text, int64_t& value);
Result<void> ParseOptionValue(std::string_view text, uint64_t& value);
Result<void> ParseOptionValue(std::string_view text, float& value);
Result<void> ParseOptionValue(std::string_view text, double& value);
Result<void> ParseOptionValue(std::string_view text, std::string& value);
Result<void> ParseOptionValue(std::string_view text, std::filesystem::path& value);

template <typename T>
Result<void> ParseOptionValue(std::string_view text, std::optional<T>& value) {
  return ParseOptionValue(text, value.emplace());
}

/// Returns the value as help texts show it: the shortest text that parses as that value ("2e-5", "0.01").
std::string FormatOptionValue(bool value);
std::string FormatOptionValue(int value);
std::string FormatOptionValue(int64_t value);
std::string FormatOptionValue(uint64_t value);
std::string FormatOptionValue(float value);
std::string FormatOptionValue(double value);
std::string FormatOptionValue(const std::string& value);
std::string FormatOptionValue(const std::filesystem::path& value);

template <typename T>
std::string FormatOptionValue(const std::optional<T>& value) {
  return value ? FormatOptionValue(*value) : "";
}

/// Returns the placeholder for a value of this type in usage lines: "N", "X", "FILE", "TEXT".
constexpr const char* ValueNameOf(const bool*) { return ""; }
constexpr const char* ValueNameOf(const int*) { return "N"; }
constexpr const char* ValueNameOf(const int64_t*) { return "N"; }
constexpr const char* ValueNameOf(const uint64_t*) { return "N"; }
constexpr const char* ValueNameOf(const float*) { return "X"; }
constexpr const char* ValueNameOf(const double*) { return "X"; }
constexpr const char* ValueNameOf(const std::string*) { return "TEXT"; }
constexpr const char* ValueNameOf(const std::filesystem::path*) { return "FILE"; }
template <typename T>
constexpr const char* ValueNameOf(const std::optional<T>*) {
  return ValueNameOf(static_cast<const T*>(nullptr));
}

}  // namespace winnow
