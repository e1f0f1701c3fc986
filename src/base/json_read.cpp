#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/throw.h"

namespace winnow {
namespace {

constexpr size_t kMaxDepth = 100;

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
  /// Returns true if `error` is of the syntax, rather than of what this class refuses.
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

  /// Keeps, of equal keys, the first place and the last value.
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

}  // namespace

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
  if (!json) Throw<std::logic_error>("not valid JSON: " + json.error().message);
  return *std::move(json);
}

}  // namespace winnow
