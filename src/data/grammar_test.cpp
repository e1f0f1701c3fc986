#include "data/grammar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <utility>

#include "data/random.h"
#include "support/error_of.h"
#include "support/source_directory.h"
#include "text/text_parts.h"
#include "text/utf8.h"

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::UnorderedElementsAre;

Grammar Parsed(const std::string& contents) {
  Result<Grammar> grammar = Grammar::Parse(contents, "g.txt");
  EXPECT_TRUE(grammar) << grammar.error().Text();
  return grammar ? *std::move(grammar) : Grammar();
}

/// All texts of the first message template of the first label that many expansions give.
std::set<std::string> TextsOf(const std::string& contents) {
  const Grammar grammar = Parsed(contents);
  std::set<std::string> texts;
  if (grammar.labels().empty()) return texts;
  Random random(1);
  for (int i = 0; i < 300; ++i) texts.insert(grammar.Expand(0, 0, random));
  return texts;
}

TEST(Grammar, ReplacesSlotsAndChoices) {
  EXPECT_THAT(TextsOf("[list who]\nAnn\nBob\n[label ham]\nHi {who}{!|}\n"),
              UnorderedElementsAre("Hi Ann!", "Hi Ann", "Hi Bob!", "Hi Bob"));
}

TEST(Grammar, AlternativesContainSlotsAndChoices) {
  EXPECT_THAT(TextsOf("[label ham]\n{a {b|{c|d}}|{who}}\n[list who]\n{e|f}\n"),
              UnorderedElementsAre("a b", "a c", "a d", "e", "f"));
}

TEST(Grammar, LeavesOneSpaceAroundAnEmptyAlternative) {
  EXPECT_THAT(TextsOf("[label ham]\n{|} a {|} b {|}\n"), ElementsAre("a b"));
}

TEST(Grammar, MakesRunsOfRandomDigitsAndLetters) {
  for (const std::string& text : TextsOf("[label ham]\n{##}-{#@@}\n")) {
    EXPECT_THAT(text, MatchesRegex("[0-9][0-9]-[0-9][0-9A-Za-z][0-9A-Za-z]"));
  }
}

TEST(Grammar, ReadsEscapes) {
  EXPECT_THAT(TextsOf("[label ham]\n\\[x]\\{\\}{\\||\\|}\\n\\\\\\#\n"), ElementsAre("[x]{}|\n\\#"));
}

TEST(Grammar, SkipsCommentsBlankLinesAndAByteOrderMark) {
  const Grammar grammar =
      Parsed("\xEF\xBB\xBF# note\r\n\r\n[label spam]\r\n  win | now \r\n# note\r\n[label ham]\nhi\n");
  EXPECT_THAT(grammar.labels(), ElementsAre("spam", "ham"));
  Random random(1);
  EXPECT_EQ(grammar.Expand(0, 0, random), "win | now");
  EXPECT_EQ(grammar.LineOf(0, 0), 4u);
  EXPECT_EQ(grammar.LineOf(1, 0), 7u);
}

TEST(Grammar, SectionsOfOneNameAreOneList) {
  const Grammar grammar = Parsed("[label a]\nx\n[label b]\ny\n[label a]\nz\n");
  EXPECT_EQ(grammar.TemplateCount(0), 2u);
  EXPECT_EQ(grammar.TemplateCount(1), 1u);
}

