// What is detected in data files, and the options that replace a detection.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/dataset.h"
#include "support/dataset_files.h"

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class DetectionTest : public DatasetFiles {};

TEST_F(DetectionTest, LinesWithCommasAreTexts) {
  const auto prose = Write("a.txt", "Question, are you coming tonight?\nHello there, see you\nno comma\n");
  EXPECT_THAT(*ReadTexts(prose, {}),
              ElementsAre("Question, are you coming tonight?", "Hello there, see you", "no comma"));
  EXPECT_THAT(*ReadTexts(Write("b.txt", "message, call me\n"), {}), ElementsAre("message, call me"));
  EXPECT_THAT(*ReadTexts(Write("c.txt", "text,id\none,1\ntwo,2\n"), {}), ElementsAre("one", "two"));
  EXPECT_THAT(*ReadTexts(Write("d.txt", "{name} please call\n[hello] you\n"), {}),
              ElementsAre("{name} please call", "[hello] you"));
  EXPECT_THAT(*ReadTexts(Write("e.txt", "text,id\none,1\n"), {.format = {.format = "lines"}}),
              ElementsAre("text,id", "one,1"));
}

TEST_F(DetectionTest, LabelsOfFastTextMayStandAnywhere) {
  const auto ends = Write("ends.txt", "the pump, broke __label__pump\nleaks, now __label__pump __label__leak\n");
  EXPECT_THAT(*ReadTexts(ends, {}), ElementsAre("the pump, broke", "leaks, now"));
  const auto later = Write("later.txt", "no label, here\n__label__a x, y\n\n__label__b z, w\n");
  EXPECT_THAT(*ReadTexts(later, {}), ElementsAre("no label, here", "x, y", "z, w"));
  const auto labelled = Read(later);
  ASSERT_TRUE(labelled) << labelled.error().Text();
  EXPECT_EQ(labelled->examples.size(), 2u);
  const auto prose = Write("prose.txt", "Labels begin with __label__ there\nHello\n");
  EXPECT_THAT(*ReadTexts(prose, {}), ElementsAre("Labels begin with __label__ there", "Hello"));
  EXPECT_THAT(*ReadTexts(Write("single.txt", "What is __label__ for?\n"), {}), ElementsAre("What is __label__ for?"));
  const auto one_of_three = Write("one.txt", "a\nb c\nthat is x__label__y\n");
  EXPECT_THAT(*ReadTexts(one_of_three, {}), ElementsAre("a", "b c", "that is x__label__y"));
}

TEST_F(DetectionTest, LinesAreReadWithoutTheTemplate) {
  const ReadOptions options{.template_text = "{subject} [SEP] {body}"};
  EXPECT_THAT(*ReadTexts(Write("a.txt", "plain, line\nanother\n"), options), ElementsAre("plain, line", "another"));
  EXPECT_THAT(*ReadTexts(Write("b.jsonl", "{\"subject\":\"s\",\"body\":\"b\"}\n"), options), ElementsAre("s\x1e"
                                                                                                         "b"));
}

TEST_F(DetectionTest, OneColumnIsNeverBothTextAndLabel) {
  const auto file = Write("a.csv", "message,body\nham,See you\nspam,Win now\nham,Call me\n");
  EXPECT_THAT(Rows(file, {.label_field = "message"}), ElementsAre("ham:See you", "spam:Win now", "ham:Call me"));
  EXPECT_THAT(ErrorOf(file, {.text_field = "message", .label_field = "message"}),
              HasSubstr("the column 'message' is specified both for the text and for the label"));
  ASSERT_TRUE(Read(file, {.label_field = "message", .template_text = "{message}: {body}"}));
  EXPECT_THAT(report_.warnings, ElementsAre(HasSubstr("the column 'message' is the label and a field of the text "
                                                      "template, so the texts contain their labels")));
}

