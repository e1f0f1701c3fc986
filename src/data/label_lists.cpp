#include "data/label_lists.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "data/columns.h"
#include "data/label_names.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

/// A parser of one list or dictionary. Each method cuts what it has read off `rest_` and returns false if something
/// else is there.
class ListParser {
 public:
  explicit ListParser(std::string_view text) : rest_(text) {}

  std::optional<Value> Parse() {
    if (rest_ == "set()") return Value{.kind = Value::Kind::kList, .text = {}, .items = {}};
    const bool wrapped = CutWrapper();
    const char open = rest_.empty() ? '\0' : rest_.front();
    if (open != '[' && open != '(' && open != '{') return std::nullopt;
    if (!Items(open, open == '[' ? ']' : open == '(' ? ')' : '}')) return std::nullopt;
    if (wrapped && !CutEndOfWrapper()) return std::nullopt;
    if (!rest_.empty()) return std::nullopt;
    return std::move(value_);
  }

 private:
  enum class Item { kText, kNumber, kBool, kMissing };

  bool Cut(std::string_view token) {
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }
  void CutSpace() { rest_.remove_prefix(std::min(rest_.find_first_not_of(kSpace), rest_.size())); }

  /// Cuts off the name of a list's type: numpy's array([0, 1]), PyTorch's tensor([0, 1]), Python's frozenset({'a'}).
  bool CutWrapper() { return Cut("array(") || Cut("frozenset(") || Cut("np.array(") || Cut("tensor("); }

  /// Cuts off the rest of an array: its type and the closing parenthesis.
  bool CutEndOfWrapper() {
    if (!rest_.ends_with(')')) return false;
    rest_.remove_suffix(1);
    const bool type = TrimAscii(rest_).empty() || TrimAscii(rest_).starts_with(", dtype=");
    rest_ = {};
    return type;
  }

  bool Items(char open, char close) {
    rest_.remove_prefix(1);
    value_.kind = open == '{' && TrimAscii(rest_) == "}" ? Value::Kind::kShares : Value::Kind::kList;
    size_t commas = 0, missing = 0, texts = 0;
    for (size_t i = 0;; ++i) {
      CutSpace();
      if (Cut(std::string_view(&close, 1))) break;
      std::string name;
      double number = 0;
      Item item = Item::kText;
      if (!ReadItem(name, number, item)) return false;
      CutSpace();
      if (i == 0 && open == '{' && rest_.starts_with(':')) value_.kind = Value::Kind::kShares;
      if (value_.kind == Value::Kind::kShares) {
        std::string unused;
        if (!Cut(":")) return false;
        CutSpace();
        if (!ReadItem(unused, number, item) || (item != Item::kNumber && item != Item::kBool)) return false;
        CutSpace();
      }
      missing += item == Item::kMissing ? 1 : 0;
      texts += item == Item::kText ? 1 : 0;
      if (item != Item::kMissing) value_.items.push_back(std::move(name));
      if (item == Item::kNumber || value_.kind == Value::Kind::kShares) value_.shares.push_back(number);
      if (Cut(",")) {
        ++commas;
      } else if (!rest_.starts_with(close) && (open != '[' || commas > 0)) {
        return false;  // only numpy separates items by spaces
      }
    }
    if (value_.shares.size() != value_.items.size()) value_.shares.clear();
    // "(1)" is a number in parentheses. What is missing among numbers is a position, not a name.
    return (open != '(' || commas > 0 || value_.items.empty()) && (missing == 0 || texts == value_.items.size());
  }

  /// Reads one item: a quoted string, a number, a boolean or None; or one of these as numpy's scalars are printed.
  bool ReadItem(std::string& name, double& number, Item& item) {
    constexpr std::array<std::string_view, 7> kScalars = {"np.str_(",    "np.int64(", "np.int32(", "np.float64(",
                                                          "np.float32(", "np.bool_(", "np.bool("};
    const bool wrapped = std::ranges::any_of(kScalars, [&](std::string_view scalar) { return Cut(scalar); });
    return ReadPlainItem(name, number, item) && (!wrapped || Cut(")"));
  }

