// Writes JSON as src/base/json_write.cpp does, on one line. That file's libraries (streams, locales, the standard
// library's tables for numbers) would be more than half of the module.
#include <fmt/format.h>

#include <cmath>
#include <string>
#include <string_view>

#include "base/json.h"

namespace winnow {
namespace {

void AppendString(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<int>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

/// The shortest decimal that reads back as the same number: 1.0, 0.25, 1e-07.
void AppendNumber(double value, std::string& out) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  std::string digits = fmt::format("{}", value);
  const bool fixed = digits.find_first_of("e.") == std::string::npos;
  const double magnitude = std::fabs(value);
  if (fixed && magnitude >= 1e15) {  // where fmt still writes an integer: 16 digits
    const size_t first = digits[0] == '-' ? 1 : 0;
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.size() > first + 1) digits.insert(first + 1, ".");
    digits += "e+15";
  } else if (fixed) {
    digits += ".0";
  }
  out += digits;
}

void Append(const Json& json, std::string& out) {
  const char* separator = "";
  if (json.is_null()) {
    out += "null";
  } else if (json.is_boolean()) {
    out += json.get<bool>() ? "true" : "false";
  } else if (json.is_number_unsigned()) {
    out += fmt::format_int(json.get<uint64_t>()).c_str();
  } else if (json.is_number_integer()) {
    out += fmt::format_int(json.get<int64_t>()).c_str();
  } else if (json.is_number_float()) {
    AppendNumber(json.get<double>(), out);
  } else if (json.is_string()) {
    AppendString(json.str(), out);
  } else if (json.is_array()) {
    out += '[';
    for (const Json& element : json) {
      out += separator;
      Append(element, out);
      separator = ",";
    }
    out += ']';
  } else {
    out += '{';
    for (const auto& [name, value] : json.items()) {
      out += separator;
      AppendString(name, out);
      out += ':';
      Append(value, out);
      separator = ",";
    }
    out += '}';
  }
}

}  // namespace

/// Whatever the indentation: only messages quote values.
std::string Json::dump(int) const { return DumpJsonLine(*this); }

std::string DumpJson(const Json& json) { return DumpJsonLine(json) + "\n"; }

std::string DumpJsonLine(const Json& json) {
  std::string out;
  Append(json, out);
  return out;
}

}  // namespace winnow