TEST_F(DetectionTest, ATextFieldHasNoEffectBesideATemplate) {
  const auto file = Write("a.csv", "subject,body,label\nOne,1,x\nTwo,2,y\n");
  ASSERT_TRUE(Read(file, {.text_field = "body", .template_text = "{subject}"}));
  EXPECT_THAT(report_.warnings, ElementsAre(HasSubstr("a.csv: --text-field body has no effect")));
  EXPECT_THAT(ErrorOf(file, {.text_field = "body", .template_text = "{title}"}), HasSubstr("--template '{body}'"));
}

TEST_F(DetectionTest, BadRowsOfTextsAreErrorsUnlessTheyAreSkipped) {
  const auto file = Write("a.csv", "text,id\none,1\ntwo,2,3\nthree,3\n");
  std::vector<std::string> texts;
  const auto take = [&](std::string_view text, size_t row) -> Result<void> {
    texts.push_back(std::to_string(row) + " " + std::string(text));
    return {};
  };
  const auto refused = ForEachText(file, {}, report_, take, BadRows::kRefuse);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().Text(), HasSubstr("a.csv, line 3: unreadable row: 3 columns instead of 2"));
  EXPECT_THAT(texts, IsEmpty());
  ASSERT_TRUE(ForEachText(file, {}, report_, take, BadRows::kSkip));
  EXPECT_THAT(texts, ElementsAre("2 one", "4 three"));
}

TEST_F(DetectionTest, MostRowsOfTextsMayBeSkippedIfThatIsWanted) {
  const auto texts_of = [&](const std::filesystem::path& file, BadRows bad_rows) -> Result<std::vector<std::string>> {
    std::vector<std::string> texts;
    const auto take = [&](std::string_view text, size_t) -> Result<void> {
      texts.emplace_back(text);
      return {};
    };
    TRY(ForEachText(file, {}, report_, take, bad_rows));
    return texts;
  };
  const auto textless = Write("a.jsonl", "{\"text\":\"a\"}\n{\"text\":null}\n{\"text\":null}\n{\"text\":[]}\n");
  const auto torn = Write("b.csv", "text,id\none,1\ntwo\nthree\nfour\n");
  for (const auto& [file, text] : {std::pair(textless, "a"), std::pair(torn, "one")}) {
    EXPECT_THAT(*texts_of(file, BadRows::kSkip), ElementsAre(text));
    EXPECT_EQ(report_.Dropped(DropReason::kUnreadable), 3u);
  }
  EXPECT_THAT(*texts_of(textless, BadRows::kSkipFew), ElementsAre("a"));
  EXPECT_THAT(texts_of(torn, BadRows::kSkipFew).error().Text(), HasSubstr("3 of 4 rows cannot be read as CSV"));
}

TEST_F(DetectionTest, SpellingsOfOneLabelAreOneLabel) {
  const auto file = Write("a.jsonl",
                          "{\"text\":\"a\",\"label\":1}\n{\"text\":\"b\",\"label\":1.0}\n{\"text\":\"c\",\"label\":0}\n"
                          "{\"text\":\"d\",\"label\":0.0}\n");
  EXPECT_THAT(Rows(file), ElementsAre("1:a", "1:b", "0:c", "0:d"));
  EXPECT_THAT(report_.warnings, IsEmpty());
  EXPECT_THAT(Rows(Write("b.csv", "text,label\na,1\nb,1.0\nc,0\n")), ElementsAre("1:a", "1:b", "0:c"));
  EXPECT_THAT(report_.warnings, ElementsAre(HasSubstr("'1.0' and '1' are read as one label")));
  EXPECT_THAT(Rows(Write("c.csv", "text,label\na,Spam\nb,spam\nc,ham\u200B\nd,ham\n")),
              ElementsAre("Spam:a", "spam:b", "ham:c", "ham:d"));
  EXPECT_THAT(report_.warnings, ElementsAre(HasSubstr("'Spam' and 'spam' are nearly equal")));
  EXPECT_THAT(Rows(Write("d.csv", "text,label\na,1.0\nb,0.0\n"), {.labels = LabelSet{{"0", "1"}}}),
              ElementsAre("1:a", "0:b"));
}