  bool ReadPlainItem(std::string& name, double& number, Item& item) {
    const size_t quote =
        rest_.size() > 1 && std::string_view("bBuUrR").find(rest_[0]) != std::string_view::npos ? 1 : 0;
    if (rest_.size() > quote && (rest_[quote] == '\'' || rest_[quote] == '"')) {
      rest_.remove_prefix(quote);
      item = Item::kText;
      return ReadQuoted(name);
    }
    return ReadWord(name, number, item);
  }

  bool ReadQuoted(std::string& name) {
    const char quote = rest_.front();
    size_t i = 1;
    for (; i < rest_.size() && rest_[i] != quote; ++i) {
      if (rest_[i] == '\\' && i + 1 < rest_.size()) ++i;
      name += rest_[i];
    }
    if (i >= rest_.size()) return false;
    rest_.remove_prefix(i + 1);
    return true;
  }

  bool ReadWord(std::string& name, double& number, Item& item) {
    const std::string_view word = rest_.substr(0, rest_.find_first_of(" \t\r\n,:)]}"));
    const std::string_view plain = word.starts_with("np.") ? word.substr(3) : word;
    if (const std::optional<double> value = LabelNumber(word)) {
      item = Item::kNumber;
      name = NumberName(word);
      number = *value;
    } else if (plain == "True" || plain == "true" || plain == "True_") {
      item = Item::kBool;
      name = "true";
      number = 1;
    } else if (plain == "False" || plain == "false" || plain == "False_") {
      item = Item::kBool;
      name = "false";
    } else if (plain == "None" || plain == "null" || plain == "nan" || plain == "NaN" || plain == "<NA>") {
      item = Item::kMissing;
    } else {
      return false;
    }
    rest_.remove_prefix(word.size());
    return true;
  }

  std::string_view rest_;
  Value value_;
};

int BitOf(const std::string& item) {
  if (item == "0") return 0;
  if (item == "1") return 1;
  return ZeroOrOne(Value{.kind = Value::Kind::kText, .text = item, .items = {}});
}

}  // namespace

std::optional<Value> ParseLabelList(std::string_view text) {
  text = TrimAscii(text);
  constexpr std::string_view kEnds = "])}";
  if (text.size() < 2 || kEnds.find(text.back()) == std::string_view::npos) return std::nullopt;
  return ListParser(text).Parse();
}

std::optional<Value> ParseSeparatedBits(std::string_view text) {
  text = TrimAscii(text);
  if (text.empty() || text.find_first_not_of("01.,;| \tTtrueFfals") != std::string_view::npos) return std::nullopt;
  const size_t mark = text.find_first_of(",;|");
  const std::string_view separators = mark == std::string_view::npos ? kSpace : text.substr(mark, 1);
  Value list;
  list.kind = Value::Kind::kList;
  for (size_t from = 0; from <= text.size();) {
    const size_t end = std::min(text.find_first_of(separators, from), text.size());
    const std::string_view part = TrimAscii(text.substr(from, end - from));
    from = end + 1;
    if (part.empty() && separators == kSpace) continue;
    list.items.emplace_back(part);
    if (BitOf(list.items.back()) < 0) return std::nullopt;
  }
  return list;
}

std::optional<std::vector<bool>> MultiHotBits(const Value& value) {
  if (value.kind != Value::Kind::kList || value.items.size() < 2) return std::nullopt;
  std::vector<bool> bits;
  bits.reserve(value.items.size());
  for (const std::string& item : value.items) {
    const int bit = BitOf(item);
    if (bit < 0) return std::nullopt;
    bits.push_back(bit == 1);
  }
  return bits;
}

bool HasFractions(const Value& value) {
  return value.kind == Value::Kind::kList &&
         std::ranges::any_of(value.shares, [](double number) { return number != std::floor(number); });
}

}  // namespace winnow
