#include "filter/rule_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>

#include "support/error_of.h"
#include "support/thread_seconds.h"

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

RuleSet::Pointer Parsed(const std::string& contents) {
  Result<RuleSet::Pointer> rules = RuleSet::Parse(contents, "r.toml");
  EXPECT_TRUE(rules) << rules.error().Text();
  return rules ? *rules : nullptr;
}

FilterMessage TextMessage(std::string text) {
  FilterMessage message;
  message.text = std::move(text);
  return message;
}

std::vector<std::string> Names(const RuleSet::Pointer& rules, const FilterMessage& message) {
  std::vector<std::string> names;
  for (const Symbol& symbol : rules->Evaluate(message).symbols) names.push_back(symbol.name);
  return names;
}

/// A rule named `name` that hits texts that contain `name`, with more lines of its table.
std::string WordRule(const std::string& name, double score, const std::string& more = "") {
  return "[[rule]]\nname = \"" + name + "\"\nscore = " + std::to_string(score) + "\npattern = '\\b" + name + "\\b'\n" +
         more + "\n";
}

const std::string kWords = WordRule("A", 1) + WordRule("B", 2) + WordRule("C", 4);

std::string CompositeOf(const std::string& name, const std::string& expression, const std::string& more = "") {
  return "[[composite]]\nname = \"" + name + "\"\nexpression = \"" + expression + "\"\n" + more + "\n";
}

TEST(RuleSet, GivesSymbolsInTheOrderOfTheFileAndTheirSum) {
  const RuleSet::Pointer rules =
      Parsed(WordRule("A", 1.5, "description = \"an A\"") + WordRule("B", -0.5) + WordRule("C", 4));
  const RuleResult result = rules->Evaluate(TextMessage("B and A"));
  ASSERT_EQ(result.symbols.size(), 2u);
  EXPECT_EQ(result.symbols[0].name, "A");
  EXPECT_EQ(result.symbols[0].description, "an A");
  EXPECT_EQ(result.symbols[0].score, 1.5);
  EXPECT_EQ(result.symbols[1].name, "B");
  EXPECT_EQ(result.score, 1.0);
  EXPECT_EQ(result.action, RuleAction::kNone);
  EXPECT_THAT(rules->Evaluate(TextMessage("")).symbols, IsEmpty());
}

TEST(RuleSet, DecidesFromTheThresholdsOn) {
  const std::string rules = WordRule("A", 0.1) + WordRule("B", 0.1) + WordRule("C", 0.1) + WordRule("H", -1) +
                            "[actions]\nspam = 0.3\nham = -1\n";
  EXPECT_EQ(Parsed(rules)->Evaluate(TextMessage("A B")).action, RuleAction::kNone);
  EXPECT_EQ(Parsed(rules)->Evaluate(TextMessage("A B C")).action, RuleAction::kSpam);  // .1 + .1 + .1 is more than .3
  EXPECT_EQ(Parsed(rules)->Evaluate(TextMessage("H")).action, RuleAction::kHam);
  EXPECT_EQ(Parsed(kWords)->Evaluate(TextMessage("A B C")).action, RuleAction::kNone);
}

