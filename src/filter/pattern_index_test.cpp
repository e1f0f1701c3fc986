#include "filter/pattern_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "filter/atom_matcher.h"
#include "filter/pattern_facts.h"
#include "support/error_of.h"
#include "support/thread_seconds.h"

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

std::vector<size_t> Matches(const std::vector<std::string>& patterns, std::string_view text) {
  PatternIndex index;
  for (size_t i = 0; i < patterns.size(); ++i) {
    const Result<void> added = index.Add(patterns[i], i);
    EXPECT_TRUE(added) << added.error().Text();
  }
  EXPECT_TRUE(index.Compile());
  std::vector<size_t> ids;
  index.Match(text, ids);
  return ids;
}

TEST(AtomMatcher, FindsWhatFindFinds) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    const auto word = [&](size_t most) {
      std::string text(1 + random() % most, 'a');
      for (char& c : text) c = static_cast<char>('a' + random() % 3);
      return text;
    };
    std::vector<std::string> atoms;
    for (int i = 0; i < 12; ++i) atoms.push_back(word(5));
    const Result<AtomMatcher> matcher = AtomMatcher::Build(atoms);
    ASSERT_TRUE(matcher);
    const std::string text = word(30);
    std::vector<int> found, expected;
    matcher->Find(text, found);
    for (size_t i = 0; i < atoms.size(); ++i) {
      if (text.find(atoms[i]) != std::string::npos) expected.push_back(static_cast<int>(i));
    }
    std::ranges::sort(found);
    EXPECT_EQ(found, expected) << text;
  }
}

TEST(PatternIndex, FindsEveryPatternThatMatches) {
  EXPECT_THAT(
      Matches({"gift card", "(?i)GIFT", "gift$", R"(\d{4})", "prize|card", "nothing here"}, "A gift card of 5000"),
      UnorderedElementsAre(0, 1, 3, 4));
}

TEST(PatternIndex, MatchesWithoutLiterals) {
  EXPECT_THAT(Matches({R"(^\W+$)", ".", "a|b"}, "!!"), UnorderedElementsAre(0, 1));
  EXPECT_THAT(Matches({"^$", "x*"}, ""), UnorderedElementsAre(0, 1));
}

// The prefilter compares folded texts; each of these characters folds to an ASCII letter, or with another one.
TEST(PatternIndex, FoldsCaseOfEveryScript) {
  EXPECT_THAT(Matches({"(?i)prize ſale", "(?i)kelvin prize", "(?i)größe", "(?i)ΣΊΣΥΦΟΣ"},
                      "PRIZE SALE Kelvin Prize GRÖßE σίσυφος"),
              UnorderedElementsAre(0, 1, 2, 3));
  EXPECT_THAT(Matches({"(?i)kiss"}, "\u212Aiſs"), ElementsAre(0));
}

TEST(PatternIndex, AgreesWithRe2OnManyPatterns) {
  const std::vector<std::string> patterns = {"(?i)win(ner)?", "free (gift|entry)", R"(\bcall\b.*\bnow\b)", "[a-f]{4}",
                                             "a.c",           "(?s)x.*y"};
  const std::vector<std::string> texts = {"WINNER", "free entry", "call me now", "deadbeef", "abc",
                                          "x\n\ny", "",           "call\nnow"};
  for (const std::string& text : texts) {
    std::vector<size_t> expected;
    for (size_t i = 0; i < patterns.size(); ++i) {
      if (PatternMatches(patterns[i], text)) expected.push_back(i);
    }
    std::vector<size_t> found = Matches(patterns, text);
    std::ranges::sort(found);
    EXPECT_EQ(found, expected) << text;
  }
}

