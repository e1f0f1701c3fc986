#include "text/python_text.h"

#include <gtest/gtest.h>

#include <string>

namespace winnow {
namespace {

std::string Lower(std::string_view text) {
  std::string out;
  PythonLower(text, true, out);
  return out;
}

// What Python 3.11 answers, here and below.
TEST(PythonText, LowersAsStrLowerDoes) {
  EXPECT_EQ(Lower("The QUICK [Fox] @Z`"), "the quick [fox] @z`");
  EXPECT_EQ(Lower("STRAẞE ÄÖÜ ДА"), "straße äöü да");
  EXPECT_EQ(Lower("İI"), "i\u0307i");
  EXPECT_EQ(Lower("ᾈǅ"), "ᾀǆ");
  EXPECT_EQ(Lower("𐐀"), "𐐨");
}

TEST(PythonText, GivesASigmaAtTheEndOfAWordItsFinalForm) {
  EXPECT_EQ(Lower("ΟΔΟΣ"), "οδος");
  EXPECT_EQ(Lower("ΟΔΟΣ ΣΟΦΟΣ."), "οδος σοφος.");
  EXPECT_EQ(Lower("Σ"), "σ");
  EXPECT_EQ(Lower("ΑΣ.Α"), "ασ.α");  // a full stop is case-ignorable
  EXPECT_EQ(Lower("Α'Σ"), "α'ς");
  EXPECT_EQ(Lower("Α\xff"
                  "Σ"),
            "α\uFFFDσ");
  EXPECT_EQ(Lower("Α\x80"
                  "Σ"),
            "α\uFFFDσ");
}

TEST(PythonText, KeepsCaseWhereItIsAskedTo) {
  std::string out = "old";
  EXPECT_TRUE(PythonLower("aBC", false, out));
  EXPECT_EQ(out, "aBC");
  EXPECT_FALSE(PythonLower("ÄB\xf0\x9f", false, out));
  EXPECT_EQ(out, "ÄB\uFFFD");
}

TEST(PythonText, TellsWhereEachByteCameFrom) {
  std::string out;
  TextOrigins origins;
  PythonLower("aİ\xffz", true, out, &origins);
  ASSERT_EQ(out, "ai\u0307\uFFFDz");
  EXPECT_EQ(origins.begins, (std::vector<uint32_t>{0, 1, 1, 1, 3, 3, 3, 4}));
  EXPECT_EQ(origins.ends, (std::vector<uint32_t>{1, 3, 3, 3, 4, 4, 4, 5}));
  PythonLower("AB", true, out, &origins);
  EXPECT_EQ(origins.begins, (std::vector<uint32_t>{0, 1}));
  EXPECT_EQ(origins.ends, (std::vector<uint32_t>{1, 2}));
}

TEST(PythonText, WordCharactersAreLettersNumbersAndTheUnderscore) {
  for (const char32_t c : {U'a', U'Z', U'0', U'_', U'é', U'中', U'²', U'½', U'Ⅷ', U'٣', U'①', U'〇', U'ʰ'}) {
    EXPECT_TRUE(IsPythonWordCharacter(c)) << static_cast<uint32_t>(c);
  }
  // A mark is no part of a word for Python, unlike for Unicode's own \w; nor is a joiner.
  for (const char32_t c : {U' ', U'-', U'\'', U'\u0301', U'\u093F', U'\u200D', U'😀', U'\uFFFD', U'€'}) {
    EXPECT_FALSE(IsPythonWordCharacter(c)) << static_cast<uint32_t>(c);
  }
}

TEST(PythonText, SpacesAreWhiteSpaceAndTheFourSeparators) {
  for (const char32_t c :
       {U'\t', U'\r', U'\x1c', U'\x1f', U' ', U'\u0085', U'\u00A0', U'\u1680', U'\u2028', U'\u3000'}) {
    EXPECT_TRUE(IsPythonSpace(c)) << static_cast<uint32_t>(c);
  }
  for (const char32_t c : {U'\x1b', U'\0', U'\u180E', U'\u200B', U'\uFEFF', U'x'}) {
    EXPECT_FALSE(IsPythonSpace(c)) << static_cast<uint32_t>(c);
  }
}

}  // namespace
}  // namespace winnow