TEST(RuleSet, LooksAtEachField) {
  const auto rule = [](const std::string& name, const std::string& field, const std::string& pattern) {
    return "[[rule]]\nname = \"" + name + "\"\nfield = \"" + field + "\"\npattern = '" + pattern + "'\n";
  };
  const RuleSet::Pointer rules =
      Parsed(rule("TEXT", "text", "^subject one\\nbody two$") + rule("SUBJECT", "subject", "^subject one$") +
             rule("BODY", "body", "^body two$") + rule("SENDER", "sender", "^Joe@Mail\\.Example\\.com$") +
             rule("NAME", "sender_name", "^Joe$") + rule("DOMAIN", "sender_domain", "^mail\\.example\\.com$") +
             rule("RECIPIENT", "recipient", "^ann@") + rule("USER", "user", "^u1$") +
             rule("HEADER", "header:X-Mailer", "^Bulk\\nmore$") + rule("ABSENT", "header:X-None", "") +
             rule("LINKS", "links", "^https://a\\.example/x$") + rule("HOSTS", "link_hosts", "^a\\.example$"));
  FilterMessage message;
  message.subject = "subject one";
  message.body = "body two";
  message.sender = "Joe@Mail.Example.com";
  message.sender_name = "Joe";
  message.recipient = "ann@example.com";
  message.user = "u1";
  message.headers = {{"x-mailer", "Bulk"}, {"X-MAILER", "more"}};
  EXPECT_THAT(Names(rules, message),
              ElementsAre("TEXT", "SUBJECT", "BODY", "SENDER", "NAME", "DOMAIN", "RECIPIENT", "USER", "HEADER"));
  EXPECT_THAT(Names(rules, TextMessage("see https://A.example/x.")), ElementsAre("HOSTS"));
  EXPECT_THAT(Names(rules, TextMessage("see https://a.example/x.")), ElementsAre("LINKS", "HOSTS"));
}

TEST(RuleSet, ABodyIsTheTextOfAMessageWithoutSubject) {
  const RuleSet::Pointer rules = Parsed("[[rule]]\nname = \"B\"\nfield = \"body\"\npattern = 'hello'\n");
  EXPECT_THAT(Names(rules, TextMessage("hello")), ElementsAre("B"));
  FilterMessage mail = TextMessage("hello");
  mail.subject = "hello";
  EXPECT_THAT(Names(rules, mail), IsEmpty());
}

TEST(RuleSet, AllConditionsOfARuleMustHold) {
  const RuleSet::Pointer rules = Parsed(
      "[[rule]]\nname = \"R\"\npattern = 'pay'\nexists = \"header:List-Id\"\nmin_links = 1\nmax_links = 2\nmin_length = 5\nmax_length = 60\n");
  FilterMessage message = TextMessage("pay at https://a.example/1");
  EXPECT_THAT(Names(rules, message), IsEmpty());
  message.headers = {{"List-ID", ""}};
  EXPECT_THAT(Names(rules, message), ElementsAre("R"));
  message.text = "pay";
  EXPECT_THAT(Names(rules, message), IsEmpty());
  message.text = "pay www.a.example www.b.example";
  EXPECT_THAT(Names(rules, message), ElementsAre("R"));
  message.text = "pay at noon";
  EXPECT_THAT(Names(rules, message), IsEmpty()) << "no link";
  message.text = "pay www.a.example www.b.example b.example/x";
  EXPECT_THAT(Names(rules, message), IsEmpty());
  message.text = "pay www.a.example " + std::string(60, ' ');
  EXPECT_THAT(Names(rules, message), IsEmpty());
}

TEST(RuleSet, LengthsAreCodePoints) {
  const RuleSet::Pointer rules = Parsed("[[rule]]\nname = \"SHORT\"\nmax_length = 3\n");
  EXPECT_THAT(Names(rules, TextMessage("äöü")), ElementsAre("SHORT"));
  EXPECT_THAT(Names(rules, TextMessage("abcd")), IsEmpty());
}

TEST(RuleSet, DomainsIncludeTheDomainsBelow) {
  const RuleSet::Pointer rules = Parsed(
      "[[rule]]\nname = \"FROM\"\ndomains = [\"Example.com\"]\n[[rule]]\nname = \"TO\"\nfield = \"link_hosts\"\ndomains = [\"bit.ly\", \"x.example\"]\n");
  FilterMessage message;
  for (const char* const sender : {"a@example.com", "a@mail.EXAMPLE.com"}) {
    message.sender = sender;
    EXPECT_THAT(Names(rules, message), ElementsAre("FROM")) << sender;
  }
  for (const char* const sender : {"a@badexample.com", "a@example.com.evil.org", "example.com", "", "@"}) {
    message.sender = sender;
    EXPECT_THAT(Names(rules, message), IsEmpty()) << sender;
  }
  EXPECT_THAT(Names(rules, TextMessage("a https://ok.example b HTTP://User@BIT.LY:80/x")), ElementsAre("TO"));
  EXPECT_THAT(Names(rules, TextMessage("https://bit.ly.evil.example/")), IsEmpty());
}

