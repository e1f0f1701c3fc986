#include "data/grammar.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/ascii.h"
#include "base/files.h"
#include "base/lines.h"
#include "base/suggest.h"
#include "text/text_parts.h"
#include "text/utf8.h"

namespace winnow {
namespace {

constexpr std::string_view kEscaped = "\\{}|#[";

bool IsListName(std::string_view text) {
  return !text.empty() && text.size() <= 64 && IsAsciiLower(text.front()) &&
         std::ranges::all_of(text, [](char c) { return IsAsciiLower(c) || IsAsciiDigit(c) || c == '_'; });
}

bool IsSymbols(std::string_view text) {
  return !text.empty() && text.find_first_not_of("#@") == std::string_view::npos;
}

bool IsControl(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == '\x7f'; }

}  // namespace

/// Reads the lines of a file into a grammar.
class GrammarReader {
 public:
  explicit GrammarReader(const std::string& name) : name_(name) {}

  Result<Grammar> Read(std::string_view contents) {
    contents = WithoutByteOrderMark(contents);
    while (!contents.empty()) {
      ++line_;
      TRY(ReadLine(TakeLine(contents)));
    }
    TRY(EndSection());
    if (grammar_.labels_.empty()) {
      return Fail(ErrorCode::kInvalidData, name_ + ": no section [label NAME], so the grammar generates no text",
                  "begin the message templates of a label with a line such as [label spam]");
    }
    for (const Grammar::List& list : grammar_.lists_) {
      if (!list.alternatives.empty()) continue;
      return Fail(ErrorCode::kInvalidData, fmt::format("{}, line {}: unknown list '{}'", name_, list.line, list.name),
                  DidYouMean(list.name, Names(),
                             "define it by a section [list " + list.name + "], or write \\{ for a brace in a text"));
    }
    return std::move(grammar_);
  }

 private:
  std::unexpected<Error> Refuse(const std::string& what, std::string hint = {}) const {
    return Fail(ErrorCode::kInvalidData, fmt::format("{}, line {}: {}", name_, line_, what), std::move(hint));
  }

