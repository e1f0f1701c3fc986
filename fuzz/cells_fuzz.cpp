// Any bytes as tables and their cells: a row that was divided at its delimiters is written as one that is divided
// alike; lists of labels, text templates, filters, redactions.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "data/dialect.h"
#include "data/filter.h"
#include "data/label_lists.h"
#include "doctor/review.h"
#include "input_bytes.h"
#include "text/pattern.h"
#include "text/redaction.h"
#include "text/text_limits.h"
#include "text/text_template.h"
#include "text/utf8.h"

namespace {

/// A field as RFC 4180 has it.
std::string Quoted(std::string_view cell) {
  std::string quoted = "\"";
  for (const char c : cell) quoted.append(c == '"' ? 2 : 1, c);
  return quoted + '"';
}

void CutRows(std::string_view text, winnow::Dialect dialect) {
  winnow::CsvRow row, again;
  for (int rows = 0; rows < 50 && !text.empty(); ++rows) {
    const winnow::RowEnd end = winnow::CutRow(text, dialect, '\n', true, row);
    if (end == winnow::RowEnd::kNeedsMore) std::abort();
    if (end == winnow::RowEnd::kOpenQuote) return;
    if (row.used == 0 || row.used > text.size()) std::abort();
    text.remove_prefix(row.used);
    std::string written;
    for (const std::string& cell : row.fields()) written += (written.empty() ? "" : ",") + Quoted(cell);
    if (winnow::CutRow(written + "\n", {}, '\n', true, again) != winnow::RowEnd::kComplete) std::abort();
    if (!std::ranges::equal(again.fields(), row.fields())) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  constexpr const char* kEndings[] = {".csv", ".tsv", ".txt"};
  if (const auto dialect = winnow::DetectDialect(text, kEndings[size % 3], {})) CutRows(text, *dialect);
  CutRows(text, {.delimiter = size % 2 == 0 ? ',' : '\t', .quotes = size % 5 != 0});
  if (winnow::ReadCell(winnow::SafeCell(text)) != text) std::abort();

  if (const auto list = winnow::ParseLabelList(text)) static_cast<void>(winnow::MultiHotBits(*list));
  static_cast<void>(winnow::ParseSeparatedBits(text));
  if (const auto filter = winnow::Filter::Parse(text)) static_cast<void>(filter->fields());
  if (const auto pattern = winnow::TextTemplate::Parse(text)) {
    std::string made;
    pattern->Render([&](std::string_view) { return text.substr(0, 100); }, made);
  }
  static_cast<void>(winnow::ParseRedaction(text));
  const winnow::Redaction everything = {.numbers = true, .urls = true, .addresses = true};
  std::string valid;
  for (size_t i = 0; i < text.size();) winnow::AppendUtf8(winnow::NextCodePoint(text, i), valid);
  const std::string redacted = winnow::Redact(valid, everything);
  if (winnow::Redact(redacted, everything) != redacted || !winnow::IsRedactionOf(redacted, valid)) std::abort();

  winnow::InputBytes input(data, size);
  const std::string regex(input.Until('\n'));
  if (const auto pattern = winnow::Pattern::OfRegex(regex, "fuzz")) {
    try {
      const std::string_view searched = input.Rest();
      size_t at = 0;
      for (const winnow::PatternMatch& match : pattern->FindAll(searched)) {
        if (match.begin < at || match.end < match.begin || match.end > searched.size()) std::abort();
        at = match.end;
      }
    } catch (const winnow::TextLimitExceeded&) {  // which is what the limit is for
    }
  }
  return 0;
}