TEST(RuleSet, InternationalDomainsMatchInBothForms) {
  for (const char* const domain : {"bücher.example", "XN--bcher-KVA.example"}) {
    const RuleSet::Pointer rules =
        Parsed(std::string("[[rule]]\nname = \"FROM\"\ndomains = [\"") + domain +
               "\"]\n[[rule]]\nname = \"TO\"\nfield = \"link_hosts\"\ndomains = [\"" + domain + "\"]\n");
    FilterMessage message;
    for (const char* const sender : {"a@BÜCHER.example", "a@xn--bcher-kva.example", "a@mail.xn--bcher-kva.example"}) {
      message.sender = sender;
      EXPECT_THAT(Names(rules, message), ElementsAre("FROM")) << sender << " in " << domain;
    }
    EXPECT_THAT(Names(rules, TextMessage("https://xn--bcher-kva.example/a")), ElementsAre("TO")) << domain;
    EXPECT_THAT(Names(rules, TextMessage("https://Bücher.example/a")), ElementsAre("TO")) << domain;
    EXPECT_THAT(Names(rules, TextMessage("https://bucher.example/a")), IsEmpty()) << domain;
  }
  // Patterns read hosts as they are written: the form of the DNS in a link is a sign of its own.
  const RuleSet::Pointer encoded = Parsed("[[rule]]\nname = \"XN\"\nfield = \"link_hosts\"\npattern = 'xn--'\n");
  EXPECT_THAT(Names(encoded, TextMessage("https://xn--bcher-kva.example/a")), ElementsAre("XN"));
}

TEST(RuleSet, FoldsObfuscationsOnlyForRulesThatAskForIt) {
  const RuleSet::Pointer rules = Parsed(
      "[[rule]]\nname = \"PLAIN\"\npattern = '(?i)free cash'\n[[rule]]\nname = \"FOLDED\"\npattern = '(?i)free cash'\nfold = true\n");
  EXPECT_THAT(Names(rules, TextMessage("free cash")), ElementsAre("PLAIN", "FOLDED"));
  EXPECT_THAT(Names(rules, TextMessage("fr33 c4sh now")), ElementsAre("FOLDED"));
}

TEST(RuleSet, InvalidUtf8AndNulDoNotStopMatching) {
  const RuleSet::Pointer rules = Parsed(
      "[[rule]]\nname = \"R\"\npattern = 'gift.{1,3}card'\n[[rule]]\nname = \"F\"\npattern = 'gift.{1,3}card'\nfold = true\n");
  EXPECT_THAT(Names(rules, TextMessage("\xff\xfe gift\xe2\x82 card")), ElementsAre("R", "F"));
  EXPECT_THAT(Names(rules, TextMessage(std::string("\0gift\0card", 10))), ElementsAre("R", "F"));
  EXPECT_EQ(rules
                ->Explain(TextMessage("gift\xff"
                                      "card"))
                .hits[0]
                .matched,
            "gift\uFFFDcard");
}

TEST(RuleSet, DisabledRulesNeverHold) {
  const RuleSet::Pointer rules = Parsed(WordRule("A", 1, "enabled = false") + CompositeOf("NOT_A", "!A", "score = 1") +
                                        CompositeOf("OFF", "!A", "enabled = false"));
  EXPECT_THAT(Names(rules, TextMessage("A")), ElementsAre("NOT_A"));
}

