/// Functions shared by the handlers of JSON requests: reading and checking of bodies, writing of responses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "server/api_error.h"
#include "server/http.h"

namespace winnow {

struct ServiceLimits {
  size_t max_texts = 10000;         ///< maximum number of texts per request
  size_t max_text_bytes = 1 << 20;  ///< maximum number of bytes per text
  size_t max_tokens = 0;            ///< maximum number of tokens per request; 0: no limit
  size_t max_windows = 4096;        ///< maximum number of windows of long texts per request; 0: no limit
  int max_json_depth = 32;
};

/// Returns the request's body, which must be a JSON object with fields of `schema` only (CheckFields). Errors: 400 if
/// it is not valid JSON in UTF-8 or has a key twice in one object; 422 if it is nested too deeply, not an object, or
/// has unknown fields, and if the query of the request has a field of the body: "?model=spam" would be without effect.
ApiResult<Json> ParseBody(const HttpRequest& request, const ServiceLimits& limits, const Json& schema);

/// Parses a JSON object that is a part of the body. Errors: those of ParseBody, except for unknown fields.
ApiResult<Json> ParseObject(std::string_view json, const ServiceLimits& limits);

/// Refuses unknown fields, which are misspelt or not supported: of every object in `value` for which `schema`, a JSON
/// Schema, has "additionalProperties": false, those that are not among its "properties". So the fields that a route
/// accepts are those that /openapi.json describes. Errors: 422, which names the field and suggests a known one.
ApiResult<void> CheckFields(const Json& value, const Json& schema);

/// Returns the field with that name; null if it is absent or JSON's null, which many clients send for absent values.
const Json* FindField(const Json& object, const char* name);
/// Returns a whole number in [least, most], in a range that a double can represent; since JSON has one kind of number,
/// 1.0 is accepted for 1.
std::optional<int64_t> WholeNumber(const Json& value, int64_t least, int64_t most);

// Optional fields, with the value that they have if they are absent. Errors: 422 if a field has another type.
ApiResult<bool> FlagOr(const Json& object, const char* name, bool otherwise);
ApiResult<std::string> StringOr(const Json& object, const char* name, std::string otherwise);
/// Returns an optional whole number, as above. Errors: also 422 if the number is outside [least, most].
ApiResult<int64_t> IntegerOr(const Json& object, const char* name, int64_t otherwise, int64_t least, int64_t most);

/// Returns the error of status 413 for a text, called `name`, of more than limits.max_text_bytes.
std::unexpected<ApiError> TooLong(std::string_view name, const ServiceLimits& limits);
/// Returns the error of status 413 for a list, called `name`, of more than limits.max_texts texts.
std::unexpected<ApiError> TooManyTexts(std::string_view name, const ServiceLimits& limits);

/// Returns a string, which messages call `name`. Errors: 422 if it is not a string; 413 if it is too long.
ApiResult<std::string> TextOf(const Json& value, std::string_view name, const ServiceLimits& limits);
/// Returns the name of an element of a list for messages: "texts[17]".
std::string ElementName(std::string_view list, size_t index);
/// Returns the texts of a string or a list of strings. Errors: those of TextOf, which name the element; 413 if there
/// are too many texts.
ApiResult<std::vector<std::string>> TextsOf(const Json& value, std::string_view name, const ServiceLimits& limits);

/// Returns status 200 with the document on one line; bytes that are not valid UTF-8 become U+FFFD.
HttpResponse JsonResponse(const Json& json);

/// Returns the text of a JSON array of `count` elements, of which element(i) makes one. Only one element at a time is
/// in memory as a tree, which takes ten times the memory of its text.
std::string JsonArrayText(size_t count, const std::function<Json(size_t)>& element);
/// Returns a response with the members of `object`, of which there is at least one, and then an array with that name.
HttpResponse JsonResponse(const Json& object, std::string_view name, size_t count,
                          const std::function<Json(size_t)>& element);

}  // namespace winnow