// The prefilter must not lose a match: random patterns and texts of pieces that fold in case, in unusual ways too.
TEST(PatternIndex, AgreesWithRe2OnRandomPatterns) {
  const std::vector<std::string> parts = {
      "abc", "(?i)", "ÉCOLE",  "straße",   "\u017Fun", "\u212Aey", "[a-c]{3}",    "x?", "(foo|BAR)", "\\d+",
      ".*",  "\\b",  "σίγμας", "(?i:Win)", "I",        "\u0130x",  "(?:ab){1,2}", "^",  "$",         "[kK]"};
  const std::vector<std::string> pieces = {"abc", "ABC",      "école",  "ÉCOLE",   "straße",   "STRASSE", "STRAẞE",
                                           "Sun", "\u017Fun", "KEY",    "key",     "\u212Aey", "foo",     "Foo",
                                           "bar", "BAR",      "12",     " ",       "ΣΊΓΜΑΣ",   "win",     "WIN",
                                           "i",   "I",        "\u0131", "\u0130X", "x",        "abab",    "\n"};
  std::mt19937 random(7);
  const auto of = [&](const std::vector<std::string>& from, size_t most) {
    std::string text;
    for (size_t count = 1 + random() % most; count > 0; --count) text += from[random() % from.size()];
    return text;
  };
  size_t matches = 0;
  for (int round = 0; round < 40; ++round) {
    std::vector<std::string> patterns;
    PatternIndex index;
    for (int i = 0; i < 40; ++i) {
      const std::string pattern = of(parts, 4);
      if (index.Add(pattern, patterns.size())) patterns.push_back(pattern);
    }
    ASSERT_TRUE(index.Compile());
    for (int i = 0; i < 20; ++i) {
      const std::string text = of(pieces, 6);
      std::vector<size_t> found;
      index.Match(text, found);
      for (size_t p = 0; p < patterns.size(); ++p) {
        const bool expected = PatternMatches(patterns[p], text);
        matches += expected ? 1 : 0;
        EXPECT_EQ(std::ranges::count(found, p), expected ? 1 : 0) << patterns[p] << " in " << text;
      }
    }
  }
  EXPECT_GT(matches, 1000u);
}

TEST(PatternIndex, RefusesPatternsWithTheMessageOfRe2) {
  PatternIndex index;
  const Error unbalanced = ErrorOf(index.Add("(a", 0));
  EXPECT_EQ(unbalanced.message, "the pattern is not valid: missing ): (a");
  EXPECT_THAT(unbalanced.hint, HasSubstr("syntax of RE2"));
  EXPECT_THAT(ErrorOf(index.Add("a(?=b)", 0)).message, HasSubstr("invalid perl operator"));
  EXPECT_THAT(ErrorOf(index.Add("\xff", 0)).message, HasSubstr("invalid UTF-8"));
  EXPECT_THAT(ErrorOf(index.Add(R"((?:\pL{1,100}){1,9})", 0)).message,
              HasSubstr("its program has more than 2000 instructions"));
  EXPECT_THAT(ErrorOf(index.Add(std::string(8193, 'a'), 0)).message, HasSubstr("the maximum is 8192"));
}

TEST(PatternIndex, TakesLinearTimeForHostilePatternsAndTexts) {
  const std::string text(size_t{1} << 20, 'a');
  const double begin = ThreadSeconds();
  EXPECT_THAT(Matches({"(a*)*b", "(a|aa)+$", "(a|a?)+b", "(?:a{0,10}){0,10}c"}, text), ElementsAre(1));
  EXPECT_LT(ThreadSeconds() - begin, 30);
}

TEST(FirstMatch, ReturnsThePartThatMatches) {
  EXPECT_EQ(FirstMatch(R"(\d+)", "abc 123 45"), "123");
  EXPECT_EQ(FirstMatch("x", "abc"), "");
}

TEST(PatternFacts, FindsEndsAndBeginningsInside) {
  EXPECT_TRUE(FactsOf("$100").inner_end);
  EXPECT_TRUE(FactsOf("(?i)win $[0-9]+").inner_end);
  EXPECT_TRUE(FactsOf("a^b").inner_begin);
  for (const char* const pattern :
       {R"(\$100)", "a$", "(a$|b)", "[$]100", "(?m)a$\n^b", "^a|^b", "(?:^|a)b", "$?x", R"(\b^a)"}) {
    EXPECT_FALSE(FactsOf(pattern).inner_end) << pattern;
    EXPECT_FALSE(FactsOf(pattern).inner_begin) << pattern;
  }
}

TEST(PatternFacts, FindsCapitalsThatMatterOnly) {
  EXPECT_TRUE(FactsOf("Example").capital);
  for (const char* const pattern :
       {"example", "(?i)Example", R"(\S+\.example)", R"(\p{Lu}a)", "[A-Z]", "(?P<Name>a)"}) {
    EXPECT_FALSE(FactsOf(pattern).capital) << pattern;
  }
}

TEST(PatternFacts, ReadsAnyText) {
  for (const char* const pattern : {"[", "(?", R"(\)", R"(\p{)", "[[:", "[^]", "(?P<", "$", "^"}) {
    EXPECT_FALSE(FactsOf(pattern).capital) << pattern;
  }
}

}  // namespace
}  // namespace winnow
