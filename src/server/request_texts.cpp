#include "server/request_texts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "base/log.h"
#include "base/suggest.h"
#include "text/input_text.h"

namespace winnow {
namespace {

/// Far more than any template has.
constexpr size_t kMostSegments = 16;
/// What is longer may be a text, and is not compared with names.
constexpr size_t kLongestFieldName = 40;

/// A string of a user's is one segment; what divides segments in files becomes a space in it, as when files are read.
ApiResult<InputText> PlainText(const Json& value, std::string_view name, const ServiceLimits& limits) {
  return WithoutSeparators(TRY(TextOf(value, name, limits)));
}

ApiResult<InputText> ReadSegments(const Json& list, std::string_view name, const ServiceLimits& limits) {
  if (list.empty() || list.size() > kMostSegments) {
    return Reject(fmt::format("'{}': a list must contain the segments of one text, at most {}", name, kMostSegments));
  }
  std::vector<std::string> segments;
  size_t bytes = 0;
  for (const Json& each : list) {
    std::string segment = TRY(TextOf(each, name, limits));
    bytes += segment.size() + (segments.empty() ? 0 : 1);
    if (bytes > limits.max_text_bytes) return TooLong(name, limits);
    segments.push_back(std::move(segment));
  }
  return InputText::OfSegments(segments);
}

ApiResult<void> AddText(const Json& value, std::string_view name, const ServiceLimits& limits, RequestTexts& to) {
  if (value.is_object()) {
    to.rows.emplace_back(to.texts.size(), value);
    to.texts.emplace_back();
    return {};
  }
  to.texts.push_back(TRY(value.is_array() ? ReadSegments(value, name, limits) : PlainText(value, name, limits)));
  return {};
}

/// Refuses a row in which a field of the template seems to be misspelt. Other fields are those of the user's tables.
ApiResult<void> CheckSpelling(const std::vector<std::string>& fields, const Json& row) {
  std::vector<std::string> absent;
  std::ranges::copy_if(fields, std::back_inserter(absent),
                       [&](const std::string& field) { return !row.contains(field); });
  for (const auto& [name, value] : row.items()) {
    if (absent.empty() || name.size() > kLongestFieldName || std::ranges::find(fields, name) != fields.end()) continue;
    if (const std::string suggestion = DidYouMean(name, absent, ""); !suggestion.empty()) {
      return Reject(fmt::format("the model's text template has no field '{}'; {}", Printable(name), suggestion));
    }
  }
  return {};
}

/// Returns the text that the template makes of a row. `fields` are the names of the template's fields.
ApiResult<InputText> TextOfRow(const TextTemplate& text_template, const std::vector<std::string>& fields,
                               const Json& row, const ServiceLimits& limits) {
  TRY(CheckSpelling(fields, row));
  bool any = false;
  for (const std::string& field : fields) {
    const Json* const found = row.Find(field);
    if (found == nullptr || found->is_null()) continue;
    if (!found->is_string()) return Reject(fmt::format("the field '{}' must be a string", field));
    any = true;
  }
  if (!any) {
    return Reject(
        fmt::format("an object has none of the fields of the model's text template: {}", fmt::join(fields, ", ")));
  }
  std::string text;
  text_template.Render(
      [&](std::string_view name) {
        const Json* const found = row.Find(name);
        if (found == nullptr || found->is_null()) return std::string_view();
        return std::string_view(found->str());
      },
      text);
  if (text.size() > limits.max_text_bytes) return TooLong("text", limits);
  return InputText::OfJoined(std::move(text));
}

}  // namespace

ApiResult<RequestTexts> ReadText(const Json& value, std::string_view name, const ServiceLimits& limits) {
  RequestTexts texts;
  TRY(AddText(value, name, limits, texts));
  return texts;
}

ApiResult<RequestTexts> ReadTexts(const Json& value, std::string_view name, const ServiceLimits& limits) {
  if (!value.is_array()) return Reject(fmt::format("'{}' must be a list of texts", name));
  if (value.size() > limits.max_texts) return TooManyTexts(name, limits);
  RequestTexts texts;
  texts.texts.reserve(value.size());
  for (const Json& each : value) {
    const size_t index = texts.texts.size();
    if (AddText(each, name, limits, texts)) continue;
    return std::unexpected(AddText(each, ElementName(name, index), limits, texts).error());
  }
  return texts;
}

ApiResult<void> FitToModel(RequestTexts& texts, const BundleClassifier& classifier, const ServiceLimits& limits,
                           bool pairs) {
  const size_t most = std::max<size_t>(classifier.segments(), pairs ? 2 : 1);
  for (const InputText& text : texts.texts) {
    if (text.segments() <= most) continue;
    if (most == 1) {
      return Reject(
          "a list is one text of several segments, and this model reads texts of one segment; to classify several "
          "texts, use 'texts' with one string per text");
    }
    return Reject(fmt::format("a list has more than the {} segments that the model reads", most));
  }
  if (texts.rows.empty()) return {};
  const TextTemplate* const text_template = classifier.text_template();
  if (text_template == nullptr) {
    return Reject("objects require a model with a text template, and this model has none");
  }
  const std::vector<std::string> fields = text_template->fields();
  for (const auto& [text, row] : texts.rows) {
    texts.texts[text] = TRY(TextOfRow(*text_template, fields, row, limits));
  }
  return {};
}

}  // namespace winnow
