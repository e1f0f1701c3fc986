/// Properties of characters, mappings and classes of boundaries of the Unicode Character Database, version 15.0, from
/// tables that the program contains: no library and no data file is needed. The tables are those of ICU 72, written by
/// tools/unicode/make_tables.cpp; unicode_data_test.cpp compares all code points. All functions take any value (those
/// above U+10FFFF are unassigned) and are thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace winnow {

namespace unicode {

/// The general categories (Unicode Standard 4.5), in the order that ICU numbers them.
enum class Category : uint8_t {
  kCn,
  kLu,
  kLl,
  kLt,
  kLm,
  kLo,
  kMn,
  kMe,
  kMc,
  kNd,
  kNl,
  kNo,
  kZs,
  kZl,
  kZp,
  kCc,
  kCf,
  kCo,
  kCs,
  kPd,
  kPs,
  kPe,
  kPc,
  kPo,
  kSm,
  kSc,
  kSk,
  kSo,
  kPi,
  kPf
};

/// The general category and binary properties of a character: bits 0 to 4 are the category.
class Properties {
 public:
  static constexpr uint16_t kWhiteSpace = 1 << 5, kAlphabetic = 1 << 6, kDefaultIgnorable = 1 << 7, kCased = 1 << 8,
                            kCaseIgnorable = 1 << 9,
                            kNumeric = 1 << 10;  ///< Numeric_Type is not None

  explicit constexpr Properties(uint16_t bits) : bits_(bits) {}

  Category category() const { return static_cast<Category>(bits_ & 31); }
  bool Has(uint16_t flag) const { return (bits_ & flag) != 0; }

  bool IsLetter() const {
    return IsOneOf(Bit(Category::kLu) | Bit(Category::kLl) | Bit(Category::kLt) | Bit(Category::kLm) |
                   Bit(Category::kLo));
  }
  bool IsMark() const { return IsOneOf(Bit(Category::kMn) | Bit(Category::kMe) | Bit(Category::kMc)); }
  bool IsNumber() const { return IsOneOf(Bit(Category::kNd) | Bit(Category::kNl) | Bit(Category::kNo)); }
  bool IsPunctuation() const {
    return IsOneOf(Bit(Category::kPd) | Bit(Category::kPs) | Bit(Category::kPe) | Bit(Category::kPc) |
                   Bit(Category::kPo) | Bit(Category::kPi) | Bit(Category::kPf));
  }

 private:
  static constexpr uint32_t Bit(Category category) { return uint32_t{1} << static_cast<uint32_t>(category); }
  bool IsOneOf(uint32_t categories) const { return (categories >> (bits_ & 31) & 1) != 0; }

  uint16_t bits_;
};

Properties PropertiesOf(char32_t c);

/// The major number of the version of Unicode that assigned the character; 0 if none has.
uint8_t AgeOf(char32_t c);

/// The script of a character (Standard Annex 24), as an index of the scripts in the order in which ICU numbers them.
/// The scripts Common, Inherited and Unknown are all kNoScript.
uint8_t ScriptIndexOf(char32_t c);
inline constexpr uint8_t kNoScript = 0;
/// Returns the number of indices. Two of them, which no character has, are those of the written languages "Japanese"
/// and "Korean", each with several scripts.
size_t ScriptCount();
/// Returns the name of a script with underscores, as "Old_Italic"; "" for kNoScript.
std::string_view ScriptName(uint8_t index);

/// Simple case mappings (UnicodeData.txt, CaseFolding.txt with statuses C and S): one code point for one.
char32_t SimpleLower(char32_t c);
char32_t SimpleFolding(char32_t c);

/// What normalization has to know of a character (Standard Annex 15).
struct Normalization {
  uint8_t combining_class;
  uint8_t decomposition;  ///< a DecompositionType
  uint16_t flags;

  /// The bits of a form are these, shifted left by 4 times its NormalForm.
  static constexpr uint16_t kNo = 1;              ///< Quick_Check=No: texts in the form do not have the character
  static constexpr uint16_t kMaybe = 2;           ///< Quick_Check=Maybe: depends on the characters before
  static constexpr uint16_t kBoundaryBefore = 4;  ///< the character does not interact with those before
};
enum class DecompositionType : uint8_t {
  kNone,
  kCanonical,
  kCompat,
  kCircle,
  kFinal,
  kFont,
  kFraction,
  kInitial,
  kIsolated,
  kMedial,
  kNarrow,
  kNobreak,
  kSmall,
  kSquare,
  kSub,
  kSuper,
  kVertical,
  kWide
};
const Normalization& NormalizationOf(char32_t c);

/// Appends the full canonical, or compatibility, decomposition of the character, which may be itself.
void AppendCanonical(char32_t c, std::u32string& out);
void AppendCompatibility(char32_t c, std::u32string& out);
/// Appends the canonical decomposition of the property NFKC_Casefold of a character, which may be empty.
void AppendFolding(char32_t c, std::u32string& out);
/// Returns the primary composite of two characters, or 0 if there is none.
char32_t Compose(char32_t first, char32_t second);

/// The classes of characters that decide on boundaries of grapheme clusters (Standard Annex 29, table 2).
enum class GraphemeBreak : uint8_t {
  kOther,
  kControl,
  kCr,
  kExtend,
  kL,
  kLf,
  kLv,
  kLvt,
  kT,
  kV,
  kSpacingMark,
  kPrepend,
  kRegionalIndicator,
  kZwj
};
/// The classes that decide on boundaries of words (Standard Annex 29, table 3), as the Common Locale Data Repository
/// tailors them. Characters of the last class are in scripts whose words a dictionary finds.
enum class WordBreak : uint8_t {
  kOther,
  kALetter,
  kFormat,
  kKatakana,
  kMidLetter,
  kMidNum,
  kNumeric,
  kExtendNumLet,
  kCr,
  kExtend,
  kLf,
  kMidNumLet,
  kNewline,
  kRegionalIndicator,
  kHebrewLetter,
  kSingleQuote,
  kDoubleQuote,
  kZwj,
  kWSegSpace,
  kDictionary
};
struct Boundaries {
  GraphemeBreak grapheme;
  WordBreak word;
  uint8_t flags;

  static constexpr uint8_t kPictographic = 1;  ///< Extended_Pictographic
  /// Of six scripts of India: consonants that a virama links, viramas, and the characters that may stand between.
  static constexpr uint8_t kLinkingConsonant = 2, kVirama = 4, kLinkExtend = 8;
};
const Boundaries& BoundariesOf(char32_t c);

}  // namespace unicode
}  // namespace winnow
