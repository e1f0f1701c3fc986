// Regular expressions of tokenizer files without ICU: those that text/known_patterns.h has code for.
#include "text/pattern.h"

#include <optional>
#include <utility>

#include "text/known_patterns.h"

namespace winnow {

struct Pattern::Regex {
  KnownPattern pattern;
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
  const std::optional<KnownPattern> known = FindKnownPattern(regex);
  if (!known) {
    return Fail(ErrorCode::kUnsupported,
                std::string(where) + ": the regular expression '" + std::string(regex) +
                    "' is not one of those that the WebAssembly module has code for",
                "ask a server for predictions of this model");
  }
  Pattern result;
  result.text_ = regex;
  result.kind_ = Kind::kRegex;
  if (known == KnownPattern::kTwoSpaces) result.kind_ = Kind::kSpaces;
  if (known == KnownPattern::kSpacesLines) result.kind_ = Kind::kWhiteSpace;
  result.regex_ = std::make_unique<const Regex>(Regex{*known});
  return result;
}

/// Linear, so that no limit on its time is needed.
std::vector<PatternMatch> Pattern::FindAll(std::string_view text, MatchTime&) const {
  return kind_ == Kind::kText ? FindAllOf(text_, text) : FindAllOf(regex_->pattern, text);
}

}  // namespace winnow
