#include "server/json_request.h"

#include <fmt/format.h>

namespace winnow {
namespace {

using Json = nlohmann::json;

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
  if (NestedTooDeep(request.body, limits.max_json_depth)) {
    return std::unexpected(
        Refusal{.message = fmt::format("the JSON is nested deeper than {} levels", limits.max_json_depth)});
  }
  Json body = Json::parse(request.body, nullptr, /*allow_exceptions=*/false);
  if (body.is_discarded()) {
    return std::unexpected(Refusal{.status = 400, .message = "the body is no valid JSON in UTF-8"});
  }
  if (!body.is_object()) return std::unexpected(Refusal{.message = "the body must be a JSON object"});
  return body;
}

std::expected<std::string, Refusal> TextOf(const Json& value, std::string_view name, const ServiceLimits& limits) {
  if (!value.is_string()) return std::unexpected(Refusal{.message = fmt::format("'{}' must be a string", name)});
  const auto& text = value.get_ref<const std::string&>();
  if (text.size() > limits.max_text_bytes) {
    return std::unexpected(Refusal{.status = 413,
                                   .type = "TooLarge",
                                   .message = fmt::format("'{}' has more than {} bytes", name, limits.max_text_bytes)});
  }
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
  if (value.size() > limits.max_texts) {
    return std::unexpected(Refusal{.status = 413,
                                   .type = "TooLarge",
                                   .message = fmt::format("'{}' has more than {} texts", name, limits.max_texts)});
  }
  for (const Json& each : value) {
    auto text = TextOf(each, name, limits);
    if (!text) return std::unexpected(text.error());
    texts.push_back(std::move(*text));
  }
  return texts;
}

std::string Dump(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

HttpResponse JsonResponse(const nlohmann::ordered_json& json) {
  return {.status = 200, .body = Dump(json), .headers = {}};
}

}  // namespace winnow
