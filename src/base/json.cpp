#include "base/json.h"

#include <algorithm>
#include <set>
#include <stdexcept>
#include <vector>

namespace winnow {
namespace {

constexpr int kMaxDepth = 100;

/// Thrown by our own parser callback, and caught right below: nlohmann/json offers no other way to stop.
struct Refused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// "[json.exception.parse_error.101] parse error at line 1, column 2: ..." without the bracket.
std::string WithoutTag(std::string message) {
  if (const size_t end = message.find("] "); message.starts_with('[') && end != std::string::npos)
    message.erase(0, end + 2);
  return message;
}

}  // namespace

Result<Json> ParseJson(std::string_view text, std::string_view where, ErrorCode code) {
  return ParseJson(text, where, code, {});
}

Result<Json> ParseJson(std::string_view text, std::string_view where, ErrorCode code, const JsonMembers& members) {
  struct Object {
    std::set<std::string> keys;
    std::string current;
    bool handed_out;
  };
  std::vector<Object> objects;  // that are open, one within the other
  const auto check = [&](int depth, Json::parse_event_t event, Json& parsed) {
    switch (event) {
      case Json::parse_event_t::object_start:
      case Json::parse_event_t::array_start:
        if (depth >= kMaxDepth) throw Refused("nested deeper than " + std::to_string(kMaxDepth) + " levels");
        if (event == Json::parse_event_t::object_start) {
          const bool here = !members.path.empty() && std::ranges::equal(objects, members.path, {}, &Object::current);
          objects.push_back({{}, "", here});
        }
        break;
      case Json::parse_event_t::object_end:
        objects.pop_back();
        break;
      case Json::parse_event_t::key:
        objects.back().current = parsed.get<std::string>();
        if (objects.back().handed_out) return false;  // not kept; its value is still told
        if (!objects.back().keys.insert(objects.back().current).second)
          throw Refused("key '" + objects.back().current + "' occurs twice in one object");
        break;
      case Json::parse_event_t::value:
        if (!objects.empty() && objects.back().handed_out) members.take(objects.back().current, parsed);
        break;
      default:
        break;
    }
    return true;
  };
  try {
    return Json::parse(text, check);
  } catch (const Refused& refused) {
    return Fail(code, std::string(where) + ": " + refused.what());
  } catch (const Json::exception& error) {
    return Fail(code, std::string(where) + ": not valid JSON: " + WithoutTag(error.what()));
  }
}

std::string DumpJson(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

std::string DumpJsonLine(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Result<JsonObject> JsonObject::Of(const Json& json, std::string where, ErrorCode code) {
  if (!json.is_object()) return Fail(code, where + ": expected a JSON object, got " + json.type_name());
  JsonObject object;
  object.json_ = &json;
  object.where_ = std::move(where);
  object.code_ = code;
  return object;
}

bool JsonObject::Has(const std::string& key) const {
  const auto found = json_->find(key);
  return found != json_->end() && !found->is_null();
}

std::unexpected<Error> JsonObject::WrongType(const std::string& key, std::string_view expected) const {
  std::string got = DumpJsonLine((*json_)[key]);
  if (got.size() > 60) got = (*json_)[key].type_name();
  return Fail(code_, where_ + ": '" + key + "' must be " + std::string(expected) + ", got " + got);
}

Result<std::optional<std::string>> JsonObject::String(const std::string& key) const {
  if (!Has(key)) return std::nullopt;
  const Json& value = (*json_)[key];
  if (!value.is_string()) return WrongType(key, "a string");
  return value.get<std::string>();
}

Result<std::optional<int64_t>> JsonObject::Integer(const std::string& key) const {
  if (!Has(key)) return std::nullopt;
  const Json& value = (*json_)[key];
  const bool fits = value.is_number_unsigned() ? value.get<uint64_t>() <= INT64_MAX : value.is_number_integer();
  if (!fits) return WrongType(key, "an integer");
  return value.get<int64_t>();
}

Result<std::optional<double>> JsonObject::Number(const std::string& key) const {
  if (!Has(key)) return std::nullopt;
  const Json& value = (*json_)[key];
  if (!value.is_number()) return WrongType(key, "a number");
  return value.get<double>();
}

Result<std::optional<bool>> JsonObject::Bool(const std::string& key) const {
  if (!Has(key)) return std::nullopt;
  const Json& value = (*json_)[key];
  if (!value.is_boolean()) return WrongType(key, "true or false");
  return value.get<bool>();
}

}  // namespace winnow
