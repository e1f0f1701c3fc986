#include "text/known_patterns.h"

#include <utility>

#include "text/character_classes.h"
#include "text/unicode_data.h"
#include "text/utf8.h"

// Each alternative of an expression is a function of the place where it is tried, which returns where its match ends,
// or the place itself if it does not match: none of the expressions matches nothing.

namespace winnow {
namespace {

constexpr std::pair<std::string_view, KnownPattern> kPatterns[] = {
    {R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)", KnownPattern::kGpt2},
    {R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     KnownPattern::kLlama3},
    {R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     KnownPattern::kQwen2},
    {R"(\p{N})", KnownPattern::kNumber},
    {R"(\p{N}{1,3})", KnownPattern::kNumbers3},
    {R"(\d)", KnownPattern::kDigit},
    {R"(\d+)", KnownPattern::kDigits},
    {R"(\d{1,3})", KnownPattern::kDigits3},
    {R"(\s)", KnownPattern::kSpace},
    {R"(\s+)", KnownPattern::kSpaces},
    {" {2,}", KnownPattern::kTwoSpaces},
    {R"(\s{2,}|[\n\r\t])", KnownPattern::kSpacesLines},
};

constexpr size_t kAnyNumber = SIZE_MAX;

bool IsLetter(char32_t c) { return ClassOf(c) == CharacterClass::kLetter; }
bool IsNumber(char32_t c) { return ClassOf(c) == CharacterClass::kNumber; }
bool IsSpace(char32_t c) { return ClassOf(c) == CharacterClass::kSpace; }
bool IsOther(char32_t c) { return ClassOf(c) == CharacterClass::kOther; }
bool IsLineEnd(char32_t c) { return c == '\r' || c == '\n'; }
bool IsDigit(char32_t c) { return unicode::PropertiesOf(c).category() == unicode::Category::kNd; }

/// A text, and the alternatives at its places.
class Matcher {
 public:
  explicit Matcher(std::string_view text) : text_(text) {}

  /// The end of the characters from `at` on that are of a kind, `most` at most.
  size_t Run(size_t at, bool (*is)(char32_t), size_t most = kAnyNumber) const {
    for (size_t next = at; at < text_.size() && most > 0; at = next, --most) {
      if (!is(NextCodePoint(text_, next))) break;
    }
    return at;
  }

  /// One character, if it is of the kind, and those of another kind after it, if there are any.
  size_t RunAfter(size_t at, bool (*first)(char32_t), bool (*is)(char32_t)) const {
    const size_t begin = Run(at, first, 1);
    const size_t end = Run(begin, is);
    return end > begin ? end : Run(at, is);
  }

  /// 's, 't, 're, 've, 'm, 'll, 'd.
  size_t Contraction(size_t at, bool any_case) const {
    if (text_[at] != '\'') return at;
    for (const std::u32string_view letters : {U"s", U"t", U"re", U"ve", U"m", U"ll", U"d"}) {
      size_t next = at + 1;
      bool matches = true;
      for (size_t i = 0; matches && i < letters.size(); ++i) {
        if (next >= text_.size()) {
          matches = false;
          break;
        }
        const char32_t c = NextCodePoint(text_, next);
        matches = (any_case ? unicode::SimpleFolding(c) : c) == letters[i];
      }
      if (matches) return next;
    }
    return at;
  }

  /// \s*[\r\n]+: white space up to its last line end.
  size_t ThroughLineEnds(size_t at) const {
    size_t end = at;
    for (size_t next = at; next < text_.size();) {
      const char32_t c = NextCodePoint(text_, next);
      if (!IsSpace(c)) break;
      if (IsLineEnd(c)) end = next;
    }
    return end;
  }

  /// \s+(?!\S)|\s+: white space, without its last character if it has others and a word follows.
  size_t WhiteSpace(size_t at) const {
    size_t last = at, end = at;
    for (size_t next = at; next < text_.size(); last = end, end = next) {
      if (!IsSpace(NextCodePoint(text_, next))) return last > at ? last : end;
    }
    return text_.size();
  }

