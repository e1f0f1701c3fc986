#include "server/json_request.h"

#include <fmt/format.h>

#include <cmath>

namespace winnow {
namespace {

/// Counted before parsing, so that nesting can't exhaust the stack.
bool NestedTooDeep(std::string_view json, int most) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
      continue;
    }
    if (c == '"') in_string = true;
    if ((c == '{' || c == '[') && ++depth > most) return true;
    if (c == '}' || c == ']') --depth;
  }
  return false;
}

}  // namespace

std::expected<Json, Refusal> ParseBody(const HttpRequest& request, const ServiceLimits& limits) {
  return ParseObject(request.body, limits);
}

std::expected<Json, Refusal> ParseObject(std::string_view json, const ServiceLimits& limits) {
  if (NestedTooDeep(json, limits.max_json_depth)) {
    return std::unexpected(
        Refusal{.message = fmt::format("the JSON is nested deeper than {} levels", limits.max_json_depth)});
  }
  Result<Json> parsed = ParseJsonLeniently(json);
  if (!parsed) {
    return std::unexpected(Refusal{.status = 400, .message = "the body is no valid JSON in UTF-8"});
  }
  if (!parsed->is_object()) return std::unexpected(Refusal{.message = "the body must be a JSON object"});
  return *std::move(parsed);
}

const Json* Field(const Json& object, const char* name) {
  const Json* found = object.Find(name);
  return found == nullptr || found->is_null() ? nullptr : found;
}

std::expected<bool, Refusal> FlagOr(const Json& object, const char* name, bool otherwise) {
  const Json* const value = Field(object, name);
  if (value == nullptr) return otherwise;
  if (!value->is_boolean()) {
    return std::unexpected(Refusal{.message = fmt::format("'{}' must be true or false", name)});
  }
  return value->get<bool>();
}

std::expected<std::string, Refusal> StringOr(const Json& object, const char* name, std::string otherwise) {
  const Json* const value = Field(object, name);
  if (value == nullptr) return otherwise;
  if (!value->is_string()) return std::unexpected(Refusal{.message = fmt::format("'{}' must be a string", name)});
  return value->get<std::string>();
}

std::optional<int64_t> WholeNumber(const Json& value, int64_t least, int64_t most) {
  if (!value.is_number()) return std::nullopt;
  const auto number = value.get<double>();
  if (!(number >= static_cast<double>(least) && number <= static_cast<double>(most))) return std::nullopt;
  if (number != std::trunc(number)) return std::nullopt;
  return static_cast<int64_t>(number);
}

std::expected<int64_t, Refusal> IntegerOr(const Json& object, const char* name, int64_t otherwise, int64_t least,
                                          int64_t most) {
  const Json* const value = Field(object, name);
  if (value == nullptr) return otherwise;
  if (const auto number = WholeNumber(*value, least, most)) return *number;
  return std::unexpected(
      Refusal{.message = fmt::format("'{}' must be a whole number from {} to {}", name, least, most)});
}

Refusal TooLong(std::string_view name, const ServiceLimits& limits) {
  return {.status = 413,
          .type = "TooLarge",
          .message = fmt::format("'{}' has more than {} bytes", name, limits.max_text_bytes)};
}

Refusal TooMany(std::string_view name, const ServiceLimits& limits) {
  return {
      .status = 413, .type = "TooLarge", .message = fmt::format("'{}' has more than {} texts", name, limits.max_texts)};
}

std::expected<std::string, Refusal> TextOf(const Json& value, std::string_view name, const ServiceLimits& limits) {
  if (!value.is_string()) return std::unexpected(Refusal{.message = fmt::format("'{}' must be a string", name)});
  const auto& text = value.str();
  if (text.size() > limits.max_text_bytes) return std::unexpected(TooLong(name, limits));
  return text;
}

std::expected<std::vector<std::string>, Refusal> TextsOf(const Json& value, std::string_view name,
                                                         const ServiceLimits& limits) {
  std::vector<std::string> texts;
  if (!value.is_array()) {
    auto text = TextOf(value, name, limits);
    if (!text) return std::unexpected(text.error());
    texts.push_back(std::move(*text));
    return texts;
  }
  if (value.size() > limits.max_texts) return std::unexpected(TooMany(name, limits));
  for (const Json& each : value) {
    auto text = TextOf(each, name, limits);
    if (!text) return std::unexpected(text.error());
    texts.push_back(std::move(*text));
  }
  return texts;
}

std::string Dump(const Json& json) { return json.dump(); }

HttpResponse JsonResponse(const Json& json) { return {.status = 200, .body = Dump(json), .headers = {}}; }

}  // namespace winnow
