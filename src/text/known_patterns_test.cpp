#include "text/known_patterns.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "base/random.h"
#include "text/utf8.h"

namespace winnow {
namespace {

constexpr char kLlama3[] =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr char kQwen2[] =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr char kGpt2[] = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

/// Short strings of the characters that the expressions tell apart.
std::string Any(Random& random) {
  constexpr std::u32string_view kSome =
      U"''''stSTvemdlLrR\u017F\uFB06\u212A  \n\r\t\u00A0\u3000\u2028\u0085\v.,!-_12345\u0663\u00BD\u216B"
      U"\u4E00\u0E01\u0301\u200D\u00E9\u0130\u01C5\U0001F600\U0001D54F\uFFFD";
  std::string text;
  for (uint32_t left = random.Below(14); left > 0; --left) {
    char32_t c = kSome[random.Below(static_cast<uint32_t>(kSome.size()))];
    if (random.Below(12) == 0) c = random.Below(0xD800);
    AppendUtf8(c, text);
  }
  return text;
}

TEST(KnownPatterns, MatchAsIcuDoes) {
  const char* wanted = std::getenv("WINNOW_TEST_UNICODE_STRINGS");
  const int strings = wanted == nullptr ? 2000 : std::atoi(wanted);
  Random random(5, "known patterns");
  const std::vector<std::string> expressions = {kGpt2,           kLlama3,  kQwen2,   R"(\p{N})",
                                                R"(\p{N}{1,3})", R"(\d)",  R"(\d+)", R"(\d{1,3})",
                                                R"(\s)",         R"(\s+)", " {2,}",  R"(\s{2,}|[\n\r\t])"};
  for (const std::string& regex : expressions) {
    const std::optional<KnownPattern> known = FindKnownPattern(regex);
    ASSERT_TRUE(known) << regex;
    // In a group, so that Pattern takes it for no expression that it has code for.
    const Pattern by_icu = Pattern::OfRegex("(?:" + regex + ")", "test").value();
    for (int i = 0; i < strings; ++i) {
      const std::string text = Any(random);
      ASSERT_EQ(FindAllOf(*known, text), by_icu.FindAll(text)) << regex << " in " << testing::PrintToString(text);
    }
  }
}

TEST(KnownPatterns, OthersAreUnknown) {
  for (const char* regex : {"", ".", R"(\d\d)", R"(\p{L}+)", R"( \s+)"}) EXPECT_FALSE(FindKnownPattern(regex)) << regex;
}

}  // namespace
}  // namespace winnow