TEST(Grammar, NamesTheLineAndTheFault) {
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"hello\n[label a]\n", "g.txt, line 1: 'hello' is outside a section"},
      {"[label a]\nx {who}\n", "g.txt, line 2: unknown list 'who'"},
      {"[label a]\n\nx {a|b\n", "g.txt, line 3: '{' without '}'"},
      {"[label a]\nx {a\n", "g.txt, line 2: '{' without '}'"},
      {"[label a]\nx a}\n", "g.txt, line 2: '}' without '{'"},
      {"[label a]\nx {}\n", "g.txt, line 2: '{}' is neither a slot nor a choice"},
      {"[label a]\nx {Hi there}\n", "g.txt, line 2: '{Hi there}' is neither a slot nor a choice"},
      {"[label a]\nx {a\\|b}\n", "g.txt, line 2: a choice has one alternative"},
      {"[label a]\nx \\y\n", "g.txt, line 2: a backslash must be followed by"},
      {"[label a]\nx \\", "g.txt, line 2: a backslash must be followed by"},
      {"[label a]\n[label b]\nx\n", "g.txt, line 1: the section has no lines"},
      {"[label a]\nx\n[list b]\n", "g.txt, line 3: the section has no lines"},
      {"[labels a]\nx\n", "g.txt, line 1: '[labels a]' is not a section"},
      {"[label]\nx\n", "g.txt, line 1: '[label]' is not a section"},
      {"[label a\nx\n", "g.txt, line 1: '[label a' is not a section"},
      {"[list A b]\nx\n", "g.txt, line 1: 'A b' is not a name of a list"},
      {"[list a]\nx\n", "g.txt: no section [label NAME]"},
      {"", "g.txt: no section [label NAME]"},
      {"[label a]\nx\x1ey\n", "g.txt, line 2: contains a control character"},
      {std::string("[label a]\nx\0y\n", 14), "g.txt, line 2: contains a control character"},
      {"[label a]\n\xff\xfe\n", "g.txt, line 2: not valid UTF-8"}};
  for (const auto& [contents, message] : wrong) {
    const Error error = ErrorOf(Grammar::Parse(contents, "g.txt"));
    EXPECT_EQ(error.code, ErrorCode::kInvalidData) << contents;
    EXPECT_THAT(error.message, HasSubstr(message)) << contents;
  }
}

TEST(Grammar, SuggestsTheListThatWasMeant) {
  EXPECT_THAT(ErrorOf(Grammar::Parse("[list amount]\n1\n[label a]\n{amuont}\n", "g.txt")).hint,
              HasSubstr("did you mean 'amount'?"));
}

TEST(Grammar, RefusesListsThatContainThemselves) {
  EXPECT_THAT(ErrorOf(Grammar::Parse("[list a]\nx {b}\n[list b]\n{y|{a}}\n[label l]\n{a}\n", "g.txt")).message,
              HasSubstr("list 'a' contains itself"));
  EXPECT_THAT(ErrorOf(Grammar::Parse("[list a]\n{a}\n[label l]\n{a}\n", "g.txt")).message,
              HasSubstr("contains itself"));
}

/// Lists in lists: list_0 of two list_1, each of two list_2 and so on down to `leaf`.
std::string Doubling(int lists, const std::string& leaf) {
  std::string contents = "[label l]\n{list_0}\n";
  for (int i = 0; i < lists; ++i) {
    const std::string next = i + 1 == lists ? leaf : "{list_" + std::to_string(i + 1) + "}";
    contents += "[list list_" + std::to_string(i) + "]\n" + next + next + "\n";
  }
  return contents;
}

TEST(Grammar, RefusesTextsThatGrowWithoutBound) {
  EXPECT_TRUE(Grammar::Parse(Doubling(8, "x"), "g.txt"));
  EXPECT_THAT(ErrorOf(Grammar::Parse(Doubling(40, "x"), "g.txt")).message,
              HasSubstr("line 2: the message template can"));
  // 2^40 empty alternatives would be no long text, but would take forever.
  EXPECT_THAT(ErrorOf(Grammar::Parse(Doubling(40, "{|}"), "g.txt")).message, HasSubstr("8192 parts"));
  EXPECT_THAT(ErrorOf(Grammar::Parse(Doubling(100, "x"), "g.txt")).message, HasSubstr("nested deeper than 64"));
  EXPECT_THAT(ErrorOf(Grammar::Parse("[label a]\n" + std::string(9000, 'x') + "\n", "g.txt")).message,
              HasSubstr("more than 8192 bytes"));
}

TEST(Grammar, RefusesDeepBracesAndLargeFiles) {
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "{a|";
  EXPECT_THAT(ErrorOf(Grammar::Parse("[label a]\n" + deep, "g.txt")).message, HasSubstr("nested deeper than 16"));
  EXPECT_THAT(ErrorOf(Grammar::Parse(std::string(Grammar::kMaxFileBytes + 1, '#'), "g.txt")).message,
              HasSubstr("may have up to 4194304"));
}

