#include "text/graphemes.h"

#include "text/unicode_data.h"
#include "text/utf8.h"

namespace winnow {
namespace {

/// Nothing joins two ASCII characters but the line end "\r\n".
bool OnlyAscii(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  }
  return true;
}

std::vector<uint32_t> AsciiEnds(std::string_view text) {
  std::vector<uint32_t> ends;
  ends.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
    ends.push_back(static_cast<uint32_t>(i + 1));
  }
  return ends;
}

using unicode::Boundaries;
using Break = unicode::GraphemeBreak;

bool IsControl(Break kind) { return kind == Break::kControl || kind == Break::kCr || kind == Break::kLf; }

/// Rules GB3 to GB9b, between neighbours, and GB999: whether they are of one cluster.
bool Joins(Break before, Break after) {
  if (IsControl(before) || IsControl(after)) return before == Break::kCr && after == Break::kLf;
  switch (after) {
    case Break::kExtend:
    case Break::kZwj:
    case Break::kSpacingMark:
      return true;
    case Break::kL:
    case Break::kLv:
    case Break::kLvt:
      if (before == Break::kL) return true;
      break;
    case Break::kV:
      if (before == Break::kL || before == Break::kV || before == Break::kLv) return true;
      break;
    case Break::kT:
      if (before == Break::kV || before == Break::kLv || before == Break::kT || before == Break::kLvt) return true;
      break;
    default:
      break;
  }
  return before == Break::kPrepend;
}

/// The characters before a place, as far as the rules for sequences look back.
class Sequence {
 public:
  /// Rules GB11 to GB13 of version 15.0, and the linked consonants of the Common Locale Data Repository (GB9c since
  /// version 15.1).
  bool Joins(const Boundaries& next) const {
    if ((next.flags & Boundaries::kPictographic) != 0 && emoji_ == Emoji::kJoiner) return true;
    if ((next.flags & Boundaries::kLinkingConsonant) != 0 && link_ == Link::kVirama) return true;
    return next.grapheme == Break::kRegionalIndicator && odd_indicators_;
  }

  void Add(const Boundaries& next) {
    odd_indicators_ = next.grapheme == Break::kRegionalIndicator && !odd_indicators_;
    if ((next.flags & Boundaries::kPictographic) != 0) {
      emoji_ = Emoji::kPictograph;
    } else if (emoji_ == Emoji::kPictograph && next.grapheme == Break::kZwj) {
      emoji_ = Emoji::kJoiner;
    } else if (emoji_ != Emoji::kPictograph || next.grapheme != Break::kExtend) {
      emoji_ = Emoji::kNone;
    }
    if ((next.flags & Boundaries::kLinkingConsonant) != 0) {
      link_ = Link::kConsonant;
    } else if (link_ != Link::kNone && (next.flags & Boundaries::kVirama) != 0) {
      link_ = Link::kVirama;
    } else if ((next.flags & Boundaries::kLinkExtend) == 0) {
      link_ = Link::kNone;
    }
  }

 private:
  enum class Emoji : uint8_t { kNone, kPictograph, kJoiner };
  enum class Link : uint8_t { kNone, kConsonant, kVirama };

  bool odd_indicators_ = false;
  Emoji emoji_ = Emoji::kNone;
  Link link_ = Link::kNone;
};

}  // namespace

std::vector<uint32_t> GraphemeEnds(std::string_view text) {
  if (OnlyAscii(text)) return AsciiEnds(text);
  std::vector<uint32_t> ends;
  Sequence sequence;
  Break before = Break::kControl;
  for (size_t i = 0; i < text.size();) {
    const size_t begin = i;
    const Boundaries& next = unicode::BoundariesOf(NextCodePoint(text, i));
    if (begin > 0 && !Joins(before, next.grapheme) && !sequence.Joins(next))
      ends.push_back(static_cast<uint32_t>(begin));
    sequence.Add(next);
    before = next.grapheme;
  }
  ends.push_back(static_cast<uint32_t>(text.size()));
  return ends;
}

}  // namespace winnow
