#include "text/word_breaks.h"

#include "text/unicode_data.h"
#include "text/utf8.h"

namespace winnow {
namespace {

using unicode::Boundaries;
using Break = unicode::WordBreak;

/// Characters that the rules look through (WB4).
bool IsTransparent(Break kind) { return kind == Break::kExtend || kind == Break::kFormat || kind == Break::kZwj; }
bool IsLineEnd(Break kind) { return kind == Break::kCr || kind == Break::kLf || kind == Break::kNewline; }
bool IsLetter(Break kind) { return kind == Break::kALetter || kind == Break::kHebrewLetter; }
/// MidNumLetQ of the rules.
bool IsMidBoth(Break kind) { return kind == Break::kMidNumLet || kind == Break::kSingleQuote; }

/// Walks along a text, and looks one character ahead of those that the rules look through.
class Walk {
 public:
  explicit Walk(std::string_view text) : text_(text) {}

  std::vector<WordSection> Run() {
    std::vector<WordSection> sections;
    while (next_ < text_.size()) {
      const size_t begin = next_;
      const Boundaries& current = unicode::BoundariesOf(NextCodePoint(text_, next_));
      const bool joined = begin > 0 && Joins(current);
      if (begin > 0 && !joined) sections.push_back({static_cast<uint32_t>(begin), symbols_});
      Add(current.word, joined);
    }
    if (!text_.empty()) sections.push_back({static_cast<uint32_t>(text_.size()), symbols_});
    return sections;
  }

 private:
  /// The class of the first character from next_ on that the rules don't look through.
  Break Following() const {
    for (size_t i = next_; i < text_.size();) {
      const Break kind = unicode::BoundariesOf(NextCodePoint(text_, i)).word;
      if (!IsTransparent(kind)) return kind;
    }
    return Break::kOther;
  }

  /// Whether no boundary is before a character that is not the first.
  bool Joins(const Boundaries& current) const {
    const Break kind = current.word;
    if (last_ == Break::kCr && kind == Break::kLf) return true;                                 // WB3
    if (IsLineEnd(last_) || IsLineEnd(kind)) return false;                                      // WB3a, WB3b
    if (last_ == Break::kZwj && (current.flags & Boundaries::kPictographic) != 0) return true;  // WB3c
    if (last_ == Break::kWSegSpace && kind == Break::kWSegSpace) return true;                   // WB3d
    if (IsTransparent(kind)) return true;                                                       // WB4
    return JoinsLetter(kind) || JoinsNumber(kind) || (kind == Break::kRegionalIndicator && odd_indicators_);  // WB16
  }

  /// Rules WB5 to WB7c.
  bool JoinsLetter(Break kind) const {
    if (IsLetter(kind)) {
      if (IsLetter(base_)) return true;
      if (IsLetter(before_) && (base_ == Break::kMidLetter || IsMidBoth(base_))) return true;
      return kind == Break::kHebrewLetter && before_ == Break::kHebrewLetter && base_ == Break::kDoubleQuote;
    }
    if (!IsLetter(base_)) return false;
    if (base_ == Break::kHebrewLetter && kind == Break::kSingleQuote) return true;
    if (kind == Break::kMidLetter || IsMidBoth(kind)) return IsLetter(Following());
    return base_ == Break::kHebrewLetter && kind == Break::kDoubleQuote && Following() == Break::kHebrewLetter;
  }

  /// Rules WB8 to WB13b.
  bool JoinsNumber(Break kind) const {
    const bool word_before = IsLetter(base_) || base_ == Break::kNumeric || base_ == Break::kExtendNumLet;
    if (kind == Break::kExtendNumLet) return word_before;
    if (IsLetter(kind)) return base_ == Break::kNumeric || base_ == Break::kExtendNumLet;
    if (kind == Break::kNumeric) {
      return word_before || (before_ == Break::kNumeric && (base_ == Break::kMidNum || IsMidBoth(base_)));
    }
    return base_ == Break::kNumeric && (kind == Break::kMidNum || IsMidBoth(kind)) && Following() == Break::kNumeric;
  }

  void Add(Break kind, bool joined) {
    last_ = kind;
    if (joined && IsTransparent(kind)) {
      // ICU takes a word for one only while nothing follows the connector or quotation mark that ends it.
      symbols_ = symbols_ || !(IsLetter(base_) || base_ == Break::kNumeric);
      return;
    }
    symbols_ = !(IsLetter(kind) || kind == Break::kNumeric ||
                 (joined && (kind == Break::kExtendNumLet || kind == Break::kSingleQuote)));
    odd_indicators_ = kind == Break::kRegionalIndicator && !odd_indicators_;
    before_ = base_;
    base_ = kind;
  }

  std::string_view text_;
  size_t next_ = 0;
  Break last_ = Break::kOther;    // the character before
  Break base_ = Break::kOther;    // the last character that the rules do not look through
  Break before_ = Break::kOther;  // the one before it
  bool odd_indicators_ = false;
  bool symbols_ = true;
};

}  // namespace

bool NeedsDictionary(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    if (static_cast<unsigned char>(text[i]) < 0x80) {
      ++i;
    } else if (unicode::BoundariesOf(NextCodePoint(text, i)).word == Break::kDictionary) {
      return true;
    }
  }
  return false;
}

std::vector<WordSection> WordSections(std::string_view text) { return Walk(text).Run(); }

}  // namespace winnow