TEST_F(DetectionTest, MultiHotVectorsAreLabels) {
  const auto file = Write("a.jsonl",
                          "{\"text\":\"a\",\"labels\":[1,0,0]}\n{\"text\":\"b\",\"labels\":[0.0,1.0,1.0]}\n"
                          "{\"text\":\"c\",\"labels\":[0,0,0]}\n");
  EXPECT_THAT(Rows(file), ElementsAre("0:a", "1+2:b", ":c"));
  EXPECT_THAT(
      report_.Text(),
      HasSubstr("'labels' contains multi-hot vectors of 3 labels; to name these labels, specify --labels NAME,..."));
  EXPECT_THAT(Rows(file, {.labels = LabelSet{{"x", "y", "z"}}}), ElementsAre("x:a", "y+z:b", ":c"));
  EXPECT_THAT(ErrorOf(file, {.labels = LabelSet{{"x", "y"}}}), HasSubstr("multi-hot vectors of 3 labels, but 2"));
  EXPECT_THAT(Rows(Write("b.csv", "text,labels\na,\"[1, 0]\"\nb,\"[0, 1]\"\n")), ElementsAre("0:a", "1:b"));
  EXPECT_THAT(Rows(Write("c.csv", "text,labels\na,\"['x', 'y']\"\nb,['y']\n")), ElementsAre("x+y:a", "y:b"));
}

TEST_F(DetectionTest, DocumentsByColumnsAreRead) {
  EXPECT_THAT(Rows(Write("a.json", "{\"text\":{\"0\":\"a\",\"1\":\"b\"},\"label\":{\"0\":\"x\",\"1\":\"y\"}}")),
              ElementsAre("x:a", "y:b"));
  EXPECT_THAT(Rows(Write("b.json", "{\"text\":[\"a\",\"b\"],\"label\":[\"x\",\"y\"]}")), ElementsAre("x:a", "y:b"));
  EXPECT_THAT(Rows(Write("c.json", "{\"train\":[[\"a\",\"x\"]],\"test\":[[\"b\",\"y\"]]}")), ElementsAre("x:a", "y:b"));
  EXPECT_THAT(Rows(Write("e.jsonl", "[{\"text\":\"a\",\"label\":\"x\"},\n {\"text\":\"b\",\"label\":\"y\"}]\n")),
              ElementsAre("x:a", "y:b"))
      << "a document, whatever its name";
  EXPECT_THAT(Rows(Write("f.jsonl", "[1]\n{\"text\":\"a\",\"label\":\"x\"}\n{\"text\":\"b\",\"label\":\"y\"}\n")),
              ElementsAre("x:a", "y:b"));
  // Columns whose rows have other names, or the same names in another order, are not one table.
  EXPECT_THAT(ErrorOf(Write("d.json", "{\"text\":{\"0\":\"a\",\"1\":\"b\"},\"label\":{\"1\":\"x\",\"0\":\"y\"}}")),
              HasSubstr("contains no list of texts"));
}

TEST_F(DetectionTest, HalfASurrogatePairIsReadAsAReplacement) {
  const std::string rows = R"({"text":"a \ud83d","label":"x"}
{"text":"\ud83d\ude00 \udc00b","label":"y"}
{"text":"\\ud83d","label":"x"}
)";
  const auto expected = ElementsAre("x:a \uFFFD", "y:\U0001F600 \uFFFDb", "x:\\ud83d");
  EXPECT_THAT(Rows(Write("a.jsonl", rows)), expected);
  EXPECT_THAT(report_.Text(), HasSubstr("is read as U+FFFD in 2 rows, the first in line 1"));
  EXPECT_THAT(Rows(Write("b.json", R"({"text":["a \ud83d","b"],"label":["x","y"]})")),
              ElementsAre("x:a \uFFFD", "y:b"));
  EXPECT_THAT(report_.Text(), HasSubstr("such as \\ud83d, is read as U+FFFD"));
  EXPECT_THAT(Rows(Write("c.jsonl", rows + R"({"text":"\ud83","label":"x"})")), expected) << "no escape";
  EXPECT_EQ(report_.Dropped(DropReason::kUnreadable), 1u);
}

