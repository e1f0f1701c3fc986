/// Regular expressions of tokenizer files (tokenizer.json's {"Regex": ...}), which Hugging Face's tokenizers match with
/// Oniguruma, by ICU's engine. Only what both engines mean alike is accepted, with the classes \s, \d and \w spelled
/// out as Oniguruma defines them for Unicode (its doc/RE, "character types").
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/text_limits.h"

namespace winnow {

/// A match: the bytes [begin, end) of the text.
struct PatternMatch {
  size_t begin = 0, end = 0;
  bool operator==(const PatternMatch&) const = default;
};

/// A string or a regular expression to search for. Thread-safe when const.
class Pattern {
 public:
  /// Returns a pattern that matches `text` itself. An empty text matches nowhere.
  static Pattern OfText(std::string text);
  /// Compiles a regular expression. `where` is the beginning of error messages. Errors: kInvalidModel for broken
  /// expressions; kUnsupported, by name, for constructs that the engines treat differently, and for repeated groups
  /// that contain repetitions, optional parts or alternatives that may begin alike, whose search may take exponential
  /// time.
  static Result<Pattern> OfRegex(std::string_view regex, std::string_view where);

  Pattern(Pattern&&) noexcept;
  Pattern& operator=(Pattern&&) noexcept;
  ~Pattern();

  /// Returns true for a text, and for the two expressions for white space, whose matches depend on no text far away.
  bool local() const { return kind_ != Kind::kRegex; }

  /// Returns the matches from left to right, none overlapping, without empty ones right after another. `text` is
  /// UTF-8. Throws TextLimitExceeded if a regular expression takes more time than `time` leaves, or than MatchTime
  /// gives to the text by itself, or more memory than 16 MB and 256 bytes per character.
  std::vector<PatternMatch> FindAll(std::string_view text, MatchTime& time) const;
  std::vector<PatternMatch> FindAll(std::string_view text) const {
    MatchTime time(text.size());
    return FindAll(text, time);
  }

 private:
  struct Regex;
  enum class Kind : uint8_t { kText, kSpaces, kWhiteSpace, kRegex };

  Pattern();

  Kind kind_ = Kind::kText;
  std::string text_;
  std::unique_ptr<const Regex> regex_;
};

}  // namespace winnow