 private:
  std::string_view text_;
};

bool IsBlank(char32_t c) { return c == ' '; }
bool IsBeforeLetters(char32_t c) { return !IsLetter(c) && !IsNumber(c) && !IsLineEnd(c); }

size_t Gpt2Word(const Matcher& matcher, size_t at) {
  if (const size_t end = matcher.Contraction(at, /*any_case=*/false); end > at) return end;
  for (const auto is : {IsLetter, IsNumber, IsOther}) {
    if (const size_t end = matcher.RunAfter(at, IsBlank, is); end > at) return end;
  }
  return matcher.WhiteSpace(at);
}

size_t Llama3Word(const Matcher& matcher, size_t at, size_t digits) {
  if (const size_t end = matcher.Contraction(at, /*any_case=*/true); end > at) return end;
  if (const size_t end = matcher.RunAfter(at, IsBeforeLetters, IsLetter); end > at) return end;
  if (const size_t end = matcher.Run(at, IsNumber, digits); end > at) return end;
  if (const size_t end = matcher.RunAfter(at, IsBlank, IsOther); end > at) return matcher.Run(end, IsLineEnd);
  if (const size_t end = matcher.ThroughLineEnds(at); end > at) return end;
  return matcher.WhiteSpace(at);
}

/// Two characters of a kind or more.
size_t TwoOf(const Matcher& matcher, size_t at, bool (*is)(char32_t)) {
  const size_t end = matcher.Run(at, is);
  return end > matcher.Run(at, is, 1) ? end : at;
}

size_t SpacesOrLine(const Matcher& matcher, size_t at) {
  if (const size_t end = TwoOf(matcher, at, IsSpace); end > at) return end;
  return matcher.Run(
      at, [](char32_t c) { return IsLineEnd(c) || c == '\t'; }, 1);
}

size_t EndOfMatch(KnownPattern pattern, const Matcher& matcher, size_t at) {
  switch (pattern) {
    case KnownPattern::kGpt2:
      return Gpt2Word(matcher, at);
    case KnownPattern::kLlama3:
      return Llama3Word(matcher, at, 3);
    case KnownPattern::kQwen2:
      return Llama3Word(matcher, at, 1);
    case KnownPattern::kNumber:
      return matcher.Run(at, IsNumber, 1);
    case KnownPattern::kNumbers3:
      return matcher.Run(at, IsNumber, 3);
    case KnownPattern::kDigit:
      return matcher.Run(at, IsDigit, 1);
    case KnownPattern::kDigits:
      return matcher.Run(at, IsDigit);
    case KnownPattern::kDigits3:
      return matcher.Run(at, IsDigit, 3);
    case KnownPattern::kSpace:
      return matcher.Run(at, IsSpace, 1);
    case KnownPattern::kSpaces:
      return matcher.Run(at, IsSpace);
    case KnownPattern::kTwoSpaces:
      return TwoOf(matcher, at, IsBlank);
    case KnownPattern::kSpacesLines:
      return SpacesOrLine(matcher, at);
  }
  return at;
}

}  // namespace

std::optional<KnownPattern> FindKnownPattern(std::string_view regex) {
  for (const auto& [text, pattern] : kPatterns) {
    if (text == regex) return pattern;
  }
  return std::nullopt;
}

std::vector<PatternMatch> FindAllOf(KnownPattern pattern, std::string_view text) {
  std::vector<PatternMatch> matches;
  const Matcher matcher(text);
  for (size_t at = 0; at < text.size();) {
    if (const size_t end = EndOfMatch(pattern, matcher, at); end > at) {
      matches.push_back({at, end});
      at = end;
    } else {
      NextCodePoint(text, at);
    }
  }
  return matches;
}

std::vector<PatternMatch> FindAllOf(std::string_view wanted, std::string_view text) {
  std::vector<PatternMatch> matches;
  if (wanted.empty()) return matches;
  for (size_t i = text.find(wanted); i != std::string_view::npos; i = text.find(wanted, i + wanted.size())) {
    matches.push_back({i, i + wanted.size()});
  }
  return matches;
}

}  // namespace winnow
