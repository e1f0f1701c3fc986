#include "evaluate/text_table.h"

#include <algorithm>
#include <cstdio>

#include "text/text_parts.h"

namespace winnow {

size_t DisplayWidth(std::string_view text) { return CountCodePoints(text); }

std::string ShownName(std::string_view name, size_t width) {
  std::string shown;
  size_t columns = 0;
  const bool cut = DisplayWidth(name) > width;
  for (size_t i = 0; i < name.size(); ++i) {
    const auto byte = static_cast<unsigned char>(name[i]);
    const bool starts = (byte & 0xC0) != 0x80;
    if (starts && cut && columns + 1 == width) return shown + "…";
    columns += starts ? 1 : 0;
    // C1 controls are C2 80 ... C2 9F in UTF-8.
    const bool c1 = byte == 0xC2 && i + 1 < name.size() && static_cast<unsigned char>(name[i + 1]) < 0xA0;
    if (byte < 0x20 || byte == 0x7F || c1) {
      shown += '?';
      i += c1 ? 1 : 0;
    } else {
      shown += name[i];
    }
  }
  return shown.empty() ? "''" : shown;
}

std::string MetricText(std::optional<double> value, int digits) {
  if (!value) return "-";
  char text[32];
  std::snprintf(text, sizeof(text), "%.*f", digits, *value);
  return text;
}

std::string RangeText(const std::optional<Interval>& interval, int digits) {
  if (!interval) return "";
  // Appended piece by piece: GCC 12 takes "[" + string for an overlapping copy.
  std::string text = "[";
  return text.append(MetricText(interval->low, digits))
      .append(", ")
      .append(MetricText(interval->high, digits))
      .append("]");
}

std::string TextTable::Text() const {
  std::vector<size_t> widths;
  for (const auto& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], DisplayWidth(row[i]));
  }
  std::string text;
  for (const auto& row : rows_) {
    std::string line = " ";
    for (size_t i = 0; i < row.size(); ++i) {
      const size_t pad = widths[i] - DisplayWidth(row[i]);
      line.append(i == 0 ? 1 : 2, ' ');
      if (i >= left_) line.append(pad, ' ');
      line.append(row[i]);
      if (i < left_) line.append(pad, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

}  // namespace winnow
