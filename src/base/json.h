/// JSON values, read with errors as values and written in one way. The parser is nlohmann/json, which only
/// json_read.cpp and json_write.cpp include: as a template it would be compiled again into every file that uses a
/// document.
///
///     Json json = {{"label", "spam"}, {"scores", Json::array()}};
///     json["scores"].push_back({{"label", "ham"}, {"score", 0.1}});
///     std::string line = json.dump();
///     const Json parsed = TRY(ParseJson(line, "answer"));
#ifndef WINNOW_BASE_JSON_H_  // not #pragma once: see cmake/folder.cmake
#define WINNOW_BASE_JSON_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <iosfwd>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"

namespace winnow {

/// One JSON value: null, a boolean, a number, a string, an array or an object whose members keep the order in which
/// they were added. A regular value type with the member names of the standard library's containers. Reading a value
/// as a type that it does not have throws std::logic_error: documents from outside are checked with is_...() or
/// JsonObject first. Looking up a member is linear in their number.
class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;
  /// An element of a braced list, which can be moved out of it; see Json(std::initializer_list<Item>).
  struct Item;

  Json() noexcept;
  Json(std::nullptr_t) noexcept;
  Json(const Json& other);
  Json(Json&& other) noexcept;
  Json& operator=(const Json& other);
  Json& operator=(Json&& other) noexcept;
  ~Json();

  template <std::same_as<bool> T>
  Json(T value) : Json(Boolean{value}) {}
  template <std::integral T>
  requires(!std::same_as<T, bool>) Json(T value) : Json(MakeInteger(value)) {}
  Json(double value);
  Json(const char* value);
  Json(std::string_view value);
  Json(std::string value);
  Json(Array value);
  Json(Object value);
  template <typename T>
  requires(!std::same_as<T, Json> && !std::same_as<T, Member>) Json(const std::vector<T>& values)
      : Json(std::span<const T>(values)) {}
  template <typename T>
  Json(std::span<const T> values) : Json(array()) {
    for (const T& value : values) push_back(Json(value));
  }
  template <typename T>
  Json(const std::map<std::string, T>& members) : Json(Object()) {
    for (const auto& [name, value] : members) items().emplace_back(name, Json(value));  // names are unique
  }
  /// Creates an object if every item is an array of two elements whose first is a string, otherwise an array.
  Json(std::initializer_list<Item> items);

  static Json array();
  static Json array(std::initializer_list<Item> items);
  static Json object();

  bool is_null() const { return data_.index() == 0; }
  bool is_boolean() const { return data_.index() == 1; }
  bool is_number_integer() const { return data_.index() == 2 || data_.index() == 3; }
  bool is_number_unsigned() const { return data_.index() == 3; }
  bool is_number_float() const { return data_.index() == 4; }
  bool is_number() const { return is_number_integer() || is_number_float(); }
  bool is_string() const { return data_.index() == 5; }
  bool is_array() const { return data_.index() == 6; }
  bool is_object() const { return data_.index() == 7; }
  bool is_structured() const { return is_array() || is_object(); }
  /// Returns the type of the value: "null", "boolean", "number", "string", "array" or "object".
  const char* type_name() const;

  /// Returns the value as bool, int32_t, int64_t, uint64_t, float, double, std::string or a vector of strings, int32_t,
  /// float or double. Numbers are converted to each other as static_cast does.
  template <typename T>
  T get() const;
  /// Returns the string of a string value, without a copy.
  const std::string& str() const;

  /// Returns the members of an object; a value that is not an object has none.
  const Object& items() const;
  Object& items();
  /// Iterators over the elements of an array; null has no elements.
  const Json* begin() const;
  const Json* end() const;
  Json* begin();
  Json* end();
  const Json& front() const { return at(0); }
  const Json& back() const { return at(size() - 1); }
  Json& back();
  /// Returns the number of elements of an array or object; 0 for null, 1 for any other value.
  size_t size() const;
  bool empty() const { return size() == 0; }

  /// Returns the member with that name, or a null pointer if there is none.
  const Json* Find(std::string_view key) const;
  Json* Find(std::string_view key);
  bool contains(std::string_view key) const { return Find(key) != nullptr; }
  /// Returns the member with that name, or `otherwise` if there is none.
  template <typename T>
  T value(std::string_view key, const T& otherwise) const {
    const Json* const found = Find(key);
    return found == nullptr ? otherwise : found->get<T>();
  }
  std::string value(std::string_view key, const char* otherwise) const { return value(key, std::string(otherwise)); }
  /// Returns the member with that name or at that index. Throws std::out_of_range if there is none.
  const Json& at(std::string_view key) const;
  const Json& at(const char* key) const { return at(std::string_view(key)); }
  const Json& at(size_t index) const;
  const Json& at(int index) const { return at(static_cast<size_t>(index)); }
  /// Returns the member with that name; a missing member is added as null. A null value becomes an object.
  Json& operator[](std::string_view key);
  Json& operator[](const char* key) { return (*this)[std::string_view(key)]; }
  /// Returns the member with that name, or null if there is none.
  const Json& operator[](std::string_view key) const;
  const Json& operator[](const char* key) const { return (*this)[std::string_view(key)]; }
  Json& operator[](size_t index);
  Json& operator[](int index) { return (*this)[static_cast<size_t>(index)]; }
  const Json& operator[](size_t index) const { return at(index); }
  const Json& operator[](int index) const { return at(static_cast<size_t>(index)); }

