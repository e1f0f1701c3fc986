// Reads an expression construct by construct: what both engines mean alike is copied, the classes that they define
// differently are spelled out, and anything else is refused.
#include "text/regex_translation.h"

#include <algorithm>
#include <cctype>
#include <utility>
#include <vector>

#include "base/ascii.h"

namespace winnow {
namespace {

constexpr size_t kLongest = 4096;

constexpr char kAnything = '\0';

/// What is known of a group. A repetition of one that can match the same text in several ways may take exponential
/// time.
struct Group {
  bool varies = false;      ///< a part of it is repeated or optional, or its alternatives may begin alike
  bool alternates = false;  ///< it has several alternatives
  bool begins = true;       ///< nothing of the present alternative has been read
  std::string firsts = {};  ///< the character, in lower case, that each alternative begins with, or kAnything

  bool Varies() const {
    std::string sorted = firsts;
    std::ranges::sort(sorted);
    return varies || (alternates && (sorted.contains(kAnything) || std::ranges::adjacent_find(sorted) != sorted.end()));
  }
};

/// Returns true for the inside of "{n,m}" if one of the numbers is over what any tokenizer needs: ICU's time to compile
/// and to match grows with it.
bool RepeatsTooOften(std::string_view inside) {
  constexpr int kMost = 1000;
  int number = 0;
  for (const char c : inside) {
    number = c == ',' ? 0 : number * 10 + (c - '0');
    if (number > kMost) return true;
  }
  return false;
}

/// Reads one expression.
class Translation {
 public:
  Translation(std::string_view regex, std::string_view where) : regex_(regex), where_(where) {}

  Result<std::string> Run() {
    if (regex_.size() > kLongest) return Refuse("expressions of more than 4096 bytes");
    groups_.emplace_back();
    while (at_ < regex_.size()) TRY(Next());
    if (groups_.size() != 1) return Broken("a group is not closed");
    return std::move(result_);
  }

 private:
  std::unexpected<Error> Refuse(const std::string& what) const {
    return Fail(
        ErrorCode::kUnsupported,
        std::string(where_) + ": the regular expression '" + std::string(regex_) + "' uses " + what +
            ", which is not supported",
        "supported: \\s \\S \\d \\D \\w \\W \\p{..}, classes, (?:..), (?i:..), look-ahead, look-behind, * + ? {n,m} "
        "and |");
  }
  std::unexpected<Error> Broken(const std::string& what) const {
    return Fail(ErrorCode::kInvalidModel,
                std::string(where_) + ": the regular expression '" + std::string(regex_) + "' is broken: " + what);
  }
  bool Has(size_t ahead) const { return at_ + ahead < regex_.size(); }
  void Copy(size_t count) {
    result_ += regex_.substr(at_, count);
    at_ += count;
  }

  Result<void> Next() {
    const char c = regex_[at_];
    switch (c) {
      case '\\':
        after_group_ = false;
        Begin(Has(1) && std::ispunct(static_cast<unsigned char>(regex_[at_ + 1])) ? regex_[at_ + 1] : kAnything);
        return Escape(false);
      case '[':
        after_group_ = false;
        Begin(kAnything);
        return Class();
      case '(':
        after_group_ = false;
        Begin(kAnything);
        return Open();
      case '|':
        after_group_ = false;
        Begin(kAnything);  // of an alternative without anything
        groups_.back().begins = true;
        groups_.back().alternates = true;
        Copy(1);
        return {};
      case ')':
        if (groups_.size() == 1) return Broken("a group is closed that was not opened");
        Begin(kAnything);
        after_group_ = true;
        varies_inside_ = groups_.back().Varies();
        groups_.pop_back();
        if (varies_inside_) groups_.back().varies = true;
        Copy(1);
        return {};
      case '*':
      case '+':
      case '?':
      case '{':
        return Repeat();
      case ']':
      case '}':
        return Refuse("an unescaped " + std::string(1, c));
      default:
        after_group_ = false;
        Begin(IsAsciiAlphanumeric(c) || std::string_view(" '\"-_,:;/").contains(c) ? c : kAnything);
        Copy(1);
        return {};
    }
  }

  /// Records how the alternative begins that is being read, unless that is known.
  void Begin(char first) {
    Group& group = groups_.back();
    if (std::exchange(group.begins, false)) group.firsts += LowerAscii(first);
  }

  /// Groups without numbers, and those that look around; (?i:..) ignores case.
  Result<void> Open() {
    for (const std::string_view kind : {"(?:", "(?i:", "(?=", "(?!", "(?<=", "(?<!", "(?>"}) {
      if (!regex_.substr(at_).starts_with(kind)) continue;
      groups_.emplace_back();
      Copy(kind.size());
      return {};
    }
    if (Has(1) && regex_[at_ + 1] == '?') return Refuse("'" + std::string(regex_.substr(at_, 4)) + "'");
    groups_.emplace_back();
    Copy(1);
    return {};
  }

