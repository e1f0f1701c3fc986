#include "text/pattern.h"

#include <unicode/regex.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <new>
#include <optional>

#include "text/known_patterns.h"
#include "text/regex_translation.h"
#include "text/utf8.h"

namespace winnow {
namespace {

constexpr size_t kShown = 200;  // bytes of an expression in a message

/// ICU asks it now and then whether a search may go on.
struct Watch {
  MatchTime& time;
  uint32_t starts = 0;
};

/// Called after some ten thousand steps back within one match.
UBool U_CALLCONV GoesOn(const void* watch, int32_t) {
  return !const_cast<Watch*>(static_cast<const Watch*>(watch))->time.Over();
}

/// Called wherever no match begins. A possessive repetition may have read all of the text there without a step back.
UBool U_CALLCONV GoesOnAt(const void* watch, int64_t) {
  constexpr uint32_t kOften = 64;
  auto& watched = *const_cast<Watch*>(static_cast<const Watch*>(watch));
  return ++watched.starts % kOften != 0 || !watched.time.Over();
}

int32_t MostStackBytes(int32_t length) {
  constexpr int64_t kLeast = int64_t{16} << 20, kPerUnit = 256, kMost = int64_t{1} << 30;
  return static_cast<int32_t>(std::min(kLeast + kPerUnit * length, kMost));
}

}  // namespace

struct Pattern::Regex {
  std::unique_ptr<icu::RegexPattern> pattern;
};

Pattern::Pattern() = default;
Pattern::Pattern(Pattern&&) noexcept = default;
Pattern& Pattern::operator=(Pattern&&) noexcept = default;
Pattern::~Pattern() = default;

Pattern Pattern::OfText(std::string text) {
  Pattern pattern;
  pattern.text_ = std::move(text);
  return pattern;
}

Result<Pattern> Pattern::OfRegex(std::string_view regex, std::string_view where) {
  Pattern result;
  result.text_ = regex;
  result.kind_ = Kind::kRegex;
  // The two expressions that Hugging Face's converters write into nearly every file of SentencePiece's families.
  const std::optional<KnownPattern> known = FindKnownPattern(regex);
  if (known == KnownPattern::kTwoSpaces || known == KnownPattern::kSpacesLines) {
    result.kind_ = known == KnownPattern::kTwoSpaces ? Kind::kSpaces : Kind::kWhiteSpace;
    return result;
  }
  const std::string translated = TRY(TranslateRegex(regex, where));
  UErrorCode status = U_ZERO_ERROR;
  UParseError error;
  // As in Ruby's syntax "." excludes the line feed alone, and "^" and "$" match at every line.
  constexpr uint32_t kFlags = UREGEX_UNIX_LINES | UREGEX_MULTILINE;
  std::unique_ptr<icu::RegexPattern> pattern(
      icu::RegexPattern::compile(icu::UnicodeString::fromUTF8(translated), kFlags, error, status));
  if (U_FAILURE(status) || pattern == nullptr) {
    return Fail(ErrorCode::kInvalidModel, std::string(where) + ": '" + std::string(regex) +
                                              "' is not a valid regular expression (" + u_errorName(status) + ")");
  }
  result.regex_ = std::make_unique<const Regex>(Regex{std::move(pattern)});
  return result;
}

std::vector<PatternMatch> Pattern::FindAll(std::string_view text, MatchTime& time) const {
  if (kind_ == Kind::kText) return FindAllOf(text_, text);
  if (kind_ == Kind::kSpaces) return FindAllOf(KnownPattern::kTwoSpaces, text);
  if (kind_ == Kind::kWhiteSpace) return FindAllOf(KnownPattern::kSpacesLines, text);
  std::vector<PatternMatch> matches;
  icu::UnicodeString utf16;
  std::vector<uint32_t> places;  // in `text`, of each UTF-16 unit
  places.reserve(text.size() + 1);
  for (size_t i = 0; i < text.size();) {
    const auto place = static_cast<uint32_t>(i);
    utf16.append(static_cast<UChar32>(NextCodePoint(text, i)));
    places.resize(static_cast<size_t>(utf16.length()), place);
  }
  places.push_back(static_cast<uint32_t>(text.size()));
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<icu::RegexMatcher> matcher(regex_->pattern->matcher(utf16, status));
  if (matcher == nullptr || U_FAILURE(status)) throw std::bad_alloc();
  matcher->setStackLimit(MostStackBytes(utf16.length()), status);  // a repetition needs memory in the text's length
  const Watch watch{.time = time};
  matcher->setMatchCallback(GoesOn, &watch, status);
  matcher->setFindProgressCallback(GoesOnAt, &watch, status);
  while (matcher->find(status) && U_SUCCESS(status)) {
    const int32_t begin = matcher->start(status), end = matcher->end(status);
    const PatternMatch match = {places[static_cast<size_t>(begin)], places[static_cast<size_t>(end)]};
    if (match.begin == match.end && !matches.empty() && matches.back().end == match.end) continue;
    matches.push_back(match);
  }
  if (U_FAILURE(status)) {
    throw TextLimitExceeded("the regular expression '" + text_.substr(0, kShown) +
                            "' of tokenizer.json takes too much " +
                            (status == U_REGEX_STACK_OVERFLOW ? "memory" : "time") + " for a text of " +
                            std::to_string(text.size()) + " bytes");
  }
  return matches;
}

}  // namespace winnow
