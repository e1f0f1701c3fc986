// A text of 17 MB (the vocabulary of XLM-R) need not become a document to change three of its members. Values are
// skipped by their brackets and strings; what is in them is checked by whoever reads the file.
#include "base/json_edit.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace winnow {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

/// The members of the object that a text consists of, one after another.
class Members {
 public:
  struct Member {
    std::string_view name;  // as it is written, without its quotes
    size_t begin = 0, end = 0;
  };

  explicit Members(std::string_view text) : text_(text) {}

  /// Calls `take` for each member. Returns the place behind the object's opening brace, or nothing for another text.
  std::optional<size_t> ForEach(const std::function<void(const Member&)>& take) {
    if (!Take('{')) return std::nullopt;
    const size_t opened = at_;
    if (Take('}')) return AtEnd() ? std::optional(opened) : std::nullopt;
    for (;;) {
      Member member;
      SkipSpace();
      const size_t name = at_ + 1;
      if (!SkipString()) return std::nullopt;
      member.name = text_.substr(name, at_ - 1 - name);
      if (!Take(':')) return std::nullopt;
      SkipSpace();
      member.begin = at_;
      if (!SkipValue()) return std::nullopt;
      member.end = at_;
      take(member);
      if (Take(',')) continue;
      if (!Take('}') || !AtEnd()) return std::nullopt;
      return opened;
    }
  }

 private:
  void SkipSpace() { at_ = std::min(text_.find_first_not_of(kSpace, at_), text_.size()); }

  bool AtEnd() {
    SkipSpace();
    return at_ == text_.size();
  }

  bool Take(char c) {
    SkipSpace();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool SkipString() {
    if (at_ >= text_.size() || text_[at_] != '"') return false;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\\') {
        ++at_;
      } else if (text_[at_] == '"') {
        ++at_;
        return true;
      }
    }
    return false;
  }

  bool SkipValue() {
    if (at_ >= text_.size()) return false;
    if (text_[at_] == '"') return SkipString();
    if (text_[at_] != '{' && text_[at_] != '[') {
      const size_t begin = at_;
      at_ = std::min(text_.find_first_of(" \t\r\n,}]", at_), text_.size());
      return at_ > begin;
    }
    for (size_t depth = 0; at_ < text_.size();) {
      const char c = text_[at_];
      if (c == '"') {
        if (!SkipString()) return false;
        continue;
      }
      ++at_;
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && --depth == 0) return true;
    }
    return false;
  }

  std::string_view text_;
  size_t at_ = 0;
};

std::unexpected<Error> NoObject(std::string_view where) {
  return Fail(ErrorCode::kInvalidModel, fmt::format("{}: the file is not a JSON object", where));
}

}  // namespace

Result<std::optional<std::string_view>> MemberText(std::string_view json, std::string_view name,
                                                   std::string_view where) {
  std::optional<std::string_view> found;
  const auto take = [&](const Members::Member& member) {
    if (member.name == name) found = json.substr(member.begin, member.end - member.begin);
  };
  if (!Members(json).ForEach(take)) return NoObject(where);
  return found;
}

Result<std::string> WithMember(std::string_view json, std::string_view name, const Json& value,
                               std::string_view where) {
  const std::string text = value.dump();
  std::string changed;
  size_t done = 0;
  bool any = false, found = false;
  const auto take = [&](const Members::Member& member) {
    any = true;
    if (member.name != name) return;
    found = true;
    changed += json.substr(done, member.begin - done);
    changed += text;
    done = member.end;
  };
  const std::optional<size_t> opened = Members(json).ForEach(take);
  if (!opened) return NoObject(where);
  if (found) return changed + std::string(json.substr(done));
  return fmt::format("{}\n  {}: {}{}{}", json.substr(0, *opened), Json(name).dump(), text, any ? "," : "\n",
                     json.substr(*opened));
}

}  // namespace winnow
