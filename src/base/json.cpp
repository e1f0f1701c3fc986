#include "base/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <ostream>
#include <ranges>
#include <stdexcept>
#include <vector>

namespace winnow {
namespace {

constexpr size_t kMaxDepth = 100;

// ---- Writing ----

void AppendString(std::string_view text, std::string& out) {
  const auto plain = [](char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; };
  if (std::ranges::all_of(text, plain)) {
    out.append(1, '"').append(text).append(1, '"');
  } else {
    out += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
}

/// The shortest decimal that reads back as the same number, written as nlohmann/json writes it: 1.0, 0.25, 1e-07.
void AppendNumber(double value, std::string& out) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  char buffer[32];
  const double magnitude = std::fabs(value);
  const bool fixed = magnitude == 0 || (magnitude >= 1e-4 && magnitude < 1e15);
  const auto format = fixed ? std::chars_format::fixed : std::chars_format::scientific;
  const std::string_view digits(buffer, std::to_chars(buffer, buffer + sizeof(buffer), value, format).ptr);
  out += digits;
  if (fixed && digits.find('.') == std::string_view::npos) out += ".0";
}

class Writer {
 public:
  Writer(int indent, bool sorted, std::string& out) : indent_(indent), sorted_(sorted), out_(out) {}

  void Write(const Json& json, int level = 0) {
    if (json.is_null()) {
      out_ += "null";
    } else if (json.is_boolean()) {
      out_ += json.get<bool>() ? "true" : "false";
    } else if (json.is_number_unsigned()) {
      fmt::format_to(std::back_inserter(out_), "{}", json.get<uint64_t>());
    } else if (json.is_number_integer()) {
      fmt::format_to(std::back_inserter(out_), "{}", json.get<int64_t>());
    } else if (json.is_number_float()) {
      AppendNumber(json.get<double>(), out_);
    } else if (json.is_string()) {
      AppendString(json.str(), out_);
    } else if (json.is_array()) {
      WriteList('[', ']', level, std::ranges::subrange(json.begin(), json.end()),
                [&](const Json& item) { Write(item, level + 1); });
    } else {
      WriteObject(json.items(), level);
    }
  }

 private:
  void WriteObject(const Json::Object& members, int level) {
    std::vector<const Json::Member*> order(members.size());
    std::ranges::transform(members, order.begin(), [](const Json::Member& member) { return &member; });
    if (sorted_)
      std::ranges::sort(order, {}, [](const Json::Member* member) { return std::string_view(member->first); });
    WriteList('{', '}', level, order, [&](const Json::Member* member) {
      AppendString(member->first, out_);
      out_ += indent_ < 0 ? ":" : ": ";
      Write(member->second, level + 1);
    });
  }

  template <typename Range, typename WriteItem>
  void WriteList(char open, char close, int level, const Range& items, WriteItem write) {
    out_ += open;
    bool first = true;
    for (const auto& item : items) {
      if (!first) out_ += ',';
      first = false;
      StartLine(level + 1);
      write(item);
    }
    if (!first) StartLine(level);
    out_ += close;
  }

  void StartLine(int level) {
    if (indent_ >= 0) out_.append(1, '\n').append(static_cast<size_t>(indent_ * level), ' ');
  }

  const int indent_;
  const bool sorted_;
  std::string& out_;
};

std::string Dumped(const Json& json, int indent, bool sorted) {
  std::string out;
  Writer(indent, sorted, out).Write(json);
  return out;
}

// ---- Reading ----

/// "[json.exception.parse_error.101] parse error at line 1, column 2: ..." without the bracket.
std::string WithoutTag(std::string message) {
  if (const size_t end = message.find("] "); message.starts_with('[') && end != std::string::npos)
    message.erase(0, end + 2);
  return message;
}

/// Builds the tree from nlohmann/json's events. Its own tree and callbacks can't say where a key occurs twice.
class TreeBuilder : public nlohmann::json_sax<nlohmann::json> {
 public:
  /// Without kSortedAndUnique, the last of two equal keys counts.
  enum class Keys { kAsWritten, kSorted, kSortedAndUnique };

  /// `members` outlives this.
  TreeBuilder(Keys keys, const JsonMembers& members) : keys_(keys), members_(members) {}

  Json& root() { return root_; }
  const std::string& error() const { return error_; }
  /// Whether `error` is of the syntax, rather than of what this class refuses.
  bool bad_syntax() const { return bad_syntax_; }

  bool null() override { return Add(Json()); }
  bool boolean(bool value) override { return Add(Json(value)); }
  bool number_integer(number_integer_t value) override { return Add(Json(value)); }
  bool number_unsigned(number_unsigned_t value) override { return Add(Json(value)); }
  bool number_float(number_float_t value, const string_t&) override { return Add(Json(value)); }
  bool string(string_t& value) override { return Add(Json(std::move(value))); }
  bool binary(binary_t&) override { return Refuse("binary values are not JSON"); }
  bool start_array(size_t) override { return Open(Json::array()); }
  bool end_array() override { return Close(); }

  bool start_object(size_t) override {
    const bool handed_out = !members_.path.empty() && std::ranges::equal(Path(), members_.path);
    if (!Open(Json::object())) return false;
    open_.back().handed_out = handed_out;
    return true;
  }

  bool key(string_t& name) override {
    open_.back().key = std::move(name);
    return true;
  }

