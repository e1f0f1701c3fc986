// The tables against ICU, code point by code point.
#include "text/unicode_data.h"

#include <gtest/gtest.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/uscript.h>

#include <string>

#include "text/normal_form.h"

namespace winnow {
namespace {

constexpr UChar32 kEnd = 0x110000;

class UnicodeData : public testing::Test {
 protected:
  void SetUp() override {
    UVersionInfo version;
    u_getUnicodeVersion(version);
    if (version[0] != 15 || version[1] != 0)
      GTEST_SKIP() << "this machine's ICU has another version of Unicode than 15.0";
  }
};

std::u32string Wide(const icu::UnicodeString& text) {
  std::u32string wide;
  for (int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) wide += static_cast<char32_t>(text.char32At(i));
  return wide;
}

TEST_F(UnicodeData, PropertiesAreThoseOfIcu) {
  using unicode::Properties;
  for (UChar32 code = 0; code < kEnd; ++code) {
    const Properties properties = unicode::PropertiesOf(static_cast<char32_t>(code));
    ASSERT_EQ(static_cast<int>(properties.category()), u_charType(code)) << code;
    ASSERT_EQ(properties.IsLetter(), (U_GET_GC_MASK(code) & U_GC_L_MASK) != 0) << code;
    ASSERT_EQ(properties.IsMark(), (U_GET_GC_MASK(code) & U_GC_M_MASK) != 0) << code;
    ASSERT_EQ(properties.IsNumber(), (U_GET_GC_MASK(code) & U_GC_N_MASK) != 0) << code;
    ASSERT_EQ(properties.IsPunctuation(), u_ispunct(code) != 0) << code;
    ASSERT_EQ(properties.Has(Properties::kWhiteSpace), u_isUWhiteSpace(code) != 0) << code;
    ASSERT_EQ(properties.Has(Properties::kAlphabetic), u_isUAlphabetic(code) != 0) << code;
    ASSERT_EQ(properties.Has(Properties::kDefaultIgnorable),
              u_hasBinaryProperty(code, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) != 0)
        << code;
    ASSERT_EQ(properties.Has(Properties::kCased), u_hasBinaryProperty(code, UCHAR_CASED) != 0) << code;
    ASSERT_EQ(properties.Has(Properties::kCaseIgnorable), u_hasBinaryProperty(code, UCHAR_CASE_IGNORABLE) != 0) << code;
    ASSERT_EQ(properties.Has(Properties::kNumeric), u_getIntPropertyValue(code, UCHAR_NUMERIC_TYPE) != U_NT_NONE)
        << code;
  }
}

TEST_F(UnicodeData, AgesScriptsAndCaseAreThoseOfIcu) {
  for (UChar32 code = 0; code < kEnd; ++code) {
    const auto c = static_cast<char32_t>(code);
    UVersionInfo age;
    u_charAge(code, age);
    ASSERT_EQ(unicode::AgeOf(c), age[0]) << code;
    UErrorCode status = U_ZERO_ERROR;
    const UScriptCode script = uscript_getScript(code, &status);
    const bool none = script <= USCRIPT_INHERITED || script == USCRIPT_UNKNOWN;
    ASSERT_EQ(unicode::ScriptName(unicode::ScriptIndexOf(c)), none ? "" : uscript_getName(script)) << code;
    ASSERT_EQ(unicode::SimpleLower(c), static_cast<char32_t>(u_tolower(code))) << code;
    ASSERT_EQ(unicode::SimpleFolding(c), static_cast<char32_t>(u_foldCase(code, U_FOLD_CASE_DEFAULT))) << code;
  }
}

TEST_F(UnicodeData, NormalizationIsThatOfIcu) {
  UErrorCode status = U_ZERO_ERROR;
  struct Form {
    NormalForm form;
    const icu::Normalizer2* normalizer;
    UProperty check;
  };
  const Form forms[] = {{NormalForm::kNfc, icu::Normalizer2::getNFCInstance(status), UCHAR_NFC_QUICK_CHECK},
                        {NormalForm::kNfd, icu::Normalizer2::getNFDInstance(status), UCHAR_NFD_QUICK_CHECK},
                        {NormalForm::kNfkc, icu::Normalizer2::getNFKCInstance(status), UCHAR_NFKC_QUICK_CHECK},
                        {NormalForm::kNfkd, icu::Normalizer2::getNFKDInstance(status), UCHAR_NFKD_QUICK_CHECK}};
  ASSERT_TRUE(U_SUCCESS(status));
  using unicode::Normalization;
  for (UChar32 code = 0; code < kEnd; ++code) {
    const Normalization& normalization = unicode::NormalizationOf(static_cast<char32_t>(code));
    ASSERT_EQ(normalization.combining_class, u_getCombiningClass(code)) << code;
    ASSERT_EQ(normalization.decomposition, u_getIntPropertyValue(code, UCHAR_DECOMPOSITION_TYPE)) << code;
    for (const Form& form : forms) {
      const int flags = normalization.flags >> (4 * static_cast<int>(form.form));
      const int32_t check = u_getIntPropertyValue(code, form.check);
      ASSERT_EQ((flags & Normalization::kNo) != 0, check == UNORM_NO) << code;
      ASSERT_EQ((flags & Normalization::kMaybe) != 0, check == UNORM_MAYBE) << code;
      ASSERT_EQ((flags & Normalization::kBoundaryBefore) != 0, form.normalizer->hasBoundaryBefore(code) != 0) << code;
    }
  }
}

TEST_F(UnicodeData, DecompositionsAreThoseOfIcu) {
  UErrorCode status = U_ZERO_ERROR;
  const struct {
    const icu::Normalizer2* normalizer;
    void (*append)(char32_t c, std::u32string& out);
  } kinds[] = {{icu::Normalizer2::getNFDInstance(status), unicode::AppendCanonical},
               {icu::Normalizer2::getNFKDInstance(status), unicode::AppendCompatibility},
               {icu::Normalizer2::getNFKCCasefoldInstance(status), unicode::AppendFolding}};
  ASSERT_TRUE(U_SUCCESS(status));
  for (UChar32 code = 0; code < kEnd; ++code) {
    if (code >= 0xD800 && code <= 0xDFFF) continue;
    for (const auto& kind : kinds) {
      icu::UnicodeString expected;
      if (!kind.normalizer->getDecomposition(code, expected)) expected = icu::UnicodeString(code);
      std::u32string found;
      kind.append(static_cast<char32_t>(code), found);
      ASSERT_EQ(found, Wide(expected)) << code;
    }
  }
}

TEST_F(UnicodeData, CompositesAreThoseOfIcu) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* nfc = icu::Normalizer2::getNFCInstance(status);
  ASSERT_TRUE(U_SUCCESS(status));
  const auto expected = [&](char32_t first, char32_t second) {
    const UChar32 composite = nfc->composePair(static_cast<UChar32>(first), static_cast<UChar32>(second));
    return composite < 0 ? U'\0' : static_cast<char32_t>(composite);
  };
  size_t composites = 0;
  for (UChar32 code = 0; code < kEnd; ++code) {
    icu::UnicodeString raw;
    if (!nfc->getRawDecomposition(code, raw) || raw.countChar32() != 2) continue;
    const std::u32string pair = Wide(raw);
    ASSERT_EQ(unicode::Compose(pair[0], pair[1]), expected(pair[0], pair[1])) << code;
    ASSERT_EQ(unicode::Compose(pair[1], pair[0]), expected(pair[1], pair[0])) << code;
    ASSERT_EQ(unicode::Compose(pair[0], 0x11A7), expected(pair[0], 0x11A7)) << code;
    composites += unicode::Compose(pair[0], pair[1]) != 0 ? 1 : 0;
  }
  EXPECT_GT(composites, 11172u);  // the syllables of Hangul, and others
}

TEST_F(UnicodeData, BreakClassesAreThoseOfIcu) {
  constexpr UGraphemeClusterBreak kGrapheme[] = {U_GCB_OTHER,
                                                 U_GCB_CONTROL,
                                                 U_GCB_CR,
                                                 U_GCB_EXTEND,
                                                 U_GCB_L,
                                                 U_GCB_LF,
                                                 U_GCB_LV,
                                                 U_GCB_LVT,
                                                 U_GCB_T,
                                                 U_GCB_V,
                                                 U_GCB_SPACING_MARK,
                                                 U_GCB_PREPEND,
                                                 U_GCB_REGIONAL_INDICATOR,
                                                 U_GCB_ZWJ};
  for (UChar32 code = 0; code < kEnd; ++code) {
    const unicode::Boundaries& boundaries = unicode::BoundariesOf(static_cast<char32_t>(code));
    ASSERT_EQ(kGrapheme[static_cast<size_t>(boundaries.grapheme)],
              u_getIntPropertyValue(code, UCHAR_GRAPHEME_CLUSTER_BREAK))
        << code;
    ASSERT_EQ((boundaries.flags & unicode::Boundaries::kPictographic) != 0,
              u_hasBinaryProperty(code, UCHAR_EXTENDED_PICTOGRAPHIC) != 0)
        << code;
  }
}

TEST_F(UnicodeData, ValuesAboveTheLastCodePointAreUnassigned) {
  for (const char32_t c : {char32_t{0x110000}, char32_t{0x8000000}, char32_t{0xFFFFFFFF}}) {
    EXPECT_EQ(unicode::PropertiesOf(c).category(), unicode::Category::kCn);
    EXPECT_EQ(unicode::AgeOf(c), unicode::AgeOf(0x10FFFF));
    EXPECT_EQ(unicode::SimpleLower(c), c);
    EXPECT_EQ(unicode::NormalizationOf(c).combining_class, 0);
  }
}

}  // namespace
}  // namespace winnow
