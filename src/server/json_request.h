/// What handlers of JSON share: bodies read and checked, answers written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "server/http.h"
#include "server/refusal.h"

namespace winnow {

struct ServiceLimits {
  size_t max_texts = 10000;         ///< of one request
  size_t max_text_bytes = 1 << 20;  ///< of one text
  int max_json_depth = 32;
};

/// The request's body, an object. Refusals: 400 of what is no JSON in UTF-8; 422 of what is nested too deep, or no
/// object.
std::expected<Json, Refusal> ParseBody(const HttpRequest& request, const ServiceLimits& limits);

/// The same of bytes that are not the whole body.
std::expected<Json, Refusal> ParseObject(std::string_view json, const ServiceLimits& limits);

/// The field of that name, or null where it is absent or null: many clients send null for what they leave out.
const Json* Field(const Json& object, const char* name);
/// A whole number in [least, most], which a double can hold; JSON has one kind of number, so 1.0 is as good as 1.
std::optional<int64_t> WholeNumber(const Json& value, int64_t least, int64_t most);
/// Fields that may be absent. Refusals: 422 of another type, or of a number outside [least, most].
std::expected<bool, Refusal> FlagOr(const Json& object, const char* name, bool otherwise);
std::expected<std::string, Refusal> StringOr(const Json& object, const char* name, std::string otherwise);
std::expected<int64_t, Refusal> IntegerOr(const Json& object, const char* name, int64_t otherwise, int64_t least,
                                          int64_t most);

/// 413 of a text that is too long, and of too many.
Refusal TooLong(std::string_view name, const ServiceLimits& limits);
Refusal TooMany(std::string_view name, const ServiceLimits& limits);

/// A string, named `name` in errors. Refusals: 422; 413 of what is too long.
std::expected<std::string, Refusal> TextOf(const Json& value, std::string_view name, const ServiceLimits& limits);
/// A string, or a list of strings.
std::expected<std::vector<std::string>, Refusal> TextsOf(const Json& value, std::string_view name,
                                                         const ServiceLimits& limits);

/// In one line; bytes that are no UTF-8 become U+FFFD.
std::string Dump(const Json& json);
HttpResponse JsonResponse(const Json& json);

}  // namespace winnow