  /// The names of the lists that have alternatives.
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& [name, id] : list_ids_) {
      if (!grammar_.lists_[id].alternatives.empty()) names.push_back(name);
    }
    return names;
  }

  Result<void> ReadLine(std::string_view line) {
    if (!IsUtf8(line)) return Refuse("not valid UTF-8", "save the file as UTF-8");
    if (std::ranges::any_of(line, IsControl)) return Refuse("contains a control character", "remove the character");
    line = TrimAscii(line);
    if (line.empty() || line.front() == '#') return {};
    if (line.front() == '[') return BeginSection(line);
    if (section_ == Section::kNone) {
      return Refuse(fmt::format("'{}' is outside a section", FirstCodePoints(line, 40)),
                    "begin a section with [list NAME] or [label NAME]");
    }
    rest_ = line;
    Grammar::Sequence parts = TRY(ReadSequence(0));
    section_empty_ = false;
    if (section_ == Section::kList) {
      grammar_.lists_[section_id_].alternatives.push_back(std::move(parts));
    } else {
      grammar_.templates_[section_id_].push_back({std::move(parts), line_});
    }
    return {};
  }

  Result<void> BeginSection(std::string_view heading) {
    TRY(EndSection());
    const auto refuse = [&] {
      return Refuse(fmt::format("'{}' is not a section", FirstCodePoints(heading, 40)),
                    "write [list NAME] or [label NAME]; write \\[ if a text begins with a bracket");
    };
    if (!heading.ends_with(']')) return refuse();
    const std::string_view inner = heading.substr(1, heading.size() - 2);
    const size_t space = std::min(inner.find(' '), inner.size());
    const std::string_view kind = inner.substr(0, space);
    const std::string section_name(TrimAscii(inner.substr(space)));
    if (section_name.empty() || (kind != "list" && kind != "label")) return refuse();
    section_empty_ = true;
    section_line_ = line_;
    if (kind == "list") {
      if (!IsListName(section_name)) {
        return Refuse(fmt::format("'{}' is not a name of a list", section_name),
                      "use up to 64 lower-case letters, digits and underscores, and a letter first");
      }
      section_ = Section::kList;
      section_id_ = ListId(section_name);
      return {};
    }
    section_ = Section::kLabel;
    const auto found = std::ranges::find(grammar_.labels_, section_name);
    section_id_ = static_cast<size_t>(found - grammar_.labels_.begin());
    if (found == grammar_.labels_.end()) {
      grammar_.labels_.push_back(section_name);
      grammar_.templates_.emplace_back();
    }
    return {};
  }

  Result<void> EndSection() {
    if (section_ == Section::kNone || !section_empty_) return {};
    line_ = section_line_;
    return Refuse("the section has no lines", "add a line, or remove the section");
  }

  /// The id of the list with this name, which may be defined later.
  size_t ListId(const std::string& name) {
    const auto [found, added] = list_ids_.try_emplace(name, grammar_.lists_.size());
    if (added) grammar_.lists_.push_back({.name = name, .line = line_});
    return found->second;
  }

  /// Reads up to the end of the line, or within braces up to '|' or '}', which stays in `rest_`.
  Result<Grammar::Sequence> ReadSequence(int depth) {
    Grammar::Sequence parts;
    std::string text;
    const auto end_text = [&] {
      if (!text.empty()) parts.push_back({.kind = Grammar::Part::Kind::kText, .text = std::move(text)});
      text.clear();
    };
    while (!rest_.empty()) {
      const char c = rest_.front();
      if (depth > 0 && (c == '|' || c == '}')) break;
      rest_.remove_prefix(1);
      if (c == '{') {
        end_text();
        parts.push_back(TRY(ReadBraces(depth + 1)));
      } else if (c == '}') {
        return Refuse("'}' without '{' before it", "write \\} for a brace in a text");
      } else {
        text += c == '\\' ? TRY(ReadEscaped()) : c;
      }
    }
    end_text();
    return parts;
  }

  Result<char> ReadEscaped() {
    const char c = rest_.empty() ? '\0' : rest_.front();
    if (c != 'n' && (c == '\0' || kEscaped.find(c) == std::string_view::npos)) {
      return Refuse("a backslash must be followed by one of n \\ { } | # [", "write \\\\ for a backslash");
    }
    rest_.remove_prefix(1);
    return c == 'n' ? '\n' : c;
  }

  /// Reads a slot, a choice or a run of random characters, after its opening brace.
  Result<Grammar::Part> ReadBraces(int depth) {
    if (depth > Grammar::kMaxDepth) return Refuse(fmt::format("braces are nested deeper than {}", Grammar::kMaxDepth));
    const size_t end = rest_.find_first_of("{}|\\");
    if (end != std::string_view::npos && rest_[end] == '}') {
      const std::string_view inner = rest_.substr(0, end);
      rest_.remove_prefix(end + 1);
      if (IsSymbols(inner)) return Grammar::Part{.kind = Grammar::Part::Kind::kSymbols, .text = std::string(inner)};
      if (IsListName(inner)) {
        return Grammar::Part{.kind = Grammar::Part::Kind::kList, .list = ListId(std::string(inner))};
      }
      return Refuse(fmt::format("'{{{}}}' is neither a slot nor a choice", FirstCodePoints(inner, 40)),
                    "a slot is the name of a list, a choice has two alternatives or more: {a|b}, and {##} are random "
                    "digits");
    }
    Grammar::List choice{.name = "", .line = line_};
    char last = '|';
    while (last == '|') {
      choice.alternatives.push_back(TRY(ReadSequence(depth)));
      if (rest_.empty()) return Refuse("'{' without '}'", "close the brace, or write \\{ for a brace in a text");
      last = rest_.front();
      rest_.remove_prefix(1);
    }
    if (choice.alternatives.size() == 1) {
      return Refuse("a choice has one alternative", "write two or more alternatives: {a|b}, or remove the braces");
    }
    grammar_.lists_.push_back(std::move(choice));
    return Grammar::Part{.kind = Grammar::Part::Kind::kList, .list = grammar_.lists_.size() - 1};
  }

  enum class Section { kNone, kList, kLabel };

  const std::string& name_;
  Grammar grammar_;
  std::map<std::string, size_t> list_ids_;
  Section section_ = Section::kNone;
  size_t section_id_ = 0;
  size_t section_line_ = 0;
  bool section_empty_ = true;
  size_t line_ = 0;
  std::string_view rest_;  ///< what is left of the line that is being read
};

/// Checks that no list contains itself and that no message template exceeds the limits of an expansion.
class GrammarLimits {
 public:
  GrammarLimits(const Grammar& grammar, const std::string& name)
      : grammar_(grammar), name_(name), sizes_(grammar.lists_.size()), open_(grammar.lists_.size()) {}