  bool end_object() override {
    if (keys_ == Keys::kSortedAndUnique) {
      auto& members = open_.back().value.items();
      std::ranges::stable_sort(members, {}, &Json::Member::first);
      const auto twice = std::ranges::adjacent_find(members, {}, &Json::Member::first);
      if (twice != members.end()) return Refuse("key '" + twice->first + "' occurs twice in one object");
    } else {
      KeepLastOfEqualKeys(open_.back().value.items());
      if (keys_ == Keys::kSorted) std::ranges::sort(open_.back().value.items(), {}, &Json::Member::first);
    }
    return Close();
  }

  bool parse_error(size_t, const std::string&, const nlohmann::json::exception& exception) override {
    bad_syntax_ = true;
    return Refuse(WithoutTag(exception.what()));
  }

 private:
  struct Container {
    Json value;
    std::string key;  ///< of the member being read
    bool handed_out = false;
  };

  /// Keys that lead to where the reader stands; arrays add none.
  std::vector<std::string_view> Path() const {
    std::vector<std::string_view> path;
    for (const Container& container : open_) {
      if (container.value.is_object()) path.push_back(container.key);
    }
    return path;
  }

  bool Add(Json value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (Container& in = open_.back(); in.handed_out) {
      if (!value.is_structured()) members_.take(in.key, value);
    } else if (in.value.is_object()) {
      in.value.items().emplace_back(std::move(in.key), std::move(value));
    } else {
      in.value.push_back(std::move(value));
    }
    return true;
  }

  bool Open(Json container) {
    if (open_.size() >= kMaxDepth) return Refuse("nested deeper than " + std::to_string(kMaxDepth) + " levels");
    open_.push_back({std::move(container), {}});
    return true;
  }

  bool Close() {
    Json value = std::move(open_.back().value);
    open_.pop_back();
    return Add(std::move(value));
  }

  /// Of equal keys the first place and the last value remain.
  static void KeepLastOfEqualKeys(Json::Object& members) {
    std::vector<size_t> order(members.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::stable_sort(order, {}, [&](size_t i) { return std::string_view(members[i].first); });
    std::vector<bool> drop(members.size(), false);
    for (size_t first = 0, i = 1; i < order.size(); ++i) {
      if (members[order[i]].first != members[order[first]].first) {
        first = i;
        continue;
      }
      members[order[first]].second = std::move(members[order[i]].second);
      drop[order[i]] = true;
    }
    size_t kept = 0;
    for (size_t i = 0; i < members.size(); ++i) {
      if (drop[i]) continue;
      if (kept != i) members[kept] = std::move(members[i]);
      ++kept;
    }
    members.resize(kept);
  }

  bool Refuse(std::string why) {
    error_ = std::move(why);
    return false;
  }

  const Keys keys_;
  const JsonMembers& members_;
  Json root_;
  std::vector<Container> open_;
  std::string error_;
  bool bad_syntax_ = false;
};

[[noreturn]] void WrongUse(const Json& json, std::string_view wanted) {
  throw std::logic_error("a JSON " + std::string(json.type_name()) + " was used as " + std::string(wanted));
}

}  // namespace

Json::Json() noexcept = default;
Json::Json(std::nullptr_t) noexcept {}
Json::Json(const Json& other) = default;
Json::Json(Json&& other) noexcept : data_(std::exchange(other.data_, std::monostate())) {}
Json& Json::operator=(const Json& other) = default;
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

template <typename T>
T NumberOf(const Json& json, const auto& data) {
  if (const auto* integer = std::get_if<int64_t>(&data)) return static_cast<T>(*integer);
  if (const auto* integer = std::get_if<uint64_t>(&data)) return static_cast<T>(*integer);
  if (const auto* real = std::get_if<double>(&data)) return static_cast<T>(*real);
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
  if (found == nullptr) throw std::out_of_range("a JSON object has no member '" + std::string(key) + "'");
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

std::string Json::dump(int indent) const { return Dumped(*this, indent, /*sorted=*/false); }

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

std::ostream& operator<<(std::ostream& out, const Json& json) { return out << json.dump(); }

Result<Json> ParseJson(std::string_view text, std::string_view where, ErrorCode code) {
  return ParseJson(text, where, code, JsonMembers());
}

Result<Json> ParseJson(std::string_view text, std::string_view where, ErrorCode code, const JsonMembers& members) {
  TreeBuilder builder(TreeBuilder::Keys::kSortedAndUnique, members);
  if (nlohmann::json::sax_parse(text, &builder)) return std::move(builder.root());
  return Fail(code, std::string(where) + (builder.bad_syntax() ? ": not valid JSON: " : ": ") + builder.error());
}

Result<Json> ParseJsonLeniently(std::string_view text, JsonOrder order) {
  const JsonMembers none;
  TreeBuilder builder(order == JsonOrder::kSorted ? TreeBuilder::Keys::kSorted : TreeBuilder::Keys::kAsWritten, none);
  if (nlohmann::json::sax_parse(text, &builder)) return std::move(builder.root());
  return Fail(ErrorCode::kInvalidData, builder.error());
}

Json ParsedJson(std::string_view text) {
  Result<Json> json = ParseJsonLeniently(text, JsonOrder::kAsWritten);
  if (!json) throw std::logic_error("not valid JSON: " + json.error().message);
  return *std::move(json);
}

std::string DumpJson(const Json& json) { return Dumped(json, 2, /*sorted=*/true) + "\n"; }

std::string DumpJsonLine(const Json& json) { return Dumped(json, -1, /*sorted=*/true); }

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