  Result<void> Repeat() {
    if (result_.empty()) return Broken("it begins with a repetition");
    bool unbounded = regex_[at_] == '*' || regex_[at_] == '+';
    const bool braces = regex_[at_] == '{';
    if (braces) {
      const size_t end = regex_.find('}', at_);
      if (end == std::string_view::npos) return Refuse("an unescaped {");
      const std::string_view inside = regex_.substr(at_ + 1, end - at_ - 1);
      if (inside.empty() || inside.size() > 9 || inside.find_first_not_of("0123456789,") != std::string_view::npos ||
          inside.front() == ',' || inside.find(',') != inside.rfind(','))
        return Refuse("'{" + std::string(inside) + "}'");
      if (RepeatsTooOften(inside)) return Refuse("a repetition of more than 1000 times");
      unbounded = true;
      Copy(end + 1 - at_);
    } else {
      Copy(1);
    }
    if (unbounded && after_group_ && varies_inside_) {
      return Refuse(
          "a repeated group that contains a repetition, an optional part or alternatives that may begin alike");
    }
    groups_.back().varies = true;
    after_group_ = false;
    if (at_ >= regex_.size()) return {};
    if (regex_[at_] == '?') Copy(1);
    // In Ruby's syntax "{n,m}+" repeats what is repeated, and is not possessive.
    if (at_ < regex_.size() && regex_[at_] == '+') {
      if (braces) return Refuse("'}+'");
      Copy(1);
    }
    if (at_ < regex_.size() && std::string_view("*+?{").find(regex_[at_]) != std::string_view::npos)
      return Refuse("a repetition of a repetition");
    return {};
  }

  Result<void> Escape(bool in_class) {
    if (!Has(1)) return Broken("it ends with a backslash");
    const char c = regex_[at_ + 1];
    const auto put = [&](std::string_view inside, bool negated) {
      result_ += negated ? "[^" : "[";
      result_ += inside;
      result_ += ']';
      at_ += 2;
    };
    // Outside of classes Oniguruma's table has Latin-1's superscripts and fractions besides.
    constexpr std::string_view kWord = R"(\p{Alphabetic}\p{M}\p{Nd}\p{Pc})";
    constexpr std::string_view kWordAlone = R"(\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\u00B2\u00B3\u00B9\u00BC-\u00BE)";
    switch (c) {
      case 's':
      case 'S':
        put(R"(\p{White_Space})", c == 'S');
        return {};
      case 'd':
      case 'D':
        put(R"(\p{Nd})", c == 'D');
        return {};
      case 'w':
      case 'W':
        put(in_class ? kWord : kWordAlone, c == 'W');
        return {};
      case 'p':
      case 'P':
        return Property();
      case 'n':
      case 'r':
      case 't':
      case 'f':
        Copy(2);
        return {};
      case 'A':
      case 'z':
        if (in_class) return Refuse("\\" + std::string(1, c) + " in a class");
        Copy(2);
        return {};
      default:
        break;
    }
    const auto byte = static_cast<unsigned char>(c);
    const bool letter = IsAsciiAlphanumeric(c) || byte >= 0x80;
    if (letter) return Refuse("\\" + std::string(1, c));
    Copy(2);
    return {};
  }

  /// \p{L}, \p{Lu}, \p{Han}, \P{N}, \p{^N}: names that both engines know are checked when ICU compiles them.
  Result<void> Property() {
    bool negated = regex_[at_ + 1] == 'P';
    size_t begin = at_ + 2, end = begin;
    if (begin < regex_.size() && regex_[begin] == '{') {
      end = regex_.find('}', ++begin);
      if (end == std::string_view::npos) return Broken("\\p{ is not closed");
    } else {
      return Refuse("\\p without braces");
    }
    std::string_view name = regex_.substr(begin, end - begin);
    if (name.starts_with('^')) {
      negated = !negated;
      name.remove_prefix(1);
    }
    for (const char c : name) {
      if (!(IsAsciiLetter(c) || c == '_')) return Refuse("\\p{" + std::string(name) + "}");
    }
    // POSIX names that Oniguruma defines in its own way.
    for (const std::string_view own : {"Alnum", "Alpha", "Blank", "Cntrl", "Digit", "Graph", "Lower", "Print", "Punct",
                                       "Space", "Upper", "XDigit", "Word"}) {
      if (name == own) return Refuse("\\p{" + std::string(name) + "}");
    }
    result_ += negated ? "\\P{" : "\\p{";
    result_ += name;
    result_ += '}';
    at_ = end + 1;
    return {};
  }

  Result<void> Class() {
    Copy(1);
    if (Has(0) && regex_[at_] == '^') Copy(1);
    if (Has(0) && regex_[at_] == ']') return Refuse("an empty class");
    while (Has(0) && regex_[at_] != ']') {
      const char c = regex_[at_];
      if (c == '\\') {
        TRY(Escape(true));
        continue;
      }
      if (c == '[') return Refuse("a class within a class");
      if (c == '&' && Has(1) && regex_[at_ + 1] == '&') return Refuse("an intersection of classes");
      if (c == '-' && Has(1) && regex_[at_ + 1] == '-') return Refuse("'--' in a class");
      // ICU takes these for operators of sets where Oniguruma takes them for characters.
      if (c == '&' || c == '{' || c == '}' || c == '$') result_ += '\\';
      if (c == '-' && (result_.back() == '[' || result_.back() == '^' || result_.back() == ']' ||
                       (Has(1) && regex_[at_ + 1] == ']')))
        result_ += '\\';
      Copy(1);
    }
    if (!Has(0)) return Broken("a class is not closed");
    Copy(1);
    return {};
  }

  std::string_view regex_, where_;
  size_t at_ = 0;
  std::string result_;
  std::vector<Group> groups_;  // that are open
  bool after_group_ = false, varies_inside_ = false;
};

}  // namespace

Result<std::string> TranslateRegex(std::string_view regex, std::string_view where) {
  return Translation(regex, where).Run();
}

}  // namespace winnow