  /// Appends an element. A null value becomes an array.
  void push_back(Json value);
  Json& emplace_back();
  void pop_back();
  /// Sets each member of `other`, which must be an object, in this object.
  void update(const Json& other);
  /// Removes the member with that name, if there is one.
  void erase(std::string_view key);

  /// Returns the document on one line, or on several lines with `indent` spaces per level. Valid UTF-8 is kept; invalid
  /// bytes become U+FFFD. A number that JSON cannot represent (NaN, infinity) becomes null.
  std::string dump(int indent = -1) const;

  /// Compares numbers by value, and objects without regard to the order of their members.
  friend bool operator==(const Json& left, const Json& right) { return Equal(left, right); }
  friend std::ostream& operator<<(std::ostream& out, const Json& json);

 private:
  struct Boolean {
    bool value;
  };
  using Data = std::variant<std::monostate, bool, int64_t, uint64_t, double, std::string, Array, Object>;

  Json(Boolean value);
  explicit Json(Data data);
  /// Stores an integer as the parser does: as signed if it is negative or came from a signed type.
  template <std::integral T>
  static Data MakeInteger(T value) {
    if constexpr (std::is_signed_v<T>) {
      return Data(std::in_place_type<int64_t>, value);
    } else {
      return Data(std::in_place_type<uint64_t>, value);
    }
  }
  static bool Equal(const Json& left, const Json& right);

  Data data_;
};

// clang-format off
template <> Json Json::get<Json>() const;
template <> bool Json::get<bool>() const;
template <> int32_t Json::get<int32_t>() const;
template <> int64_t Json::get<int64_t>() const;
template <> uint64_t Json::get<uint64_t>() const;
template <> float Json::get<float>() const;
template <> double Json::get<double>() const;
template <> std::string Json::get<std::string>() const;
template <> std::vector<std::string> Json::get<std::vector<std::string>>() const;
template <> std::vector<int32_t> Json::get<std::vector<int32_t>>() const;
template <> std::vector<float> Json::get<std::vector<float>>() const;
template <> std::vector<double> Json::get<std::vector<double>>() const;
// clang-format on

struct Json::Item {
  template <typename T>
  requires std::constructible_from<Json, T&&> Item(T&& item) : value(std::forward<T>(item)) {}
  Item(std::initializer_list<Item> items) : value(items) {}
  mutable Json value;  ///< value of the element; moved out by the list's constructor
};

/// Reads one JSON document. `where` is the beginning of error messages ("config.json"). A key that occurs twice in an
/// object is an error, since readers of JSON interpret it differently, and so is nesting deeper than 100 levels.
/// Members of objects are sorted by name. Errors: kInvalidData, or `code`.
Result<Json> ParseJson(std::string_view text, std::string_view where, ErrorCode code = ErrorCode::kInvalidData);

/// Members of one object of a document that are passed to a function one by one instead of being stored: for an object
/// of tens of thousands of members, most of the time and memory of reading is needed for storing them. A key that
/// occurs twice is passed twice.
struct JsonMembers {
  std::vector<std::string> path;  ///< path of the object in the document: {"model", "vocab"}
  /// Receives each member; values are numbers, strings, booleans or null.
  std::function<void(const std::string& key, const Json& value)> take;
};

/// Reads a document as the function above does; the object at members.path is empty in the result.
Result<Json> ParseJson(std::string_view text, std::string_view where, ErrorCode code, const JsonMembers& members);

/// Reads a document that another program wrote in the way that most readers do: if a key occurs twice in an object, its
/// last value counts. Errors: kInvalidData with the parser's message, or for nesting deeper than 100 levels.
enum class JsonOrder { kSorted, kAsWritten };  ///< order of an object's members: by name, or as in the text
Result<Json> ParseJsonLeniently(std::string_view text, JsonOrder order = JsonOrder::kSorted);

/// Returns a document that is known to be valid, such as a literal in the source, with members in the order of the
/// text. Throws std::logic_error if the document is not valid.
Json ParsedJson(std::string_view text);

/// Returns the document with two spaces of indent per level, keys sorted, and a newline at the end.
std::string DumpJson(const Json& json);

/// Returns the document on one line with keys sorted, without a newline.
std::string DumpJsonLine(const Json& json);

/// Typed access to the fields of one JSON object: a missing or null field gives nothing, and a field of another type
/// gives an error that names the field.
class JsonObject {
 public:
  /// Wraps `json`, which must outlive the JsonObject. Errors: `code` if `json` is not an object.
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

#endif  // WINNOW_BASE_JSON_H_
