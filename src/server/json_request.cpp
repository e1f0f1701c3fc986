#include "server/json_request.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/json_depth.h"
#include "base/log.h"
#include "base/percent_encoding.h"
#include "base/suggest.h"

namespace winnow {
namespace {

/// No route has a field with a longer name, and what is longer may be a text.
constexpr size_t kLongestFieldName = 40;

/// Returns the error about an unknown field. `place` is the field that contains the object, or empty for the body.
std::unexpected<ApiError> UnknownField(const std::string& name, const Json& properties, const std::string& place) {
  std::vector<std::string> known;
  for (const auto& [property, schema] : properties.items()) known.push_back(property);
  const std::string where = place.empty() ? "" : fmt::format(" in '{}'", place);
  const std::string list = known.size() == 1 ? fmt::format("the only field is '{}'", known.front())
                                             : fmt::format("the fields are '{}'", fmt::join(known, "', '"));
  if (name.size() > kLongestFieldName) {
    return Reject(fmt::format("unknown field with a name of {} bytes{}; {}", name.size(), where, list));
  }
  return Reject(fmt::format("unknown field '{}'{}; {}", Printable(name), where, DidYouMean(name, known, list)));
}

ApiResult<void> CheckFieldsAt(const Json& value, const Json& schema, const std::string& place) {
  const Json* const items = schema.Find("items");
  if (value.is_array() && items != nullptr && items->contains("properties")) {
    for (const Json& each : value) TRY(CheckFieldsAt(each, *items, place));
  }
  const Json* const properties = schema.Find("properties");
  if (!value.is_object() || properties == nullptr) return {};
  const bool closed = schema["additionalProperties"] == false;
  for (const auto& [name, member] : value.items()) {
    const Json* const property = properties->Find(name);
    if (property != nullptr) {
      TRY(CheckFieldsAt(member, *property, place.empty() ? name : place + "." + name));
    } else if (closed) {
      return UnknownField(name, *properties, place);
    }
  }
  return {};
}

/// Other names in a query are none of ours: proxies and gateways add theirs.
ApiResult<void> CheckQuery(std::string_view query, const Json& schema) {
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view parameter = query.substr(0, end);
    const auto name = PercentDecoded(parameter.substr(0, parameter.find('=')));
    if (name && schema["properties"].contains(*name)) {
      return Reject(fmt::format("'{}' must be sent in the body, not in the query string of the URL", *name));
    }
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return {};
}

}  // namespace

ApiResult<Json> ParseBody(const HttpRequest& request, const ServiceLimits& limits, const Json& schema) {
  Json body = TRY(ParseObject(request.body, limits));
  TRY(CheckFields(body, schema));
  TRY(CheckQuery(request.query, schema));
  return body;
}

ApiResult<void> CheckFields(const Json& value, const Json& schema) { return CheckFieldsAt(value, schema, ""); }

ApiResult<Json> ParseObject(std::string_view json, const ServiceLimits& limits) {
  if (NestsDeeperThan(json, limits.max_json_depth)) {
    return Reject(fmt::format("the JSON is nested deeper than {} levels", limits.max_json_depth));
  }
  Result<Json> parsed = ParseJson(json, "body");
  if (!parsed && ParseJsonLeniently(json)) {
    return Reject(400, "Validation",
                  "the body contains an object with a duplicate key, which JSON parsers handle in different ways");
  }
  if (!parsed) return Reject(400, "Validation", "the body is not valid JSON in UTF-8");
  if (!parsed->is_object()) return Reject("the body must be a JSON object");
  return *std::move(parsed);
}

const Json* FindField(const Json& object, const char* name) {
  const Json* found = object.Find(name);
  return found == nullptr || found->is_null() ? nullptr : found;
}

ApiResult<bool> FlagOr(const Json& object, const char* name, bool otherwise) {
  const Json* const value = FindField(object, name);
  if (value == nullptr) return otherwise;
  if (!value->is_boolean()) return Reject(fmt::format("'{}' must be true or false", name));
  return value->get<bool>();
}

ApiResult<std::string> StringOr(const Json& object, const char* name, std::string otherwise) {
  const Json* const value = FindField(object, name);
  if (value == nullptr) return otherwise;
  if (!value->is_string()) return Reject(fmt::format("'{}' must be a string", name));
  return value->get<std::string>();
}

std::optional<int64_t> WholeNumber(const Json& value, int64_t least, int64_t most) {
  if (!value.is_number()) return std::nullopt;
  const auto number = value.get<double>();
  if (!(number >= static_cast<double>(least) && number <= static_cast<double>(most))) return std::nullopt;
  if (number != std::trunc(number)) return std::nullopt;
  return static_cast<int64_t>(number);
}

ApiResult<int64_t> IntegerOr(const Json& object, const char* name, int64_t otherwise, int64_t least, int64_t most) {
  const Json* const value = FindField(object, name);
  if (value == nullptr) return otherwise;
  if (const auto number = WholeNumber(*value, least, most)) return *number;
  return Reject(fmt::format("'{}' must be a whole number from {} to {}", name, least, most));
}

std::unexpected<ApiError> TooLong(std::string_view name, const ServiceLimits& limits) {
  return Reject(413, "TooLarge", fmt::format("'{}' has more than {} bytes", name, limits.max_text_bytes));
}

std::unexpected<ApiError> TooManyTexts(std::string_view name, const ServiceLimits& limits) {
  return Reject(413, "TooLarge", fmt::format("'{}' has more than {} texts", name, limits.max_texts));
}

ApiResult<std::string> TextOf(const Json& value, std::string_view name, const ServiceLimits& limits) {
  if (!value.is_string()) return Reject(fmt::format("'{}' must be a string", name));
  const auto& text = value.str();
  if (text.size() > limits.max_text_bytes) return TooLong(name, limits);
  return text;
}

std::string ElementName(std::string_view list, size_t index) { return fmt::format("{}[{}]", list, index); }

ApiResult<std::vector<std::string>> TextsOf(const Json& value, std::string_view name, const ServiceLimits& limits) {
  std::vector<std::string> texts;
  if (!value.is_array()) {
    texts.push_back(TRY(TextOf(value, name, limits)));
    return texts;
  }
  if (value.size() > limits.max_texts) return TooManyTexts(name, limits);
  for (const Json& each : value) {
    ApiResult<std::string> text = TextOf(each, name, limits);
    if (!text) return std::unexpected(TextOf(each, ElementName(name, texts.size()), limits).error());
    texts.push_back(*std::move(text));
  }
  return texts;
}

std::string JsonArrayText(size_t count, const std::function<Json(size_t)>& element) {
  std::string text = "[";
  for (size_t i = 0; i < count; ++i) {
    if (i > 0) text += ',';
    text += element(i).dump();
  }
  text += ']';
  return text;
}

HttpResponse JsonResponse(const Json& object, std::string_view name, size_t count,
                          const std::function<Json(size_t)>& element) {
  HttpResponse response = {.status = 200, .body = object.dump(), .headers = {}};
  response.body.pop_back();
  response.body += fmt::format(",\"{}\":", name);
  response.body += JsonArrayText(count, element);
  response.body += '}';
  return response;
}

HttpResponse JsonResponse(const Json& json) { return {.status = 200, .body = json.dump(), .headers = {}}; }

}  // namespace winnow