  Result<void> Check() {
    for (const auto& templates : grammar_.templates_) {
      for (const Grammar::Line& line : templates) {
        const Size size = TRY(SizeOf(line.parts, 0));
        if (size.bytes <= Grammar::kMaxTextBytes && size.parts <= Grammar::kMaxParts) continue;
        return Fail(ErrorCode::kInvalidData,
                    fmt::format("{}, line {}: the message template can generate a text of more than {} bytes or {} "
                                "parts",
                                name_, line.line, Grammar::kMaxTextBytes, Grammar::kMaxParts),
                    "shorten it or the lists that it uses");
      }
    }
    return {};
  }

 private:
  /// The most that an expansion can take; counting stops just above the limits.
  struct Size {
    size_t bytes = 0;
    size_t parts = 0;
    int depth = 0;  ///< of lists in lists
  };

  Result<Size> SizeOf(const Grammar::Sequence& sequence, int depth) {
    Size size;
    for (const Grammar::Part& part : sequence) {
      const Size one = part.kind == Grammar::Part::Kind::kList ? TRY(SizeOfList(part.list, depth + 1))
                                                               : Size{.bytes = part.text.size()};
      size.bytes = std::min(size.bytes + one.bytes, Grammar::kMaxTextBytes + 1);
      size.parts = std::min(size.parts + one.parts + 1, Grammar::kMaxParts + 1);
      size.depth = std::max(size.depth, one.depth);
    }
    return size;
  }

  Result<Size> SizeOfList(size_t id, int depth) {
    const Grammar::List& list = grammar_.lists_[id];
    if (open_[id]) return Refuse(list, "contains itself");
    const int deepest = sizes_[id] ? depth + sizes_[id]->depth - 1 : depth;
    if (deepest > Grammar::kMaxNesting) {
      return Refuse(list, fmt::format("is nested deeper than {} lists and choices", Grammar::kMaxNesting));
    }
    if (sizes_[id]) return *sizes_[id];
    open_[id] = true;
    Size most;
    for (const Grammar::Sequence& sequence : list.alternatives) {
      const Size one = TRY(SizeOf(sequence, depth));
      most.bytes = std::max(most.bytes, one.bytes);
      most.parts = std::max(most.parts, one.parts);
      most.depth = std::max(most.depth, one.depth);
    }
    open_[id] = false;
    ++most.depth;
    sizes_[id] = most;
    return most;
  }

  std::unexpected<Error> Refuse(const Grammar::List& list, const std::string& what) const {
    const std::string which = list.name.empty() ? "a choice" : "list '" + list.name + "'";
    return Fail(ErrorCode::kInvalidData, fmt::format("{}, line {}: {} {}", name_, list.line, which, what));
  }

  const Grammar& grammar_;
  const std::string& name_;
  std::vector<std::optional<Size>> sizes_;
  std::vector<char> open_;
};

Result<Grammar> Grammar::Read(const std::filesystem::path& path) { return Parse(TRY(ReadFile(path)), path.string()); }

Result<Grammar> Grammar::Parse(std::string_view contents, const std::string& name) {
  if (contents.size() > kMaxFileBytes) {
    return Fail(ErrorCode::kInvalidData,
                fmt::format("{}: {} bytes; a grammar may have up to {}", name, contents.size(), kMaxFileBytes));
  }
  Grammar grammar = TRY(GrammarReader(name).Read(contents));
  TRY(GrammarLimits(grammar, name).Check());
  return grammar;
}

void Grammar::Append(const Sequence& sequence, Random& random, std::string& text) const {
  for (const Part& part : sequence) {
    if (part.kind == Part::Kind::kText) {
      text += part.text;
    } else if (part.kind == Part::Kind::kList) {
      const List& list = lists_[part.list];
      Append(list.alternatives[random.Below(static_cast<uint32_t>(list.alternatives.size()))], random, text);
    } else {
      constexpr std::string_view kCharacters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
      for (const char symbol : part.text) {
        text += kCharacters[random.Below(symbol == '#' ? 10 : static_cast<uint32_t>(kCharacters.size()))];
      }
    }
  }
}

std::string Grammar::Expand(size_t label, size_t index, Random& random) const {
  std::string text;
  Append(templates_[label][index].parts, random, text);
  // Around an empty alternative there are two spaces, or one at an end.
  const auto spaces = std::ranges::unique(text, [](char a, char b) { return a == ' ' && b == ' '; });
  text.erase(spaces.begin(), spaces.end());
  return std::string(TrimAscii(text));
}

}  // namespace winnow
