/// JSON values, read with errors as values and written in one way. The parser is nlohmann/json, which only json_read.cpp
/// and json_write.cpp include: as a template it would be compiled again into every file that touches a document.
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
  /// An object if every item is an array of two whose first is a string, else an array.
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
  /// "null", "boolean", "number", "string", "array" or "object".
  const char* type_name() const;

  /// The value as bool, int32_t, int64_t, uint64_t, float, double, std::string or a vector of strings, int32_t or
  /// double. Numbers convert to each other as static_cast does.
  template <typename T>
  T get() const;
  /// The string itself.
  const std::string& str() const;

  /// Members of an object; of a value that is no object, none.
  const Object& items() const;
  Object& items();
  /// Elements of an array, or nothing for null.
  const Json* begin() const;
  const Json* end() const;
  Json* begin();
  Json* end();
  const Json& front() const { return at(0); }
  const Json& back() const { return at(size() - 1); }
  Json& back();
  /// Of an array or object, its number of elements; 0 for null, else 1.
  size_t size() const;
  bool empty() const { return size() == 0; }

  /// The member of that name, or null.
  const Json* Find(std::string_view key) const;
  Json* Find(std::string_view key);
  bool contains(std::string_view key) const { return Find(key) != nullptr; }
  /// The member of that name, or `otherwise` where there is none.
  template <typename T>
  T value(std::string_view key, const T& otherwise) const {
    const Json* const found = Find(key);
    return found == nullptr ? otherwise : found->get<T>();
  }
  std::string value(std::string_view key, const char* otherwise) const { return value(key, std::string(otherwise)); }
  /// Throws std::out_of_range where there is none.
  const Json& at(std::string_view key) const;
  const Json& at(const char* key) const { return at(std::string_view(key)); }
  const Json& at(size_t index) const;
  const Json& at(int index) const { return at(static_cast<size_t>(index)); }
  /// The member of that name; a missing one is added as null. A null value becomes an object.
  Json& operator[](std::string_view key);
  Json& operator[](const char* key) { return (*this)[std::string_view(key)]; }
  /// The member of that name, or null where there is none.
  const Json& operator[](std::string_view key) const;
  const Json& operator[](const char* key) const { return (*this)[std::string_view(key)]; }
  Json& operator[](size_t index);
  Json& operator[](int index) { return (*this)[static_cast<size_t>(index)]; }
  const Json& operator[](size_t index) const { return at(index); }
  const Json& operator[](int index) const { return at(static_cast<size_t>(index)); }

  /// A null value becomes an array.
  void push_back(Json value);
  Json& emplace_back();
  void pop_back();
  /// Sets each member of `other`, an object.
  void update(const Json& other);
  /// Takes a member away, if it is there.
  void erase(std::string_view key);

  /// The document on one line, or with `indent` spaces a level. UTF-8 is left as it is; invalid bytes become U+FFFD.
  /// A number that JSON has no word for (NaN, infinity) becomes null.
  std::string dump(int indent = -1) const;

  /// Numbers are compared by value, objects whatever the order of their members.
  friend bool operator==(const Json& left, const Json& right) { return Equal(left, right); }
  friend std::ostream& operator<<(std::ostream& out, const Json& json);

 private:
  struct Boolean {
    bool value;
  };
  using Data = std::variant<std::monostate, bool, int64_t, uint64_t, double, std::string, Array, Object>;

  Json(Boolean value);
  explicit Json(Data data);
  /// As the parser does it: signed where it is negative or came from a signed type.
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
  mutable Json value;  ///< taken by the list's constructor
};

/// Reads one JSON document. `where` opens the messages ("config.json"). A key that occurs twice in an object is an
/// error, and so is nesting deeper than 100 levels: what such a document means differs from reader to reader. Members
/// of objects are sorted by name. Errors: kInvalidData, or `code`.
Result<Json> ParseJson(std::string_view text, std::string_view where, ErrorCode code = ErrorCode::kInvalidData);

/// Members of one object of a document that are handed out one by one instead of being kept: of tens of thousands, most
/// of the time and memory of reading goes into the tree that holds them. Keys that occur twice are handed out twice.
struct JsonMembers {
  std::vector<std::string> path;                                        ///< {"model", "vocab"}: of the object
  std::function<void(const std::string& key, const Json& value)> take;  ///< for numbers, strings, booleans and null
};

/// Reads a document as above; the object at members.path is empty in the result.
Result<Json> ParseJson(std::string_view text, std::string_view where, ErrorCode code, const JsonMembers& members);

/// Reads a document that another program wrote, with what most readers make of it: if a key occurs twice in an object,
/// its last value counts. Errors: kInvalidData, whose message is the parser's; nesting deeper than 100 levels.
enum class JsonOrder { kSorted, kAsWritten };  ///< of an object's members
Result<Json> ParseJsonLeniently(std::string_view text, JsonOrder order = JsonOrder::kSorted);

/// A document that is known to be valid, such as a literal in the source, with members in the order of the text. Throws
/// std::logic_error if it is not valid.
Json ParsedJson(std::string_view text);

/// The document with two spaces of indent, keys sorted, and a newline at the end.
std::string DumpJson(const Json& json);

/// The document on one line with keys sorted, without a newline.
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

#endif  // WINNOW_BASE_JSON_H_
