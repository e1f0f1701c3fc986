// What src/data makes of tables, for tools/conformance/csv_module.py. Reads lines of JSON from standard input, writes a
// line of JSON for each:
//   {"path", "delimiter"?, "quoting"?, "no_header"?}    a file -> {"columns", "rows": [[cell, ...], ...], "bad"} or
//   {"error"}
//   {"text", "delimiter", "quotes"}                     a text, divided into rows -> {"rows", "open": ends within
//   quotes}
// Cells are hexadecimal.
#include <fmt/format.h>

#include <iostream>
#include <string>

#include "base/json.h"
#include "data/dialect.h"
#include "data/record.h"

namespace winnow {
namespace {

std::string Hex(std::string_view bytes) {
  std::string hex;
  for (const char c : bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return hex;
}

Json FileOutcome(const Json& order) {
  OpenOptions options;
  if (const Json* delimiter = order.Find("delimiter")) options.wishes.dialect.delimiter = delimiter->str().at(0);
  if (order.Find("quoting") != nullptr) options.wishes.dialect.quoting = Quoting::kCsv;
  if (order.Find("no_header") != nullptr) options.wishes.dialect.no_header = true;
  const auto reader = OpenRecords(order.at("path").str(), options);
  if (!reader) return {{"error", reader.error().message}};
  Json rows = Json::array(), columns = Json::array();
  int bad = 0;
  Record record;
  for (;;) {
    const auto step = (*reader)->Next(record);
    if (!step) return {{"error", step.error().message}};
    if (*step == RecordReader::Step::kEnd) break;
    if (*step == RecordReader::Step::kBadRow) {
      ++bad;
      continue;
    }
    Json cells = Json::array();
    for (const Field& field : record.fields) cells.push_back(Hex(field.value.text));
    rows.push_back(std::move(cells));
  }
  for (const std::string& name : (*reader)->columns()) columns.push_back(Hex(name));
  return {{"columns", std::move(columns)}, {"rows", std::move(rows)}, {"bad", bad}};
}

Json TextOutcome(const Json& order) {
  const std::string hex = order.at("text").str();
  std::string text;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) text += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  Dialect dialect;
  dialect.delimiter = order.at("delimiter").str().at(0);
  dialect.quotes = order.at("quotes").get<bool>();
  Json rows = Json::array();
  CsvRow row;
  for (std::string_view rest = text; !rest.empty(); rest.remove_prefix(row.used)) {
    if (CutRow(rest, dialect, '\n', true, row) != RowEnd::kComplete) return {{"rows", std::move(rows)}, {"open", true}};
    Json cells = Json::array();
    for (const std::string& cell : row.fields()) cells.push_back(Hex(cell));
    rows.push_back(std::move(cells));
  }
  return {{"rows", std::move(rows)}, {"open", false}};
}

}  // namespace
}  // namespace winnow

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    const winnow::Json order = winnow::ParsedJson(line);
    const bool is_file = order.Find("path") != nullptr;
    std::cout << winnow::DumpJsonLine(is_file ? winnow::FileOutcome(order) : winnow::TextOutcome(order)) << '\n';
  }
  return 0;
}
