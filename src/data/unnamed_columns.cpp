#include "data/unnamed_columns.h"

#include <algorithm>

#include "base/ascii.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

/// Returns true if the first row consists of two words, of which the one in the column `key` does not recur.
bool BeginsWithNames(std::span<const Record> sample, const TwoShapes& shapes, size_t key) {
  const auto is_name = [](const Field& field) {
    const std::string& name = field.value.text;
    return !name.empty() && name.size() <= 32 && IsAsciiLetter(name[0]) &&
           std::ranges::all_of(name, [](char c) { return IsAsciiAlphanumeric(c) || c == '_' || c == '-'; });
  };
  return sample.size() >= 2 && std::ranges::all_of(sample[0].fields, is_name) &&
         shapes[key].counts.at(sample[0].fields[key].value.text) == 1;
}

}  // namespace

TwoShapes ShapesOf(std::span<const Record> sample) {
  TwoShapes shapes;
  for (const Record& record : sample) {
    for (size_t i = 0; i < 2 && i < record.fields.size(); ++i) {
      const std::string& text = record.fields[i].value.text;
      ++shapes[i].counts[text];
      shapes[i].spaces += static_cast<size_t>(std::ranges::count(text, ' '));
    }
  }
  for (ColumnShape& shape : shapes) shape.distinct = shape.counts.size();
  return shapes;
}

std::optional<size_t> UnnamedLabelColumn(const TwoShapes& shapes, bool label_first) {
  for (const size_t i : {0U, 1U}) {
    const ColumnShape& label = shapes[i];
    const ColumnShape& text = shapes[1 - i];
    if (label.distinct < text.distinct && label.spaces <= text.spaces) return i;
    if (label.distinct == text.distinct && label.spaces == 0 && text.spaces > 0) return i;
  }
  if (label_first && shapes[0].spaces == 0) return 0;
  return std::nullopt;
}

bool LooksLikeHeader(std::span<const Record> sample, const TwoShapes& shapes, size_t label) {
  const std::string& name = sample[0].fields[label].value.text;
  const std::string& other = sample[0].fields[1 - label].value.text;
  return sample.size() >= 8 && shapes[label].counts.at(name) == 1 && shapes[label].distinct * 2 <= sample.size() &&
         other.size() <= 32 && other.find(' ') == std::string::npos;
}

bool MayBeHeaderOfWords(std::span<const Record> sample, const TwoShapes& shapes, size_t label) {
  constexpr size_t kLongestName = 40;
  const auto may_be_name = [](const Field& field) {
    const std::string_view name = TrimAscii(field.value.text);
    return !name.empty() && name.size() <= kLongestName &&
           name.find_first_of("0123456789.,;:!?@/\n\"") == std::string_view::npos;
  };
  return sample.size() >= 8 && shapes[label].counts.at(sample[0].fields[label].value.text) == 1 &&
         shapes[label].distinct * 2 <= sample.size() && std::ranges::all_of(sample[0].fields, may_be_name);
}

bool HasNameAboveNumbers(std::span<const Record> sample, const TwoShapes& shapes, size_t key) {
  return BeginsWithNames(sample, shapes, key) && std::ranges::all_of(sample.subspan(1), [&](const Record& record) {
           const std::string& text = record.fields[key].value.text;
           return !text.empty() && AreAsciiDigits(text);
         });
}

bool HasNameAboveTexts(std::span<const Record> sample, const TwoShapes& shapes, size_t key) {
  const auto texts = std::ranges::count_if(sample.subspan(1), [&](const Record& record) {
    return record.fields[1 - key].value.text.find(' ') != std::string::npos;
  });
  return BeginsWithNames(sample, shapes, key) && shapes[key].distinct == sample.size() &&
         static_cast<size_t>(texts) * 2 >= sample.size() - 1;
}

bool DividesSentences(std::span<const Record> sample) {
  return std::ranges::all_of(sample, [](const Record& record) { return record.fields[1].value.text.starts_with(' '); });
}

}  // namespace winnow
