#include "text/pattern.h"

#include <gtest/gtest.h>

#include "text/graphemes.h"

namespace winnow {
namespace {

using Matches = std::vector<PatternMatch>;

Matches Find(std::string_view regex, std::string_view text) {
  return Pattern::OfRegex(regex, "test").value().FindAll(text);
}
std::string ErrorOfRegex(std::string_view regex) {
  const auto result = Pattern::OfRegex(regex, "test");
  return result ? std::string() : result.error().message;
}

TEST(Pattern, TextIsSearchedForAsItIs) {
  EXPECT_EQ(Pattern::OfText("a.").FindAll("aba.a."), (Matches{{2, 4}, {4, 6}}));
  EXPECT_EQ(Pattern::OfText("").FindAll("a"), Matches{});
}

TEST(Pattern, RegularExpressionsMatchAsInOniguruma) {
  EXPECT_EQ(Find("a+", "baa\u00e9a"), (Matches{{1, 3}, {5, 6}}));
  EXPECT_EQ(Find(" {2,}", "a  b   "), (Matches{{1, 3}, {4, 7}}));
  EXPECT_EQ(Find(R"(\s{2,}|[\n\r\t])", "a \u3000b\tc d "), (Matches{{1, 5}, {6, 7}}));
  EXPECT_EQ(Find(R"(\s)", "\v\u0085\u2028"), (Matches{{0, 1}, {1, 3}, {3, 6}})) << "all of Unicode's white space";
  EXPECT_EQ(Find(R"(\w+)", "-\u24b6_e\u0301-"), (Matches{{1, 8}})) << "marks, and other alphabetic characters";
  EXPECT_EQ(Find(R"(\w)", "\u00bd\u215b"), (Matches{{0, 2}})) << "of the fractions Latin-1's";
  EXPECT_EQ(Find(R"([\w])", "\u00bd"), Matches{}) << "and none within a class";
  EXPECT_EQ(Find(R"((?i:'S)|\p{Lu}(?=b))", "'sAbA"), (Matches{{0, 2}, {2, 3}}));
  EXPECT_EQ(Find(R"($|^)", "a\nb"), (Matches{{0, 0}, {1, 1}, {2, 2}, {3, 3}})) << "at every line";
  EXPECT_EQ(Find(R"([&$-])", "a&-$"), (Matches{{1, 2}, {2, 3}, {3, 4}}));
  EXPECT_EQ(Find("(?:ab|c)+", "abcabx"), (Matches{{0, 5}})) << "each alternative begins in its own way";
  EXPECT_EQ(Find("(?:a|ab)?c", "abcac"), (Matches{{0, 3}, {3, 5}})) << "nothing is repeated";
}

TEST(Pattern, WhatTheEnginesTreatDifferentlyIsRefused) {
  for (const auto& [regex, what] : std::initializer_list<std::pair<const char*, const char*>>{
           {"[a[bc]]", "a class within a class"},
           {"[a-z&&[aeiou]]", "an intersection of classes"},
           {R"(\h)", "\\h"},
           {R"(\bword)", "\\b"},
           {R"(\1)", "\\1"},
           {"(?<name>a)", "(?<n"},
           {"a{2}+", "}+"},
           {"a{1000000}", "more than 1000 times"},
           {"a{2,1001}", "more than 1000 times"},
           {R"(\p{Alpha})", "\\p{Alpha}"},
           {"(a+)+b", "a repeated group that contains a repetition"},
           {"(?:(?:a*)b)*", "a repeated group that contains a repetition"},
           {"(a|a)*b", "alternatives that may begin alike"},
           {R"((?:\w|\d)+x)", "alternatives that may begin alike"},
           {"(?:(?:a|ab)c|b)*", "alternatives that may begin alike"},
           {"(?i:a|A)+b", "alternatives that may begin alike"},
           {"(a|)+b", "alternatives that may begin alike"},
           {"(?:a?a?){2,}b", "an optional part"}}) {
    EXPECT_NE(ErrorOfRegex(regex).find(what), std::string::npos) << regex << ": " << ErrorOfRegex(regex);
  }
}

TEST(Pattern, ASearchThatTakesTooLongIsGivenUp) {
  const std::string letters(170, 'a');
  EXPECT_THROW(Find(".*.*.*.*.*=.*", letters), TextLimitExceeded);
  EXPECT_THROW(Find("(?>.*)=", std::string(1 << 18, 'a')), TextLimitExceeded) << "without a step back";
  const Pattern slow = Pattern::OfRegex(".*.*.*.*=", "test").value();
  MatchTime time(letters.size());
  EXPECT_THROW(
      {
        for (int i = 0; i < 1000; ++i) slow.FindAll(letters, time);
      },
      TextLimitExceeded)
      << "the pieces of a text share its time";
}

TEST(Pattern, RepetitionsReadLongTexts) {
  EXPECT_EQ(Find("(?:a|b)+", std::string(1 << 20, 'a')), (Matches{{0, 1 << 20}}));
  EXPECT_EQ(Find(R"(\s+(?!\S)|\s+)", std::string(1 << 20, ' ') + "a"),
            (Matches{{0, (1 << 20) - 1}, {(1 << 20) - 1, 1 << 20}}));
  EXPECT_EQ(Find("a{1000}", std::string(1000, 'a')), (Matches{{0, 1000}}));
}

TEST(Pattern, BrokenExpressionsAreNamed) {
  for (const char* regex : {"(", ")", "[a", "\\", "*a", R"(\p{L)", R"(\p{Nonsense})", "(?:a"}) {
    EXPECT_NE(ErrorOfRegex(regex), "") << regex;
  }
}

TEST(Graphemes, AreWhatReadersSeeAsOneCharacter) {
  EXPECT_EQ(GraphemeEnds(""), std::vector<uint32_t>{});
  EXPECT_EQ(GraphemeEnds("a\r\nb"), (std::vector<uint32_t>{1, 3, 4}));
  EXPECT_EQ(GraphemeEnds("e\u0301\u4e2d"), (std::vector<uint32_t>{3, 6}));
  EXPECT_EQ(GraphemeEnds("\U0001F469\u200d\U0001F467a"), (std::vector<uint32_t>{11, 12}));
  EXPECT_EQ(GraphemeEnds("\xFF\xFE"), (std::vector<uint32_t>{1, 2}));
}

}  // namespace
}  // namespace winnow
