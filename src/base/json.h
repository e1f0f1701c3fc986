/// JSON read with errors as values, and fields taken out of it with their types checked. Over nlohmann/json.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace winnow {

using Json = nlohmann::json;

/// Reads one JSON document. `where` opens the messages ("config.json"). A key that occurs twice in an object is an
/// error, and so is nesting deeper than 100: what such a document means differs from reader to reader. Errors:
/// kInvalidData, or `code`.
Result<Json> ParseJson(std::string_view text, std::string_view where, ErrorCode code = ErrorCode::kInvalidData);

/// Members of one object of a document that are handed out one by one instead of being kept: of tens of thousands, most
/// of the time and memory of reading goes into the tree that holds them. Keys that occur twice are handed out twice.
struct JsonMembers {
  std::vector<std::string> path;                                        ///< {"model", "vocab"}: of the object
  std::function<void(const std::string& key, const Json& value)> take;  ///< for numbers, strings, booleans and null
};

/// The same; the object at members.path is empty in the result.
Result<Json> ParseJson(std::string_view text, std::string_view where, ErrorCode code, const JsonMembers& members);

/// Two spaces of indent, a newline at the end, keys sorted, UTF-8 left as it is; invalid bytes become U+FFFD.
std::string DumpJson(const Json& json);

/// One line, as for JSON lines; without the newline.
std::string DumpJsonLine(const Json& json);

/// Typed access to one object's fields: a missing or null field gives nothing, one of another type an error that names
/// it.
class JsonObject {
 public:
  /// `json` must outlive this. Errors: `code` when it is not an object.
  static Result<JsonObject> Of(const Json& json, std::string where, ErrorCode code = ErrorCode::kInvalidData);

  const Json& json() const { return *json_; }
  bool Has(const std::string& key) const;
  Result<std::optional<std::string>> String(const std::string& key) const;
  Result<std::optional<int64_t>> Integer(const std::string& key) const;
  Result<std::optional<double>> Number(const std::string& key) const;
  Result<std::optional<bool>> Bool(const std::string& key) const;

 private:
  std::unexpected<Error> WrongType(const std::string& key, std::string_view expected) const;

  const Json* json_ = nullptr;
  std::string where_;
  ErrorCode code_ = ErrorCode::kInvalidData;
};

}  // namespace winnow
