/// What handlers of JSON share: bodies read and checked, answers written.
#pragma once

#include <cstddef>
#include <cstdint>
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
  size_t max_texts = 10000;         ///< of one request
  size_t max_text_bytes = 1 << 20;  ///< of one text
  int max_json_depth = 32;
};

/// The request's body, which must be a JSON object. Errors: 400 if it is not valid JSON in UTF-8; 422 if it is nested
/// too deeply or not an object.
ApiResult<Json> ParseBody(const HttpRequest& request, const ServiceLimits& limits);

/// A JSON object that is only a part of the body. Errors: as for ParseBody.
ApiResult<Json> ParseObject(std::string_view json, const ServiceLimits& limits);

/// The field of that name; null if it is absent or JSON's null, which many clients send for what they leave out.
const Json* Field(const Json& object, const char* name);
/// A whole number in [least, most], which a double can hold; JSON has one kind of number, so 1.0 is as good as 1.
std::optional<int64_t> WholeNumber(const Json& value, int64_t least, int64_t most);

// Optional fields, with the value that they have if they are absent. Errors: 422 if a field has another type.
ApiResult<bool> FlagOr(const Json& object, const char* name, bool otherwise);
ApiResult<std::string> StringOr(const Json& object, const char* name, std::string otherwise);
/// Errors: also 422 if the number is outside [least, most].
ApiResult<int64_t> IntegerOr(const Json& object, const char* name, int64_t otherwise, int64_t least, int64_t most);

/// Status 413: the text `name` has more than limits.max_text_bytes.
std::unexpected<ApiError> TooLong(std::string_view name, const ServiceLimits& limits);
/// Status 413: the list `name` has more than limits.max_texts.
std::unexpected<ApiError> TooManyTexts(std::string_view name, const ServiceLimits& limits);

/// A string, which messages call `name`. Errors: 422 if it is not a string; 413 if it is too long.
ApiResult<std::string> TextOf(const Json& value, std::string_view name, const ServiceLimits& limits);
/// A string, or a list of strings. Errors: as for TextOf; 413 if there are too many.
ApiResult<std::vector<std::string>> TextsOf(const Json& value, std::string_view name, const ServiceLimits& limits);

/// Status 200 with the document on one line; bytes that are not valid UTF-8 become U+FFFD.
HttpResponse JsonResponse(const Json& json);

}  // namespace winnow
