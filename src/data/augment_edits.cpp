#include "data/augment_edits.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "base/ascii.h"
#include "text/segments.h"
#include "text/utf8.h"

namespace winnow {
namespace {

using CodePoints = std::vector<char32_t>;

CodePoints Decoded(std::string_view text) {
  CodePoints points;
  points.reserve(text.size());
  for (size_t i = 0; i < text.size();) points.push_back(NextCodePoint(text, i));
  return points;
}

std::string Encoded(const CodePoints& points) {
  std::string text;
  for (const char32_t point : points) AppendUtf8(point, text);
  return text;
}

/// Letters that stand alone, so that something may come between two of them: of Latin, Greek and Cyrillic. Between
/// other characters there may be joins (marks, emoji sequences, scripts that shape) that an insertion would break.
bool IsSimpleLetter(char32_t c) {
  return IsAsciiLetter(c) || (c >= 0xC0 && c <= 0x24F && c != 0xD7 && c != 0xF7) || (c >= 0x386 && c <= 0x3FF) ||
         (c >= 0x400 && c <= 0x481) || (c >= 0x48A && c <= 0x52F);
}

bool IsSpace(char32_t c) { return IsAsciiSpace(c) || c == U'\u00A0'; }
bool EndsWord(char32_t c) { return IsSpace(c) || c == static_cast<char32_t>(kSegmentSeparator); }

/// Places [begin, end) in a text.
struct Span {
  size_t begin = 0;
  size_t end = 0;
};

bool BeginsWith(const CodePoints& points, size_t at, std::string_view prefix) {
  if (points.size() - at < prefix.size()) return false;
  for (size_t i = 0; i < prefix.size(); ++i) {
    if (LowerAscii(points[at + i]) != static_cast<unsigned char>(prefix[i])) return false;
  }
  return true;
}

/// Addresses, up to the next white space, without the punctuation that ends a sentence.
std::vector<Span> Urls(const CodePoints& points) {
  std::vector<Span> urls;
  for (size_t i = 0; i < points.size(); ++i) {
    if (i > 0 && (IsSimpleLetter(points[i - 1]) || IsAsciiDigit(points[i - 1]))) continue;
    if (!BeginsWith(points, i, "http://") && !BeginsWith(points, i, "https://") && !BeginsWith(points, i, "www.")) {
      continue;
    }
    size_t end = i;
    while (end < points.size() && !EndsWord(points[end])) ++end;
    const auto closes = [](char32_t c) {
      return c == '.' || c == ',' || c == '!' || c == '?' || c == ')' || c == '"' || c == '>';
    };
    while (end > i + 1 && closes(points[end - 1])) --end;
    urls.push_back({i, end});
    i = end;
  }
  return urls;
}

/// 1 for each place outside addresses.
std::vector<char> OutsideUrls(const CodePoints& points) {
  std::vector<char> outside(points.size(), 1);
  for (const Span& url : Urls(points)) {
    std::fill(outside.begin() + static_cast<ptrdiff_t>(url.begin), outside.begin() + static_cast<ptrdiff_t>(url.end),
              char{0});
  }
  return outside;
}

struct Substitute {
  char32_t letter;
  std::u32string_view choices;
};

constexpr std::array kLeet = {
    Substitute{'a', U"4@"}, Substitute{'b', U"8"},  Substitute{'e', U"3"}, Substitute{'g', U"9"},
    Substitute{'i', U"1!"}, Substitute{'l', U"1|"}, Substitute{'o', U"0"}, Substitute{'s', U"5$"},
    Substitute{'t', U"7+"}, Substitute{'z', U"2"},
};

// Whole-letter confusables of Latin in Cyrillic and Greek: Unicode's confusables.txt (Technical Standard 39).
constexpr std::array kLookAlikes = {
    Substitute{'a', U"\u0430"},       Substitute{'c', U"\u0441\u03F2"}, Substitute{'d', U"\u0501"},
    Substitute{'e', U"\u0435"},       Substitute{'h', U"\u04BB"},       Substitute{'i', U"\u0456"},
    Substitute{'j', U"\u0458\u03F3"}, Substitute{'o', U"\u043E\u03BF"}, Substitute{'p', U"\u0440\u03C1"},
    Substitute{'q', U"\u051B"},       Substitute{'s', U"\u0455"},       Substitute{'u', U"\u03C5"},
    Substitute{'v', U"\u03BD\u0475"}, Substitute{'w', U"\u051D"},       Substitute{'x', U"\u0445"},
    Substitute{'y', U"\u0443"},       Substitute{'A', U"\u0410\u0391"}, Substitute{'B', U"\u0412\u0392"},
    Substitute{'C', U"\u0421\u03F9"}, Substitute{'E', U"\u0415\u0395"}, Substitute{'H', U"\u041D\u0397"},
    Substitute{'I', U"\u0406\u0399"}, Substitute{'J', U"\u0408\u037F"}, Substitute{'K', U"\u041A\u039A"},
    Substitute{'M', U"\u041C\u039C"}, Substitute{'N', U"\u039D"},       Substitute{'O', U"\u041E\u039F"},
    Substitute{'P', U"\u0420\u03A1"}, Substitute{'Q', U"\u051A"},       Substitute{'S', U"\u0405"},
    Substitute{'T', U"\u0422\u03A4"}, Substitute{'W', U"\u051C"},       Substitute{'X', U"\u0425\u03A7"},
    Substitute{'Y', U"\u04AE\u03A5"}, Substitute{'Z', U"\u0396"},
};

template <size_t n>
std::u32string_view ChoicesIn(const std::array<Substitute, n>& table, char32_t letter) {
  const auto found = std::ranges::find(table, letter, &Substitute::letter);
  return found == table.end() ? std::u32string_view() : found->choices;
}

uint32_t Count(size_t size) { return static_cast<uint32_t>(std::min<size_t>(size, UINT32_MAX)); }

/// Replaces a share of the letters that have a substitute, at least one.
template <size_t n>
CodePoints Substituted(CodePoints points, const std::array<Substitute, n>& table, bool fold_case, Random& random) {
  const auto choices = [&](char32_t c) -> std::u32string_view {
    return ChoicesIn(table, fold_case ? LowerAscii(c) : c);
  };
  const std::vector<char> outside = OutsideUrls(points);
  std::vector<size_t> places;
  for (size_t i = 0; i < points.size(); ++i) {
    if (outside[i] != 0 && !choices(points[i]).empty()) places.push_back(i);
  }
  if (places.empty()) return points;
  const double share = 0.15 + 0.5 * random.Uniform();
  const size_t certain = places[random.Below(Count(places.size()))];
  for (const size_t place : places) {
    const bool replace = random.Uniform() < share || place == certain;
    const std::u32string_view from = choices(points[place]);
    const char32_t with = from[random.Below(Count(from.size()))];
    if (replace) points[place] = with;
  }
  return points;
}

/// Runs of at least `least` simple letters outside addresses.
std::vector<Span> Words(const CodePoints& points, size_t least) {
  const std::vector<char> outside = OutsideUrls(points);
  std::vector<Span> words;
  for (size_t i = 0; i < points.size();) {
    size_t end = i;
    while (end < points.size() && outside[end] != 0 && IsSimpleLetter(points[end])) ++end;
    if (end - i >= least) words.push_back({i, end});
    i = std::max(end, i + 1);
  }
  return words;
}

CodePoints SpacedOut(const CodePoints& points, Random& random) {
  const std::vector<Span> words = Words(points, 3);
  if (words.empty()) return points;
  const size_t certain = random.Below(Count(words.size()));
  const char32_t between = U"   .-_"[random.Below(6)];
  CodePoints spaced;
  size_t from = 0;
  for (size_t w = 0; w < words.size(); ++w) {
    const bool chosen = random.Below(6) == 0 || w == certain;
    if (!chosen) continue;
    for (size_t i = from; i < words[w].end; ++i) {
      spaced.push_back(points[i]);
      if (i >= words[w].begin && i + 1 < words[w].end) spaced.push_back(between);
    }
    from = words[w].end;
  }
  spaced.insert(spaced.end(), points.begin() + static_cast<ptrdiff_t>(from), points.end());
  return spaced;
}

CodePoints Joined(const CodePoints& points, Random& random) {
  const std::vector<char> outside = OutsideUrls(points);
  std::vector<size_t> gaps;
  for (size_t i = 1; i + 1 < points.size(); ++i) {
    const bool between = IsSimpleLetter(points[i - 1]) && IsSimpleLetter(points[i + 1]);
    if (points[i] == ' ' && between && outside[i - 1] != 0 && outside[i + 1] != 0) gaps.push_back(i);
  }
  if (gaps.empty()) return points;
  const size_t certain = gaps[random.Below(Count(gaps.size()))];
  const double share = 0.1 + 0.5 * random.Uniform();
  CodePoints joined;
  size_t gap = 0;
  for (size_t i = 0; i < points.size(); ++i) {
    const bool here = gap < gaps.size() && gaps[gap] == i;
    if (here) ++gap;
    if (here && (random.Uniform() < share || i == certain)) continue;
    joined.push_back(points[i]);
  }
  return joined;
}

CodePoints WithZeroWidth(const CodePoints& points, Random& random) {
  const std::vector<Span> words = Words(points, 2);
  if (words.empty()) return points;
  constexpr std::u32string_view kInvisible = U"\u200B\u200C\u2060\uFEFF\u00AD";
  const size_t certain = random.Below(Count(words.size()));
  const char32_t invisible = kInvisible[random.Below(Count(kInvisible.size()))];
  CodePoints hidden;
  size_t from = 0;
  for (size_t w = 0; w < words.size(); ++w) {
    const bool chosen = random.Below(3) == 0 || w == certain;
    const size_t at = words[w].begin + 1 + random.Below(Count(words[w].end - words[w].begin - 1));
    if (!chosen) continue;
    hidden.insert(hidden.end(), points.begin() + static_cast<ptrdiff_t>(from),
                  points.begin() + static_cast<ptrdiff_t>(at));
    hidden.push_back(invisible);
    from = at;
  }
  hidden.insert(hidden.end(), points.begin() + static_cast<ptrdiff_t>(from), points.end());
  return hidden;
}

CodePoints Respaced(const CodePoints& points, Random& random) {
  const uint32_t first = random.Below(3);
  for (uint32_t turn = 0; turn < 3; ++turn) {
    const uint32_t way = (first + turn) % 3;
    CodePoints changed = way == 0   ? SpacedOut(points, random)
                         : way == 1 ? Joined(points, random)
                                    : WithZeroWidth(points, random);
    if (changed != points) return changed;
  }
  return points;
}

CodePoints MadeUpUrl(Random& random) {
  constexpr std::array<std::string_view, 4> kBegins = {"http://", "https://", "www.", "http://www."};
  constexpr std::array<std::string_view, 8> kHosts = {"", "", "", "secure.", "login.", "m.", "offers.", "my-account."};
  constexpr std::array<std::string_view, 3> kDomains = {"example.com", "example.net", "example.org"};
  constexpr std::array<std::string_view, 10> kPaths = {"",       "/win", "/login", "/verify", "/claim",
                                                       "/track", "/pay", "/go",    "/offer",  "/p"};
  std::string url(kBegins[random.Below(4)]);
  url += kHosts[random.Below(8)];
  url += kDomains[random.Below(3)];
  const std::string_view path = kPaths[random.Below(10)];
  url += path;
  if (!path.empty() && random.Below(2) == 0) {
    constexpr std::string_view kAlphabet = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    url += random.Below(2) == 0 ? "/" : "?id=";
    for (uint32_t left = 4 + random.Below(6); left > 0; --left) url += kAlphabet[random.Below(Count(kAlphabet.size()))];
  }
  return Decoded(url);
}

CodePoints WithOtherUrl(const CodePoints& points, Random& random) {
  CodePoints changed;
  size_t from = 0;
  for (const Span& url : Urls(points)) {
    changed.insert(changed.end(), points.begin() + static_cast<ptrdiff_t>(from),
                   points.begin() + static_cast<ptrdiff_t>(url.begin));
    const CodePoints other = MadeUpUrl(random);
    changed.insert(changed.end(), other.begin(), other.end());
    from = url.end;
  }
  changed.insert(changed.end(), points.begin() + static_cast<ptrdiff_t>(from), points.end());
  if (from > 0) return changed;
  const CodePoints url = MadeUpUrl(random);
  if (random.Below(4) == 0) {
    changed.insert(changed.begin(), ' ');
    changed.insert(changed.begin(), url.begin(), url.end());
  } else {
    if (!changed.empty() && !EndsWord(changed.back())) changed.push_back(' ');
    changed.insert(changed.end(), url.begin(), url.end());
  }
  return changed;
}

/// As many other digits; a number that did not begin with 0 still does not.
CodePoints OtherDigits(const CodePoints& points, Span run, Random& random) {
  CodePoints digits(points.begin() + static_cast<ptrdiff_t>(run.begin),
                    points.begin() + static_cast<ptrdiff_t>(run.end));
  // What a telephone number begins with says what it is: 0800, 44.
  const size_t kept = digits.size() >= 9 ? 4 : 0;
  for (size_t i = kept; i < digits.size(); ++i) {
    const bool no_zero = i == 0 && digits[0] != '0';
    digits[i] = no_zero ? '1' + random.Below(9) : '0' + random.Below(10);
  }
  if (digits.size() >= 9 && random.Below(3) == 0) {
    const char32_t between = U" -."[random.Below(3)];
    for (size_t at = digits.size() - 3; at > 3; at -= std::min<size_t>(at, 3)) {
      digits.insert(digits.begin() + static_cast<ptrdiff_t>(at), between);
    }
  }
  return digits;
}

CodePoints WithOtherNumbers(const CodePoints& points, Random& random) {
  const std::vector<char> outside = OutsideUrls(points);
  CodePoints changed;
  for (size_t i = 0; i < points.size();) {
    size_t end = i;
    while (end < points.size() && outside[end] != 0 && IsAsciiDigit(points[end])) ++end;
    if (end == i) {
      changed.push_back(points[i++]);
      continue;
    }
    const CodePoints digits = OtherDigits(points, {i, end}, random);
    changed.insert(changed.end(), digits.begin(), digits.end());
    // An amount: £500 also as £500.00.
    const bool amount = i > 0 && (points[i - 1] == '$' || points[i - 1] == 0xA3 || points[i - 1] == 0x20AC);
    const bool whole = end == points.size() || IsSpace(points[end]);
    if (amount && whole && random.Below(4) == 0) changed.insert(changed.end(), {'.', '0', '0'});
    i = end;
  }
  return changed;
}

}  // namespace

std::u32string_view LeetChoices(char32_t letter) { return ChoicesIn(kLeet, LowerAscii(letter)); }

std::u32string_view LookAlikeChoices(char32_t letter) { return ChoicesIn(kLookAlikes, letter); }

std::string MakeVariant(AugmentKind kind, std::string_view text, Random& random) {
  const CodePoints points = Decoded(text);
  switch (kind) {
    case AugmentKind::kLeetspeak:
      return Encoded(Substituted(points, kLeet, true, random));
    case AugmentKind::kHomoglyphs:
      return Encoded(Substituted(points, kLookAlikes, false, random));
    case AugmentKind::kSpacing:
      return Encoded(Respaced(points, random));
    case AugmentKind::kUrls:
      return Encoded(WithOtherUrl(points, random));
    case AugmentKind::kNumbers:
      return Encoded(WithOtherNumbers(points, random));
  }
  return std::string(text);
}

}  // namespace winnow
