#include "base/ascii.h"

#include <gtest/gtest.h>

#include <cctype>
#include <clocale>

namespace winnow {
namespace {

TEST(Ascii, ClassesAreThoseOfTheCLocaleAndHaveNoOtherBytes) {
  ASSERT_STREQ(std::setlocale(LC_CTYPE, nullptr), "C");
  for (int i = 0; i < 256; ++i) {
    const auto byte = static_cast<unsigned char>(i);
    const auto c = static_cast<char>(byte);
    EXPECT_EQ(IsAsciiDigit(c), std::isdigit(byte) != 0) << i;
    EXPECT_EQ(IsAsciiLower(c), std::islower(byte) != 0) << i;
    EXPECT_EQ(IsAsciiUpper(c), std::isupper(byte) != 0) << i;
    EXPECT_EQ(IsAsciiLetter(c), std::isalpha(byte) != 0) << i;
    EXPECT_EQ(IsAsciiAlphanumeric(c), std::isalnum(byte) != 0) << i;
    EXPECT_EQ(IsAsciiSpace(c), std::isspace(byte) != 0) << i;
    EXPECT_EQ(LowerAscii(c), static_cast<char>(std::tolower(byte))) << i;
    EXPECT_EQ(UpperAscii(c), static_cast<char>(std::toupper(byte))) << i;
    EXPECT_EQ(IsAsciiLetter(byte), IsAsciiLetter(static_cast<char32_t>(byte))) << i;
    EXPECT_EQ(IsAsciiLetter(byte), IsAsciiLetter(c)) << i;
  }
  EXPECT_FALSE(IsAsciiDigit(U'\u0661'));
  EXPECT_FALSE(IsAsciiLetter(U'\u0141'));
}

TEST(Ascii, TextsChangeTheirCase) {
  EXPECT_EQ(LowerAscii("Content-TYPE \u00C4"), "content-type \u00C4");
  EXPECT_EQ(UpperAscii("batch-size \u00E4"), "BATCH-SIZE \u00E4");
}

TEST(Ascii, DigitsAloneAreDigits) {
  EXPECT_TRUE(AreAsciiDigits("0123456789"));
  EXPECT_TRUE(AreAsciiDigits(""));
  EXPECT_FALSE(AreAsciiDigits("-1"));
  EXPECT_FALSE(AreAsciiDigits("1.0"));
}

TEST(Ascii, TrimRemovesTheGivenCharactersAtBothEnds) {
  EXPECT_EQ(Trim(" \ta b\t", " \t"), "a b");
  EXPECT_EQ(Trim("\ta\r\n", " \t"), "a\r\n");
  EXPECT_EQ(Trim(" \t ", " \t"), "");
  EXPECT_EQ(Trim("", " "), "");
}

}  // namespace
}  // namespace winnow
