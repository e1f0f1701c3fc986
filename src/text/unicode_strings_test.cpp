// Algorithms over whole texts against ICU's, on short random strings of the characters that they treat apart. The
// environment variable WINNOW_TEST_UNICODE_STRINGS says how many.
#include <gtest/gtest.h>
#include <unicode/brkiter.h>
#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/utf8.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "text/case_fold.h"
#include "text/dictionary_words.h"
#include "text/graphemes.h"
#include "text/normal_form.h"
#include "text/python_text.h"
#include "text/utf8.h"
#include "text/word_breaks.h"

// ICU's macros narrow integers, knowingly.
#pragma GCC diagnostic ignored "-Wconversion"

namespace winnow {
namespace {

int StringCount() {
  const char* wanted = std::getenv("WINNOW_TEST_UNICODE_STRINGS");
  return wanted == nullptr ? 5000 : std::atoi(wanted);
}

icu::UnicodeString Utf16(std::string_view text) {
  return icu::UnicodeString::fromUTF8(icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
}
std::string Utf8(const icu::UnicodeString& text) {
  std::string bytes;
  text.toUTF8String(bytes);
  return bytes;
}

/// Random strings of ASCII, of any characters, and of those that interact with their neighbours.
class Strings {
 public:
  explicit Strings(std::string_view purpose) : random_(7, purpose) {
    UErrorCode status = U_ZERO_ERROR;
    const icu::Normalizer2* nfkc = icu::Normalizer2::getNFKCInstance(status);
    std::vector<std::vector<char32_t>> classes(64);
    for (UChar32 code = 0; code < 0x110000; ++code) {
      if (code >= 0xD800 && code <= 0xDFFF) continue;
      const auto add = [&](int32_t number) {
        classes[static_cast<size_t>(number)].push_back(static_cast<char32_t>(code));
      };
      if (const int32_t grapheme = u_getIntPropertyValue(code, UCHAR_GRAPHEME_CLUSTER_BREAK); grapheme != 0)
        add(grapheme);
      if (u_getCombiningClass(code) != 0) add(30);
      if (!nfkc->hasBoundaryBefore(code)) add(31);
      if (u_getIntPropertyValue(code, UCHAR_NFD_QUICK_CHECK) == UNORM_NO && code < 0xAC00) add(32);
      if (u_getIntPropertyValue(code, UCHAR_DECOMPOSITION_TYPE) > U_DT_CANONICAL) add(33);
      if (u_hasBinaryProperty(code, UCHAR_CASED)) add(34);
      if (u_hasBinaryProperty(code, UCHAR_EXTENDED_PICTOGRAPHIC)) add(35);
      if (u_hasBinaryProperty(code, UCHAR_CASE_IGNORABLE)) add(36);
      if (code >= 0x900 && code < 0xD80) add(37);  // India
      if (u_getIntPropertyValue(code, UCHAR_WORD_BREAK) != 0) add(40 + u_getIntPropertyValue(code, UCHAR_WORD_BREAK));
    }
    classes.push_back({0x3A3, 0x3C2, 'a', 0x130, 0x301, '.', 'A', 'i'});  // the final sigma and what decides on it
    classes.push_back({0x915, 0x94D, 0x93C, 0x200D, 0x308, 0x937, 0x9CD, 0x995});
    for (std::vector<char32_t>& members : classes) {
      if (!members.empty()) classes_.push_back(std::move(members));
    }
  }

  std::string Next(uint32_t longest = 12) {
    std::string text;
    const bool one_class = random_.Below(4) == 0;
    const std::vector<char32_t>& first = classes_[random_.Below(static_cast<uint32_t>(classes_.size()))];
    for (uint32_t left = random_.Below(longest); left > 0; --left) {
      AppendUtf8(one_class && random_.Below(4) > 0 ? Member(first) : Character(), text);
    }
    return text;
  }
  /// With bytes that are not UTF-8.
  std::string NextBytes() {
    std::string text = Next();
    for (uint32_t left = random_.Below(4); left > 0 && !text.empty(); --left) {
      const uint32_t at = random_.Below(static_cast<uint32_t>(text.size()));
      random_.Below(2) == 0 ? text.erase(at, 1) : text.insert(at, 1, static_cast<char>(random_.Below(256)));
    }
    return text;
  }

 private:
  char32_t Member(const std::vector<char32_t>& members) {
    return members[random_.Below(static_cast<uint32_t>(members.size()))];
  }
  char32_t Character() {
    const uint32_t kind = random_.Below(10);
    if (kind < 7) return Member(classes_[random_.Below(static_cast<uint32_t>(classes_.size()))]);
    if (kind < 9) return random_.Below(0x80);
    const char32_t c = random_.Below(0x110000);
    return c >= 0xD800 && c <= 0xDFFF ? U'\uFFFD' : c;
  }

  Random random_;
  std::vector<std::vector<char32_t>> classes_;
};

class UnicodeStrings : public testing::Test {
 protected:
  void SetUp() override {
    UVersionInfo version;
    u_getUnicodeVersion(version);
    if (version[0] != 15 || version[1] != 0)
      GTEST_SKIP() << "this machine's ICU has another version of Unicode than 15.0";
  }
};

const icu::Normalizer2* NormalizerOf(NormalForm form) {
  UErrorCode status = U_ZERO_ERROR;
  switch (form) {
    case NormalForm::kNfc:
      return icu::Normalizer2::getNFCInstance(status);
    case NormalForm::kNfd:
      return icu::Normalizer2::getNFDInstance(status);
    case NormalForm::kNfkc:
      return icu::Normalizer2::getNFKCInstance(status);
    default:
      return icu::Normalizer2::getNFKDInstance(status);
  }
}

/// The text in parts that begin where ICU has a boundary, each normalized by ICU.
std::string Reference(std::string_view text, NormalForm form, std::vector<uint32_t>& ends) {
  const icu::Normalizer2* normalizer = NormalizerOf(form);
  std::string result;
  icu::UnicodeString part;
  const auto flush = [&](size_t end) {
    UErrorCode status = U_ZERO_ERROR;
    result += Utf8(normalizer->normalize(part, status));
    ends.resize(result.size(), static_cast<uint32_t>(end));
    part.remove();
  };
  for (size_t i = 0; i < text.size();) {
    const size_t begin = i;
    const auto c = static_cast<UChar32>(NextCodePoint(text, i));
    if (normalizer->hasBoundaryBefore(c)) flush(begin);
    part.append(c);
  }
  flush(text.size());
  return result;
}

TEST_F(UnicodeStrings, NormalFormsAndTheirOriginsAreThoseOfIcu) {
  Strings strings("normal forms");
  for (int i = StringCount(); i > 0; --i) {
    const std::string text = strings.Next();
    for (const NormalForm form : {NormalForm::kNfc, NormalForm::kNfd, NormalForm::kNfkc, NormalForm::kNfkd}) {
      std::vector<uint32_t> expected_ends, ends;
      const std::string expected = Reference(text, form, expected_ends);
      UErrorCode status = U_ZERO_ERROR;
      ASSERT_EQ(expected, Utf8(NormalizerOf(form)->normalize(Utf16(text), status)));
      ASSERT_EQ(Normalize(text, form, &ends), expected) << "of " << testing::PrintToString(text);
      ASSERT_EQ(ends, expected_ends) << "of " << testing::PrintToString(text);
      ASSERT_EQ(IsNormal(text, form), expected == text) << "of " << testing::PrintToString(text);
    }
  }
}

TEST_F(UnicodeStrings, FoldingsAreThoseOfIcu) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* normalizer = icu::Normalizer2::getNFKCCasefoldInstance(status);
  Strings strings("foldings");
  for (int i = StringCount(); i > 0; --i) {
    const std::string text = strings.NextBytes();
    ASSERT_EQ(FoldCase(text), Utf8(normalizer->normalize(Utf16(text), status)))
        << "of " << testing::PrintToString(text);
  }
}

TEST_F(UnicodeStrings, LowerCaseIsThatOfIcu) {
  Strings strings("lower case");
  std::string lower;
  for (int i = StringCount(); i > 0; --i) {
    const std::string text = strings.NextBytes();
    PythonLower(text, true, lower);
    ASSERT_EQ(lower, Utf8(Utf16(text).toLower(icu::Locale::getRoot()))) << "of " << testing::PrintToString(text);
  }
}

TEST_F(UnicodeStrings, GraphemeClustersAreThoseOfIcu) {
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<icu::BreakIterator> breaks(
      icu::BreakIterator::createCharacterInstance(icu::Locale::getRoot(), status));
  ASSERT_TRUE(U_SUCCESS(status));
  Strings strings("clusters");
  for (int i = StringCount(); i > 0; --i) {
    const std::string text = strings.Next();
    const icu::UnicodeString utf16 = Utf16(text);
    std::vector<uint32_t> expected;
    breaks->setText(utf16);
    breaks->first();
    for (int32_t end = breaks->next(); end != icu::BreakIterator::DONE; end = breaks->next()) {
      expected.push_back(static_cast<uint32_t>(Utf8(utf16.tempSubString(0, end)).size()));
    }
    ASSERT_EQ(GraphemeEnds(text), expected) << "of " << testing::PrintToString(text);
  }
}

TEST_F(UnicodeStrings, SectionsOfWordsAreThoseOfIcuWhereNoDictionaryIsNeeded) {
  Strings strings("words");
  int compared = 0;
  for (int i = StringCount(); i > 0; --i) {
    const std::string text = strings.NextBytes();
    if (NeedsDictionary(text)) continue;
    ASSERT_EQ(WordSections(text), DictionarySections(text)) << "of " << testing::PrintToString(text);
    ++compared;
  }
  EXPECT_GT(compared, StringCount() / 4);
}

TEST_F(UnicodeStrings, BytesAreReadAndWrittenAsByIcu) {
  Strings strings("bytes");
  for (int i = StringCount(); i > 0; --i) {
    const std::string text = strings.NextBytes();
    int64_t at = 0;
    bool valid = true;
    for (size_t place = 0; place < text.size();) {
      UChar32 expected, checked;
      int64_t again = at;
      U8_NEXT(text.data(), again, static_cast<int64_t>(text.size()), checked);  // negative: invalid
      valid = valid && checked >= 0;
      U8_NEXT_OR_FFFD(text.data(), at, static_cast<int64_t>(text.size()), expected);
      const char32_t c = NextCodePoint(text, place);
      ASSERT_EQ(c, static_cast<char32_t>(expected)) << "of " << testing::PrintToString(text);
      ASSERT_EQ(place, static_cast<size_t>(at)) << "of " << testing::PrintToString(text);
      std::string written;
      AppendUtf8(c, written);
      ASSERT_EQ(written, Utf8(icu::UnicodeString(expected)));
    }
    ASSERT_EQ(IsUtf8(text), valid) << "of " << testing::PrintToString(text);
  }
}

TEST(UnicodeText, OfMarksWithoutEndIsNormalizedInLinearTime) {
  std::string text = "a";
  for (int i = 0; i < 200000; ++i) text += i % 2 == 0 ? "\u0301" : "\u0323";
  std::vector<uint32_t> ends;
  const std::string normal = Normalize(text, NormalForm::kNfc, &ends);
  EXPECT_EQ(ends.size(), normal.size());
  EXPECT_EQ(ends.back(), text.size());
  EXPECT_EQ(FoldCase(text).substr(0, 3), "\u1EA1");
}

}  // namespace
}  // namespace winnow