TEST_F(DetectionTest, LabelsInObjectsAreFoundByPath) {
  const auto file = Write("a.jsonl",
                          "{\"text\":\"a\",\"label\":{\"name\":\"x\",\"id\":1}}\n"
                          "{\"text\":\"b\",\"label\":{\"name\":\"y\",\"id\":2}}\n");
  const std::string error = ErrorOf(file);
  EXPECT_THAT(error, HasSubstr("specify the key that contains the label: --label-field label.name"));
  EXPECT_THAT(error, HasSubstr("expected one JSON object per row"));
  EXPECT_THAT(Rows(file, {.label_field = "label.name"}), ElementsAre("x:a", "y:b"));
  // As Label Studio exports several choices.
  const auto choices = Write("choices.json", R"([{"text": "a", "kind": {"choices": ["x", "y"]}},
                                                 {"text": "b", "kind": {"choices": ["y"]}}])");
  EXPECT_THAT(Rows(choices, {.label_field = "kind.choices"}), ElementsAre("x+y:a", "y:b"));
}

TEST_F(DetectionTest, RepeatedHeadersAndSwallowedRowsAreReported) {
  EXPECT_THAT(Rows(Write("a.csv", "text,label\na,x\ntext,label\nb,y\n")), ElementsAre("x:a", "y:b"));
  EXPECT_THAT(report_.Text(), HasSubstr("skipped 1 repetition of the header, the first in line 3"));
  const auto swallowed = Write("b.tsv", "\"label\"\t\"text\"\nham\ta b\nspam\t\"c\nham\td\nham\te\"\nham\tf\n");
  EXPECT_THAT(ErrorOf(swallowed), HasSubstr("line 3: a quoted field opens here"));
  // Without numbers and labels, lines only look like rows.
  Rows(Write("c.tsv", "\"label\"\t\"text\"\nx\ta b\ny\t\"c\nz\td\nw\te\"\n"));
  EXPECT_THAT(report_.Text(), HasSubstr("line 3: a quoted field contains 1 lines that look like rows of their own"));
}

TEST_F(DetectionTest, OneLabelLeftIsExplainedByTheRowsThatWereDropped) {
  EXPECT_THAT(ErrorOf(Write("a.csv", "text,label\na,ham\nb,c,spam\nd,ham\ne,ham\n")),
              HasSubstr("1 of 4 rows are unreadable:\n  " + (directory_.path() / "a.csv").string() +
                        ", line 3: 3 columns instead of 2"));
}

TEST_F(DetectionTest, BytesOfWindows1252AreReadAsThat) {
  EXPECT_THAT(Rows(Write("a.csv", "text,label\ncaf\xE9 \x80 5,x\n\x93ok\x94,y\n")),
              ElementsAre("x:caf\u00E9 \u20AC 5", "y:\u201Cok\u201D"));
  EXPECT_THAT(report_.Text(), HasSubstr("read as Windows-1252; for another encoding, specify --encoding"));
  // More than two such bytes in a row are frequent in other encodings.
  EXPECT_THAT(Rows(Write("b.csv", "text,label\n\xCF\xF0\xE8\xE2\xE5\xF2,x\nb,y\n"))[0], HasSubstr("\uFFFD"));
  EXPECT_THAT(Rows(Write("c.csv", "text,label\n\xE9,x\nb,y\n"), {.format = {.encoding = "latin-1"}}),
              ElementsAre("x:\u00E9", "y:b"));
}

TEST_F(DetectionTest, BinaryColumnsAreNamedInAWarning) {
  Rows(Write("a.csv", "text,url,spam\na,1,0\nb,0,1\n"));
  EXPECT_THAT(report_.warnings, ElementsAre(HasSubstr("the labels are the 0/1 columns: url, spam")));
}

}  // namespace
}  // namespace winnow
