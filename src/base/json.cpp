#include "base/json.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/throw.h"

namespace winnow {
namespace {

[[noreturn]] void WrongUse(const Json& json, std::string_view wanted) {
  Throw<std::logic_error>("internal error: a JSON " + std::string(json.type_name()) + " was used as " +
                          std::string(wanted));
}

}  // namespace

Json::Json() noexcept = default;
Json::Json(std::nullptr_t) noexcept {}
// The value is copied before it is put into the variant: where the copy of a variant fails, for lack of memory,
// libstdc++ 12 destroys a value that was never there (its bug 112591), because moves of these types cannot fail.
Json::Json(const Json& other) {
  std::visit(
      [this](const auto& value) {
        auto copy = value;
        data_.emplace<std::remove_cvref_t<decltype(value)>>(std::move(copy));
      },
      other.data_);
}
Json::Json(Json&& other) noexcept : data_(std::exchange(other.data_, std::monostate())) {}
Json& Json::operator=(const Json& other) { return *this = Json(other); }  // `other` may lie within this value
Json& Json::operator=(Json&& other) noexcept {
  Data taken = std::exchange(other.data_, std::monostate());  // `other` may lie within this value
  data_ = std::move(taken);
  return *this;
}
Json::~Json() = default;

Json::Json(Data data) : data_(std::move(data)) {}
Json::Json(Boolean value) : data_(value.value) {}
Json::Json(double value) : data_(value) {}
Json::Json(const char* value) : data_(std::string(value)) {}
Json::Json(std::string_view value) : data_(std::string(value)) {}
Json::Json(std::string value) : data_(std::move(value)) {}
Json::Json(Array value) : data_(std::move(value)) {}
Json::Json(Object value) : data_(std::move(value)) {}

Json::Json(std::initializer_list<Item> items) {
  const bool members = std::ranges::all_of(items, [](const Item& item) {
    return item.value.is_array() && item.value.size() == 2 && item.value[0].is_string();
  });
  if (!members) {
    *this = array(items);
    return;
  }
  data_ = Object();
  this->items().reserve(items.size());
  for (const Item& item : items) (*this)[item.value[0].str()] = std::move(item.value[1]);
}

Json Json::array() { return Json(Array()); }
Json Json::array(std::initializer_list<Item> items) {
  Array array;
  array.reserve(items.size());
  for (const Item& item : items) array.push_back(std::move(item.value));
  return Json(std::move(array));
}
Json Json::object() { return Json(Object()); }

const char* Json::type_name() const {
  static constexpr const char* kNames[] = {"null",   "boolean", "number", "number",
                                           "number", "string",  "array",  "object"};
  return kNames[data_.index()];
}

const std::string& Json::str() const {
  if (!is_string()) WrongUse(*this, "a string");
  return std::get<std::string>(data_);
}

namespace {

/// Returns the nearest integer of the type that is not beyond `real`: conversion of a number that does not fit is
/// undefined.
template <typename T>
T Truncated(double real) {
  constexpr double kEnd = std::is_signed_v<T> ? -static_cast<double>(std::numeric_limits<T>::min()) : 0x1p64;
  if (std::isnan(real)) return 0;
  if (real >= kEnd) return std::numeric_limits<T>::max();
  if (real <= static_cast<double>(std::numeric_limits<T>::min())) return std::numeric_limits<T>::min();
  return static_cast<T>(real);
}

template <typename T>
T NumberOf(const Json& json, const auto& data) {
  if (const auto* integer = std::get_if<int64_t>(&data)) return static_cast<T>(*integer);
  if (const auto* integer = std::get_if<uint64_t>(&data)) return static_cast<T>(*integer);
  if (const auto* real = std::get_if<double>(&data)) {
    if constexpr (std::is_integral_v<T>) return Truncated<T>(*real);
    return static_cast<T>(*real);
  }
  WrongUse(json, "a number");
}

template <typename T>
std::vector<T> ListOf(const Json& json) {
  std::vector<T> values;
  values.reserve(json.size());
  for (const Json& value : json) values.push_back(value.get<T>());
  return values;
}

}  // namespace

template <>
Json Json::get<Json>() const {
  return *this;
}
template <>
bool Json::get<bool>() const {
  if (!is_boolean()) WrongUse(*this, "a boolean");
  return std::get<bool>(data_);
}
template <>
int32_t Json::get<int32_t>() const {
  return NumberOf<int32_t>(*this, data_);
}
template <>
int64_t Json::get<int64_t>() const {
  return NumberOf<int64_t>(*this, data_);
}
template <>
uint64_t Json::get<uint64_t>() const {
  return NumberOf<uint64_t>(*this, data_);
}
template <>
float Json::get<float>() const {
  return NumberOf<float>(*this, data_);
}
template <>
double Json::get<double>() const {
  return NumberOf<double>(*this, data_);
}
template <>
std::string Json::get<std::string>() const {
  return str();
}
template <>
std::vector<std::string> Json::get<std::vector<std::string>>() const {
  return ListOf<std::string>(*this);
}
template <>
std::vector<int32_t> Json::get<std::vector<int32_t>>() const {
  return ListOf<int32_t>(*this);
}
template <>
std::vector<float> Json::get<std::vector<float>>() const {
  return ListOf<float>(*this);
}
template <>
std::vector<double> Json::get<std::vector<double>>() const {
  return ListOf<double>(*this);
}

const Json::Object& Json::items() const {
  static const Object kNone;
  const Object* object = std::get_if<Object>(&data_);
  return object == nullptr ? kNone : *object;
}

Json::Object& Json::items() {
  if (is_null()) data_ = Object();
  if (!is_object()) WrongUse(*this, "an object");
  return std::get<Object>(data_);
}

const Json* Json::begin() const {
  if (is_null()) return nullptr;
  if (!is_array()) WrongUse(*this, "an array");
  return std::get<Array>(data_).data();
}
const Json* Json::end() const { return begin() + size(); }
Json* Json::begin() {
  if (is_null()) return nullptr;
  if (!is_array()) WrongUse(*this, "an array");
  return std::get<Array>(data_).data();
}
Json* Json::end() { return begin() + size(); }
Json& Json::back() { return (*this)[size() - 1]; }

size_t Json::size() const {
  if (is_null()) return 0;
  if (const Array* array = std::get_if<Array>(&data_)) return array->size();
  if (const Object* object = std::get_if<Object>(&data_)) return object->size();
  return 1;
}

const Json* Json::Find(std::string_view key) const {
  for (const auto& [name, value] : items()) {
    if (name == key) return &value;
  }
  return nullptr;
}
Json* Json::Find(std::string_view key) { return const_cast<Json*>(std::as_const(*this).Find(key)); }

const Json& Json::at(std::string_view key) const {
  const Json* found = Find(key);
  if (found == nullptr)
    Throw<std::out_of_range>("internal error: a JSON object has no member '" + std::string(key) + "'");
  return *found;
}

const Json& Json::at(size_t index) const {
  if (!is_array()) WrongUse(*this, "an array");
  return std::get<Array>(data_).at(index);
}

Json& Json::operator[](std::string_view key) {
  if (Json* found = Find(key)) return *found;
  return items().emplace_back(std::string(key), Json()).second;
}

const Json& Json::operator[](std::string_view key) const {
  static const Json kNull;
  const Json* found = Find(key);
  return found == nullptr ? kNull : *found;
}

Json& Json::operator[](size_t index) { return const_cast<Json&>(std::as_const(*this).at(index)); }

void Json::push_back(Json value) {
  if (is_null()) data_ = Array();
  if (!is_array()) WrongUse(*this, "an array");
  std::get<Array>(data_).push_back(std::move(value));
}

Json& Json::emplace_back() {
  push_back(Json());
  return std::get<Array>(data_).back();
}

void Json::pop_back() {
  if (empty() || !is_array()) WrongUse(*this, "an array with elements");
  std::get<Array>(data_).pop_back();
}

void Json::update(const Json& other) {
  if (!other.is_object()) WrongUse(other, "an object");
  for (const auto& [name, value] : other.items()) (*this)[name] = value;
}

void Json::erase(std::string_view key) {
  if (is_object()) std::erase_if(std::get<Object>(data_), [&](const Member& member) { return member.first == key; });
}

bool Json::Equal(const Json& left, const Json& right) {
  if (left.is_number() && right.is_number()) {
    const auto *a = std::get_if<double>(&left.data_), *b = std::get_if<double>(&right.data_);
    if (a != nullptr || b != nullptr) return left.get<double>() == right.get<double>();
    if (left.data_.index() == right.data_.index()) return left.get<uint64_t>() == right.get<uint64_t>();
    const Json& with_sign = left.is_number_unsigned() ? right : left;
    return with_sign.get<int64_t>() >= 0 && left.get<uint64_t>() == right.get<uint64_t>();
  }
  if (left.data_.index() != right.data_.index()) return false;
  if (left.is_null()) return true;
  if (left.is_boolean()) return left.get<bool>() == right.get<bool>();
  if (left.is_string()) return left.str() == right.str();
  if (left.is_array()) return std::equal(left.begin(), left.end(), right.begin(), right.end());
  return left.size() == right.size() && std::ranges::all_of(left.items(), [&](const Member& member) {
           const Json* other = right.Find(member.first);
           return other != nullptr && member.second == *other;
         });
}

Result<JsonObject> JsonObject::Of(const Json& json, std::string where, ErrorCode code) {
  if (!json.is_object()) return Fail(code, where + ": expected a JSON object, got " + json.type_name());
  JsonObject object;
  object.json_ = &json;
  object.where_ = std::move(where);
  object.code_ = code;
  return object;
}

bool JsonObject::Has(const std::string& key) const {
  const Json* found = json_->Find(key);
  return found != nullptr && !found->is_null();
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
