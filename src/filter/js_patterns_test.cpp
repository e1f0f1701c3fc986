#include "filter/js_patterns.h"

#include <gtest/gtest.h>
#include <re2/re2.h>

#include "filter/rule_set.h"

namespace winnow {
namespace {

TEST(JsPatterns, WhatJavaScriptLacksIsNamed) {
  const std::pair<const char*, const char*> cases[] = {
      {"(?U)a+", "the flag 'U'"},
      {"(?i:a)(?U:b+)", "the flag 'U'"},
      {"a\\Cb", "'\\C'"},
      {"[[:^alpha:]]", "the class '[:^alpha:]'"},
      {"(?i)\\p{Lu}", "the property 'Lu' under (?i)"},
      {"(?i)[\\x{100}-\\x{FFFF}]", "a range of 65280 characters under (?i)"},
      {"a(?i)[\\x{4E00}-\\x{9FFF}]", "a range of 20992 characters under (?i)"},
  };
  for (const auto& [pattern, obstacle] : cases) {
    ASSERT_TRUE(RE2(pattern).ok()) << pattern;
    EXPECT_EQ(JsObstacle(pattern), obstacle) << pattern;
  }
}

TEST(JsPatterns, OtherPatternsHaveAnExactForm) {
  for (const char* pattern :
       {"(?i)stra\u00dfe", "^a.b$", "(?s)a.b|(?m)^c$", "(?:(?i)a)[\\x{100}-\\x{FFFF}]", "(?i:a)[\\x{100}-\\x{FFFF}]",
        "\\Qa**\\E+", "[]*+]", "[^]a-]{2,3}?", "a{,2}", "[[:alpha:]]+\\z", "(?P<name>a)(?P<other>[U])",
        "\\p{Greek}\\pN\\p{Lu}", "[*+?{2}]", "\\*\\+", "\\x{1F389}\\x41\\101", "a*?b+?"}) {
    ASSERT_TRUE(RE2(pattern).ok()) << pattern;
    EXPECT_EQ(JsObstacle(pattern), std::nullopt) << pattern;
  }
}

TEST(JsPatterns, TheBuiltInRulesHaveAnExactForm) {
  const RuleSet::Pointer rules = *RuleSet::LoadBuiltIn();
  EXPECT_TRUE(JsObstacles(rules->rules()).empty());
}

}  // namespace
}  // namespace winnow