TEST(Grammar, SurvivesRandomEdits) {
  const std::string sample = "[list a]\nx {b|{##}}\n{b}\n[list b]\n\xC3\xA9\\n{|y}\n[label l]\n{a} {b} {c|\\{}\n# n\n";
  using namespace std::string_literals;
  const std::string specials =
      "{}|\\[]#@\n\r \0\xff\xc3"
      "ab"s;
  SplitMix64 random(5);
  int read = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string bytes = sample;
    for (uint64_t edits = 1 + random.Next() % 4; edits > 0; --edits) {
      bytes[random.Next() % bytes.size()] = specials[random.Next() % specials.size()];
    }
    const Result<Grammar> grammar = Grammar::Parse(bytes, "g.txt");
    if (!grammar) {
      EXPECT_EQ(grammar.error().code, ErrorCode::kInvalidData);
      continue;
    }
    ++read;
    Random texts(1);
    for (size_t label = 0; label < grammar->labels().size(); ++label) {
      ASSERT_GT(grammar->TemplateCount(label), 0u);
      EXPECT_TRUE(IsUtf8(grammar->Expand(label, 0, texts)));
    }
  }
  EXPECT_GT(read, 100);
}

TEST(MessageGrammar, HasSeveralHundredMessageTemplatesThatGenerateWholeMessages) {
  const Result<Grammar> grammar = Grammar::Read(SourceDirectory() / "share" / "winnow" / "grammars" / "messages.txt");
  ASSERT_TRUE(grammar) << grammar.error().Text();
  EXPECT_THAT(grammar->labels(), ElementsAre("spam", "ham"));
  Random random(3);
  for (size_t label = 0; label < 2; ++label) {
    EXPECT_GT(grammar->TemplateCount(label), 200u);
    for (size_t i = 0; i < grammar->TemplateCount(label); ++i) {
      for (int times = 0; times < 20; ++times) {
        const std::string text = grammar->Expand(label, i, random);
        EXPECT_FALSE(IsBlank(text));
        EXPECT_LT(text.size(), 600u) << text;
        // What a forgotten brace leaves: {phone|bait_link} in place of {{phone}|{bait_link}}.
        EXPECT_EQ(text.find_first_of("{}|_"), std::string::npos)
            << "line " << grammar->LineOf(label, i) << ": " << text;
      }
    }
  }
}

TEST(MessageGrammar, NamesNoAddressThatCouldExist) {
  const Result<Grammar> grammar = Grammar::Read(SourceDirectory() / "share" / "winnow" / "grammars" / "messages.txt");
  ASSERT_TRUE(grammar) << grammar.error().Text();
  // RFC 2606, RFC 9476 and ISO 3166-1's user-assigned codes, which the heading of the file names.
  const std::set<std::string> reserved = {"example", "test", "invalid", "alt", "xa", "xb", "qn", "zz"};
  const std::set<std::string> second_level = {"example.com", "example.org", "example.net"};
  Random random(4);
  size_t addresses = 0;
  for (size_t i = 0; i < 40 * grammar->TemplateCount(0); ++i) {
    const size_t label = i % 2;
    const std::string text = grammar->Expand(label, i % grammar->TemplateCount(label), random);
    for (size_t slashes = text.find("://"); slashes != std::string::npos; slashes = text.find("://", slashes + 1)) {
      const size_t begin = slashes + 3;
      const std::string host = text.substr(begin, text.find_first_of("/ ,!", begin) - begin);
      const size_t last = host.rfind('.');
      ASSERT_NE(last, std::string::npos) << text;
      const size_t second = host.rfind('.', last - 1);
      const std::string name = second == std::string::npos ? host : host.substr(second + 1);
      const std::string top = host.substr(last + 1, host.find_last_not_of('.') - last);
      EXPECT_TRUE(reserved.contains(top) || second_level.contains(name)) << host << " in: " << text;
      ++addresses;
    }
  }
  EXPECT_GT(addresses, 500u);
}

}  // namespace
}  // namespace winnow