TEST(Composites, CombineRulesAndOtherCompositesInAnyOrder) {
  const RuleSet::Pointer rules =
      Parsed(kWords + CompositeOf("OUTER", "INNER & !C", "score = 8") + CompositeOf("INNER", "A | B & C"));
  EXPECT_THAT(Names(rules, TextMessage("A")), ElementsAre("A", "OUTER", "INNER"));
  EXPECT_THAT(Names(rules, TextMessage("B C")), ElementsAre("B", "C", "INNER"));
  EXPECT_EQ(rules->Evaluate(TextMessage("A B")).score, 11);
}

TEST(Composites, ReplaceSymbolsAndScores) {
  const RuleSet::Pointer rules = Parsed(kWords + CompositeOf("AB", "A & B", "score = 5\nreplaces = [\"A\", \"B\"]"));
  EXPECT_THAT(Names(rules, TextMessage("A B C")), ElementsAre("C", "AB"));
  EXPECT_EQ(rules->Evaluate(TextMessage("A B C")).score, 9);
  EXPECT_EQ(rules->Evaluate(TextMessage("A")).score, 1);
}

TEST(Composites, WhatIsReplacedCountsInOtherExpressions) {
  const std::string first = CompositeOf("ONE", "A", "score = 10\nreplaces = [\"A\"]");
  const std::string second = CompositeOf("TWO", "A & ONE", "score = 20\nreplaces = [\"ONE\"]");
  for (const std::string& order : {first + second, second + first}) {
    const RuleResult result = Parsed(kWords + order)->Evaluate(TextMessage("A"));
    EXPECT_EQ(result.score, 20);
    ASSERT_EQ(result.symbols.size(), 1u);
    EXPECT_EQ(result.symbols[0].name, "TWO");
  }
}

TEST(Groups, BoundTheSumOfTheirScores) {
  const RuleSet::Pointer rules =
      Parsed(WordRule("A", 3, "group = \"g\"") + WordRule("B", 4, "group = \"g\"") + WordRule("C", 1) +
             WordRule("H", -9, "group = \"h\"") + "[group.g]\nmax_score = 5\n[group.h]\nmin_score = -2\n");
  EXPECT_EQ(rules->Evaluate(TextMessage("A")).score, 3);
  EXPECT_EQ(rules->Evaluate(TextMessage("A B C")).score, 6);
  EXPECT_EQ(rules->Evaluate(TextMessage("H")).score, -2);
  const RuleExplanation explained = rules->Explain(TextMessage("A B C"));
  ASSERT_EQ(explained.bounds.size(), 1u);
  EXPECT_EQ(explained.bounds[0].group, "g");
  EXPECT_EQ(explained.bounds[0].sum, 7);
  EXPECT_EQ(explained.bounds[0].bound, 5);
}

TEST(RuleSet, ExplainsWhatMatchedAndWhatReplacedIt) {
  const RuleSet::Pointer rules = Parsed("[[rule]]\nname = \"SUM\"\nscore = 1\npattern = '[0-9]+ EUR'\n" +
                                        CompositeOf("ALL", "SUM", "score = 2\nreplaces = [\"SUM\"]"));
  const RuleExplanation explained = rules->Explain(TextMessage("pay 300 EUR or 20 EUR"));
  ASSERT_EQ(explained.hits.size(), 2u);
  EXPECT_EQ(explained.hits[0].name(), "SUM");
  EXPECT_EQ(explained.hits[0].matched, "300 EUR");
  EXPECT_THAT(explained.hits[0].replaced_by, ElementsAre("ALL"));
  EXPECT_EQ(explained.hits[1].name(), "ALL");
  EXPECT_EQ(explained.result.score, 2);
}

TEST(RuleSet, ThreadsShareOneSetThatOutlivesItsReplacement) {
  RuleSet::Pointer current = Parsed(kWords + CompositeOf("AB", "A & B", "score = 5\nreplaces = [\"A\"]"));
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([rules = current, &right] {
      for (int n = 0; n < 200; ++n)
        right += rules->Evaluate(TextMessage("A B " + std::to_string(n))).score == 7 ? 1 : 0;
    });
  }
  current = Parsed(kWords);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 800);
  EXPECT_EQ(current->Evaluate(TextMessage("A B")).score, 3);
}

