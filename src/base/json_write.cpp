#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>
#include <ostream>
#include <ranges>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace winnow {
namespace {

void AppendString(std::string_view text, std::string& out) {
  const auto plain = [](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; };
  if (std::ranges::all_of(text, plain)) {
    out.append(1, '"').append(text).append(1, '"');
  } else {
    out += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
}

/// The shortest decimal that reads back as the same number, written as nlohmann/json writes it: 1.0, 0.25, 1e-07.
void AppendNumber(double value, std::string& out) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  char buffer[32];
  const double magnitude = std::fabs(value);
  const bool fixed = magnitude == 0 || (magnitude >= 1e-4 && magnitude < 1e15);
  const auto format = fixed ? std::chars_format::fixed : std::chars_format::scientific;
  const std::string_view digits(buffer, std::to_chars(buffer, buffer + sizeof(buffer), value, format).ptr);
  out += digits;
  if (fixed && digits.find('.') == std::string_view::npos) out += ".0";
}

class Writer {
 public:
  Writer(int indent, bool sorted, std::string& out) : indent_(indent), sorted_(sorted), out_(out) {}

  void Write(const Json& json, int level = 0) {
    if (json.is_null()) {
      out_ += "null";
    } else if (json.is_boolean()) {
      out_ += json.get<bool>() ? "true" : "false";
    } else if (json.is_number_unsigned()) {
      fmt::format_to(std::back_inserter(out_), "{}", json.get<uint64_t>());
    } else if (json.is_number_integer()) {
      fmt::format_to(std::back_inserter(out_), "{}", json.get<int64_t>());
    } else if (json.is_number_float()) {
      AppendNumber(json.get<double>(), out_);
    } else if (json.is_string()) {
      AppendString(json.str(), out_);
    } else if (json.is_array()) {
      WriteList('[', ']', level, std::ranges::subrange(json.begin(), json.end()),
                [&](const Json& item) { Write(item, level + 1); });
    } else {
      WriteObject(json.items(), level);
    }
  }

 private:
  void WriteObject(const Json::Object& members, int level) {
    const auto write = [&](const Json::Member& member) {
      AppendString(member.first, out_);
      out_ += indent_ < 0 ? ":" : ": ";
      Write(member.second, level + 1);
    };
    if (!sorted_) return WriteList('{', '}', level, members, write);
    std::vector<const Json::Member*> order(members.size());
    std::ranges::transform(members, order.begin(), [](const Json::Member& member) { return &member; });
    std::ranges::sort(order, {}, [](const Json::Member* member) { return std::string_view(member->first); });
    WriteList('{', '}', level, order, [&](const Json::Member* member) { write(*member); });
  }

  template <typename Range, typename WriteItem>
  void WriteList(char open, char close, int level, const Range& items, WriteItem write) {
    out_ += open;
    bool first = true;
    for (const auto& item : items) {
      if (!first) out_ += ',';
      first = false;
      StartLine(level + 1);
      write(item);
    }
    if (!first) StartLine(level);
    out_ += close;
  }

  void StartLine(int level) {
    if (indent_ >= 0) out_.append(1, '\n').append(static_cast<size_t>(indent_ * level), ' ');
  }

  const int indent_;
  const bool sorted_;
  std::string& out_;
};

std::string Dumped(const Json& json, int indent, bool sorted) {
  std::string out;
  Writer(indent, sorted, out).Write(json);
  return out;
}

}  // namespace

std::string Json::dump(int indent) const { return Dumped(*this, indent, /*sorted=*/false); }

std::ostream& operator<<(std::ostream& out, const Json& json) { return out << json.dump(); }

std::string DumpJson(const Json& json) { return Dumped(json, 2, /*sorted=*/true) + "\n"; }

std::string DumpJsonLine(const Json& json) { return Dumped(json, -1, /*sorted=*/true); }

}  // namespace winnow
