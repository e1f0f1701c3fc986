#include "server/request_texts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "text/input_text.h"

namespace winnow {
namespace {

/// Far more than any template has.
constexpr size_t kMostSegments = 16;

std::unexpected<Refusal> Refuse(std::string message) { return std::unexpected(Refusal{.message = std::move(message)}); }

/// A string of a user's is one segment; what divides segments in files becomes a space in it, as when files are read.
std::expected<InputText, Refusal> PlainText(const Json& value, std::string_view name, const ServiceLimits& limits) {
  auto text = TextOf(value, name, limits);
  if (!text) return std::unexpected(text.error());
  return WithoutSeparators(std::move(*text));
}

std::expected<InputText, Refusal> ReadSegments(const Json& list, std::string_view name, const ServiceLimits& limits) {
  if (list.empty() || list.size() > kMostSegments) {
    return Refuse(fmt::format("'{}': a list is of one text's segments, {} at most", name, kMostSegments));
  }
  std::vector<std::string> segments;
  size_t bytes = 0;
  for (const Json& each : list) {
    auto segment = TextOf(each, name, limits);
    if (!segment) return std::unexpected(segment.error());
    bytes += segment->size() + (segments.empty() ? 0 : 1);
    if (bytes > limits.max_text_bytes) return std::unexpected(TooLong(name, limits));
    segments.push_back(std::move(*segment));
  }
  return InputText::OfSegments(segments);
}

std::expected<void, Refusal> AddText(const Json& value, std::string_view name, const ServiceLimits& limits,
                                     RequestTexts& to) {
  if (value.is_object()) {
    to.rows.emplace_back(to.texts.size(), value);
    to.texts.emplace_back();
    return {};
  }
  auto text = value.is_array() ? ReadSegments(value, name, limits) : PlainText(value, name, limits);
  if (!text) return std::unexpected(text.error());
  to.texts.push_back(std::move(*text));
  return {};
}

/// `fields`: the template's.
std::expected<InputText, Refusal> TextOfRow(const TextTemplate& text_template, const std::vector<std::string>& fields,
                                            const Json& row, const ServiceLimits& limits) {
  bool any = false;
  for (const std::string& field : fields) {
    const Json* const found = row.Find(field);
    if (found == nullptr || found->is_null()) continue;
    if (!found->is_string()) return Refuse(fmt::format("the field '{}' must be a string", field));
    any = true;
  }
  if (!any) {
    return Refuse(fmt::format("an object has none of the fields that the model reads: {}", fmt::join(fields, ", ")));
  }
  std::string text;
  text_template.Render(
      [&](std::string_view name) {
        const Json* const found = row.Find(name);
        if (found == nullptr || found->is_null()) return std::string_view();
        return std::string_view(found->str());
      },
      text);
  if (text.size() > limits.max_text_bytes) return std::unexpected(TooLong("text", limits));
  return InputText::OfJoined(std::move(text));
}

}  // namespace

std::expected<RequestTexts, Refusal> ReadText(const Json& value, std::string_view name, const ServiceLimits& limits) {
  RequestTexts texts;
  if (const auto added = AddText(value, name, limits, texts); !added) return std::unexpected(added.error());
  return texts;
}

std::expected<RequestTexts, Refusal> ReadTexts(const Json& value, std::string_view name, const ServiceLimits& limits) {
  if (!value.is_array()) return Refuse(fmt::format("'{}' must be a list of texts", name));
  if (value.size() > limits.max_texts) return std::unexpected(TooMany(name, limits));
  RequestTexts texts;
  texts.texts.reserve(value.size());
  for (const Json& each : value) {
    if (const auto added = AddText(each, name, limits, texts); !added) return std::unexpected(added.error());
  }
  return texts;
}

std::expected<void, Refusal> FitToModel(RequestTexts& texts, const BundleClassifier& classifier,
                                        const ServiceLimits& limits) {
  const size_t most = std::max<size_t>(classifier.segments(), 2);
  for (const InputText& text : texts.texts) {
    if (text.segments() <= most) continue;
    return Refuse(fmt::format("a list has more segments than the {} that the model reads", most));
  }
  if (texts.rows.empty()) return {};
  const TextTemplate* const text_template = classifier.text_template();
  if (text_template == nullptr) {
    return Refuse("the model reads texts as they are: objects are for models with a text template");
  }
  const std::vector<std::string> fields = text_template->fields();
  for (const auto& [text, row] : texts.rows) {
    auto made = TextOfRow(*text_template, fields, row, limits);
    if (!made) return std::unexpected(made.error());
    texts.texts[text] = std::move(*made);
  }
  return {};
}

}  // namespace winnow