TEST(RuleSet, KeepsTheDigestOfTheFile) {
  EXPECT_EQ(Parsed("")->digest(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(RuleSet, AMessageOfAMegabyteTakesLinearTime) {
  const Result<RuleSet::Pointer> rules = RuleSet::LoadBuiltIn();
  ASSERT_TRUE(rules) << rules.error().Text();
  std::mt19937 random(1);
  const std::vector<std::string> words = {
      "claim ",     "your ", "prize ", "account ", "locked ", "parcel ", "https://a.top/", "1000 EUR ", "gift card ",
      "code 1234 ", "\n",    "FREE ",  "in ",      "the ",    "\xff",    "w1nner ",        "f r e e ",  "a.b-c."};
  for (const std::string_view unit :
       {"a", "claim your ", "https://a.b/", "account \xff", "a.b-c.", "w1nner f r e e ", ""}) {
    FilterMessage message;
    while (message.text.size() < (size_t{1} << 20))
      message.text += unit.empty() ? words[random() % words.size()] : unit;
    const double begin = ThreadSeconds();
    EXPECT_LE((*rules)->Evaluate(message).symbols.size(), (*rules)->rules().size());
    EXPECT_LT(ThreadSeconds() - begin, 30) << unit;
  }
}

TEST(RuleSet, UnknownNamesAreErrorsWithASuggestion) {
  const Error unknown =
      ErrorOf(RuleSet::Parse(kWords + CompositeOf("X", "A & PRISE") + WordRule("PRIZE", 1), "r.toml"));
  EXPECT_EQ(unknown.message, "r.toml, line 16: composite X: expression: there is no rule or composite named 'PRISE'");
  EXPECT_EQ(unknown.hint, "did you mean 'PRIZE'?");
  EXPECT_THAT(ErrorOf(RuleSet::Parse(kWords + CompositeOf("X", "A", "replaces = [\"Q\"]"), "r.toml")).message,
              HasSubstr("replaces: there is no"));
  EXPECT_THAT(ErrorOf(RuleSet::Parse(kWords + CompositeOf("X", "A", "replaces = [\"X\"]"), "r.toml")).message,
              HasSubstr("cannot replace itself"));
}

TEST(RuleSet, NamesAreUnique) {
  EXPECT_EQ(ErrorOf(RuleSet::Parse(kWords + WordRule("B", 1), "r.toml")).message,
            "r.toml, line 16: rule B: the name is already used in line 6");
  EXPECT_THAT(ErrorOf(RuleSet::Parse(kWords + CompositeOf("A", "B"), "r.toml")).message,
              HasSubstr("composite A: the name is already used in line 1"));
}

TEST(RuleSet, CyclesAreErrorsThatNameTheCycle) {
  EXPECT_THAT(ErrorOf(RuleSet::Parse(kWords + CompositeOf("X", "X"), "r.toml")).message,
              HasSubstr("contains itself: X -> X"));
  const std::string cycle =
      CompositeOf("W", "A & X") + CompositeOf("X", "B | Y") + CompositeOf("Y", "!Z") + CompositeOf("Z", "X & A");
  EXPECT_THAT(ErrorOf(RuleSet::Parse(kWords + cycle, "r.toml")).message,
              HasSubstr("composite X: the composite contains itself: X -> Y -> Z -> X"));
}

TEST(RuleSet, PatternsThatAreNotValidNameTheRule) {
  const Error error = ErrorOf(RuleSet::Parse("\n[[rule]]\nname = \"R\"\npattern = '(gift'\n", "r.toml"));
  EXPECT_EQ(error.message, "r.toml, line 2: rule R: the pattern is not valid: missing ): (gift");
  EXPECT_THAT(ErrorOf(RuleSet::Parse("[[rule]]\nname = \"R\"\nenabled = false\npattern = '(gift'\n", "r.toml")).message,
              HasSubstr("missing )"));
}

}  // namespace
}  // namespace winnow
