// Tables whose rows are easily misread: one column, stray quotes, repeated headers, headers with unknown names.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/dataset.h"
#include "support/dataset_files.h"

namespace winnow {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class TableReading : public DatasetFiles {
 protected:
  /// The texts of an unlabelled file, or the error as the only text.
  std::vector<std::string> Texts(const std::filesystem::path& file, const ReadOptions& options = {}) {
    std::vector<std::string> texts;
    const Result<void> read = ForEachText(
        file, options, report_,
        [&](std::string_view text, size_t) -> Result<void> {
          texts.emplace_back(text);
          return {};
        },
        BadRows::kRefuse);
    return read ? texts : std::vector<std::string>{"error: " + read.error().Text()};
  }
};

TEST_F(TableReading, ATableMayHaveOneColumn) {
  const std::string table = "text\n\"hello\nthere\"\nwin a \"\"prize\"\"\n\"he said \"\"hi\"\"\"\n";
  for (const char* name : {"a.csv", "a.txt", "a"}) {
    EXPECT_THAT(Texts(Write(name, table)), ElementsAre("hello\nthere", "win a \"\"prize\"\"", "he said \"hi\""))
        << name;
    EXPECT_THAT(report_.Text(), HasSubstr("CSV, 1 column, with a header")) << name;
  }
  EXPECT_THAT(Texts(Write("b.csv", "\xEF\xBB\xBF\"Message\"\r\n\"hello\r\nthere\"\r\n")),
              ElementsAre("hello\r\nthere"));
  EXPECT_THAT(Texts(Write("c.csv", "text\nhello, you\nyes, I am, too\n")), ElementsAre("hello, you", "yes, I am, too"));
  EXPECT_THAT(Texts(Write("d.csv", "text\nhello, you\nyes, ok\n")), ElementsAre("hello, you", "yes, ok"));
  EXPECT_THAT(Texts(Write("e.csv", "\"hello\nthere\"\nwin a prize\n")), ElementsAre("hello\nthere", "win a prize"));
  EXPECT_THAT(Texts(Write("f.csv", table), {.format = {.format = "lines"}}).size(), 5u);
}

TEST_F(TableReading, OneColumnCanBeRequested) {
  const auto file = Write("a.txt", "text\nhello\nbye\n");
  EXPECT_THAT(Texts(file), ElementsAre("text", "hello", "bye"));
  EXPECT_THAT(Texts(file, {.format = {.format = "csv"}}), ElementsAre("hello", "bye"));
  EXPECT_THAT(Texts(file, {.text_field = "text"}), ElementsAre("hello", "bye"));
  EXPECT_THAT(Texts(file, {.format = {.delimiter = ","}}), ElementsAre("hello", "bye"));
  EXPECT_THAT(Texts(file, {.format = {.format = "csv", .no_header = true}}), ElementsAre("text", "hello", "bye"));
  const auto titles = Write("b.csv", "title\nwin a prize\nsee you\n");
  EXPECT_THAT(Texts(titles)[0], HasSubstr("looks like the name of its only column: title\n  if so, pass --text-field"));
  EXPECT_THAT(Texts(titles, {.text_field = "title"}), ElementsAre("win a prize", "see you"));
  EXPECT_THAT(Texts(titles, {.format = {.no_header = true}}), ElementsAre("title", "win a prize", "see you"));
}

TEST_F(TableReading, OneLineOfProseIsNoHeader) {
  EXPECT_THAT(Texts(Write("a.csv", "win a prize now\nsee you\n")), ElementsAre("win a prize now", "see you"));
  EXPECT_THAT(Texts(Write("b.txt", "message\n")), ElementsAre("message"));
  EXPECT_THAT(Texts(Write("c.txt", "\"Hello\" he said\nyou \"too\"\n")),
              ElementsAre("\"Hello\" he said", "you \"too\""));
  EXPECT_THAT(Texts(Write("d.csv", "text\n\"Hello\" he said\nbye\n")), ElementsAre("\"Hello\" he said", "bye"));
  // Two fields in each row below one name are no table of one column.
  EXPECT_THAT(Texts(Write("e.csv", "text\na,ham\nb,spam\n"))[0], HasSubstr("error"));
  EXPECT_THAT(Texts(Write("f.csv", "text\n\"a\",ham\n\"b\",spam\n"))[0], HasSubstr("error"));
}

TEST_F(TableReading, AStrayQuoteDoesNotSwallowRows) {
  const std::string ids = "id,text\n1,win a prize\n2,\"hello\n3,see you\n4,\"free cash\"\n5,call me\n";
  EXPECT_THAT(Texts(Write("a.csv", ids))[0],
              AllOf(HasSubstr("a.csv, line 3: a quoted field opens here"), HasSubstr("line 4 looks like a whole row"),
                    HasSubstr("--quoting none")));
  EXPECT_EQ(Texts(Write("a.csv", ids), {.format = {.quoting = "none"}}).size(), 5u);
  std::string labelled = "text,label\n";
  for (int i = 1; i <= 20; ++i) {
    const std::string text = (i % 2 ? "free cash now " : "see you tonight ") + std::to_string(i);
    labelled += (i == 7 ? "\"" : "") + text + (i == 8 ? "\"" : "") + (i % 2 ? ",spam\n" : ",ham\n");
  }
  EXPECT_THAT(ErrorOf(Write("b.csv", labelled + "\"yes, you\",ham\n")),
              AllOf(HasSubstr("b.csv, line 8: a quoted field opens here"), HasSubstr("line 8 looks like a whole row")));
  EXPECT_THAT(ErrorOf(Write("c.csv", "name,text,label\na,b c,x\nd,\"e\nf\" g,y\nh,i j,x\n")),
              AllOf(HasSubstr("c.csv, line 3"), HasSubstr("text follows its closing quote in line 4")));
}

TEST_F(TableReading, TextsOfSeveralLinesStayWhole) {
  const auto file =
      Write("a.csv", "text,label\n\"Hi, John\nsee you\nbye, Ann\",ham\n\"win, now\n\nDo it\",spam\nok,ham\nx,spam\n");
  EXPECT_THAT(Rows(file), ElementsAre("ham:Hi, John\nsee you\nbye, Ann", "spam:win, now\n\nDo it", "ham:ok", "spam:x"));
  EXPECT_THAT(Texts(Write("b.csv", "id,text\n1,\"hello\nthere\"\n2,\"one\n2 of them\"\n")),
              ElementsAre("hello\nthere", "one\n2 of them"));
  const std::string quoted = "text,label\n\"see\nfree cash,spam\nbelow\",ham\nwin,spam\nok,ham\nx,spam\n";
  EXPECT_THAT(ErrorOf(Write("c.csv", quoted)), HasSubstr("line 3 looks like a whole row"));
  EXPECT_EQ(Rows(Write("c.csv", quoted), {.format = {.quoting = "csv"}})[0], "ham:see\nfree cash,spam\nbelow");
}

TEST_F(TableReading, TextAfterAClosingQuoteIsReported) {
  EXPECT_THAT(Rows(Write("a.csv", "text,label\n\"win\" now,spam\n\"a, b\",ham\n")),
              ElementsAre("spam:win now", "ham:a, b"));
  EXPECT_THAT(report_.Text(), HasSubstr("text follows a closing quote in 1 row, the first in line 2"));
}

TEST_F(TableReading, RepeatedHeadersAreSkippedAndOtherOrdersRefused) {
  EXPECT_THAT(Rows(Write("a.csv", "text,label\na,x\n\xEF\xBB\xBFtext,label\nb,y\n")), ElementsAre("x:a", "y:b"));
  EXPECT_THAT(Rows(Write("b.csv", "\xEF\xBB\xBF\"text\",label\na,x\n\xEF\xBB\xBF\"text\",label\nb,y\n")),
              ElementsAre("x:a", "y:b"));
  EXPECT_THAT(report_.Text(), HasSubstr("skipped 1 repetition of the header, the first in line 3"));
  EXPECT_THAT(ErrorOf(Write("c.csv", "text,label\na,x\nlabel,text\ny,b\n")),
              HasSubstr("c.csv, line 3: a second header has the columns in another order"));
  EXPECT_THAT(Texts(Write("d.txt", "one\n\xEF\xBB\xBFtwo\n")), ElementsAre("one", "two"));
}

TEST_F(TableReading, AChoiceOfColumnsIsReported) {
  Rows(Write("a.csv", "text,label,text\na,x,b\nc,y,d\n"));
  EXPECT_THAT(report_.Text(), HasSubstr("2 columns are named 'text', and the first of them contains the text"));
  Rows(Write("b.csv", "text,category,class\na,x,k\nc,y,l\n"));
  EXPECT_THAT(report_.Text(), HasSubstr("column 'category' contains the label, not class; for another column, specify "
                                        "--label-field"));
  Rows(Write("c.csv", "text,category,class\na,x,k\nc,y,l\n"), {.label_field = "class"});
  EXPECT_THAT(report_.Text(), Not(HasSubstr("contains the label")));
}

TEST_F(TableReading, UnknownHeadersAreAskedAbout) {
  EXPECT_THAT(Texts(Write("a.csv", "id,title\n1,win\n2,hello\n"))[0], HasSubstr("unknown column names: id, title"));
  EXPECT_THAT(Texts(Write("b.csv", "id,title\n1,win a prize\n2,hello you\n"))[0], HasSubstr("--text-field"));
  EXPECT_THAT(Texts(Write("b.csv", "id,title\n1,win a prize\n2,hello\n"), {.text_field = "title"}),
              ElementsAre("win a prize", "hello"));
  EXPECT_THAT(Texts(Write("c.tsv", "id\ttitle\n1\twin\n2\thello\n"))[0],
              AllOf(HasSubstr("looks like a header with unknown column names: id, title"),
                    HasSubstr("--text-field title"), Not(HasSubstr("--label-field"))));
  EXPECT_THAT(Texts(Write("d.tsv", "kind\tphrase\nx\twin a prize\ny\thello you\n"))[0],
              HasSubstr("unknown column names"));
  EXPECT_THAT(Texts(Write("e.csv", "id,the title\n1,win a prize\n2,hello\n"), {.text_field = "The Title"})[0],
              HasSubstr("did you mean 'the title'? (its first row is: id, the title)"));
}

TEST_F(TableReading, TabsAndCommasOfProseDivideNothing) {
  EXPECT_THAT(Texts(Write("a.txt", "win a\tprize\n")), ElementsAre("win a\tprize"));
  EXPECT_THAT(report_.Text(),
              HasSubstr("tabs are characters of the texts; if they divide columns, specify --format tsv"));
  EXPECT_THAT(Texts(Write("b.txt", "win a\tprize\nsee\tyou\nbe\tthere\n")).size(), 3u);
  EXPECT_THAT(Texts(Write("c.txt", "ham\tsee you\nspam\twin it\nham\tok\nham\tyes\n")),
              ElementsAre("see you", "win it", "ok", "yes"));
  EXPECT_THAT(Texts(Write("d.tsv", "Hello, you there\nYes, I am\n")), ElementsAre("Hello, you there", "Yes, I am"));
  EXPECT_THAT(Texts(Write("e.csv", "Yes, I am\nYes, ok\nNo, sorry\n"))[0], HasSubstr("cannot determine which column"));
}

TEST_F(TableReading, BackslashesEscapeQuotesInsideAndOutsideOfQuotes) {
  const std::string python =
      "text,label\n\"he said \\\"hi, you\\\"\",ham\nsay \\\"x\\\",spam\nC:\\\\dir,ham\na\\nb,spam\n";
  EXPECT_THAT(Rows(Write("a.csv", python)),
              ElementsAre("ham:he said \"hi, you\"", "spam:say \"x\"", "ham:C:\\dir", "spam:a\\nb"));
  EXPECT_THAT(Rows(Write("b.tsv", "\"say \\\"x\\\"\"\tham\n\"win it\"\tspam\n")),
              ElementsAre("ham:say \"x\"", "spam:win it"));
  EXPECT_THAT(report_.Text(), HasSubstr("a backslash escapes quotes"));
}

TEST_F(TableReading, RowsWithoutATextAreUnreadable) {
  const std::string good = "{\"text\":\"hello\"}\n{\"text\":\"\"}\n{\"text\":5}\n";
  EXPECT_THAT(Texts(Write("a.jsonl", good)), ElementsAre("hello", "", "5"));
  EXPECT_THAT(Texts(Write("a.jsonl", good + "{\"message\":\"win\"}\n"))[0],
              AllOf(HasSubstr("line 4: unreadable row: no text: there is no 'text'; its keys are: message"),
                    HasSubstr("--skip-bad-rows")));
  EXPECT_THAT(Texts(Write("a.jsonl", good + "{\"text\":null}\n"))[0], HasSubstr("no text: 'text' is empty or null"));
  EXPECT_THAT(Texts(Write("a.jsonl", good + "{\"text\":[\"win\",\"x\"]}\n"))[0],
              HasSubstr("no text: 'text' is a list"));
  EXPECT_THAT(Texts(Write("a.jsonl", good + "{\"text\":{\"en\":\"win\"}}\n"))[0], HasSubstr("'text' is an object"));
  const ReadOptions by_template{.template_text = "{subject} [SEP] {body}"};
  // All names of the template in the first line make a header, also if they are no single words.
  EXPECT_THAT(Texts(Write("a.txt", "Betreff,Der Text\nwin,a prize\n"), {.template_text = "{Betreff} [SEP] {Der Text}"}),
              ElementsAre("win\x1e"
                          "a prize"));
  const std::string mail = "{\"subject\":\"a\",\"body\":\"b\"}\n{\"subject\":\"c\"}\n";
  EXPECT_EQ(Texts(Write("b.jsonl", mail), by_template).size(), 2u);
  EXPECT_THAT(Texts(Write("b.jsonl", mail + "{\"sbject\":\"a\"}\n"), by_template)[0],
              HasSubstr("line 3: unreadable row: no text: the row has none of the fields of the template"));
  EXPECT_THAT(Texts(Write("b.jsonl", mail + "{}\n"), by_template)[0], HasSubstr("the row is empty"));
  EXPECT_THAT(Texts(Write("b.jsonl", mail + "{\"subject\":\"a\",\"body\":[\"b\"]}\n"), by_template)[0],
              HasSubstr("'body' is a list"));
}

TEST_F(TableReading, OneLabelLeftIsExplainedByRowsWithOtherKeys) {
  EXPECT_THAT(
      ErrorOf(Write("a.jsonl",
                    "{\"text\":\"a\",\"label\":\"ham\"}\n{\"text\":\"b\",\"category\":\"spam\"}\n"
                    "{\"message\":\"c\",\"label\":\"spam\"}\n")),
      AllOf(HasSubstr("2 of 3 rows are without text or label"), HasSubstr("no 'label'; its keys are: text, category"),
            HasSubstr("no 'text'; its keys are: message, label")));
}

TEST_F(TableReading, JsonByColumnsMayHaveOneColumn) {
  EXPECT_THAT(Texts(Write("a.json", "{\"text\":{\"0\":\"win a prize\",\"1\":\"hello\"}}")),
              ElementsAre("win a prize", "hello"));
  EXPECT_THAT(Texts(Write("b", "{\"text\":[\"win a prize\",\"hello\"]}\n")), ElementsAre("win a prize", "hello"));
  EXPECT_THAT(Texts(Write("c.json", "[\"win a prize\",\"hello\"]\n")), ElementsAre("win a prize", "hello"));
  EXPECT_THAT(Texts(Write("d.json", "[\n  \"win a prize\",\n  \"hello\"\n]\n")), ElementsAre("win a prize", "hello"));
  EXPECT_THAT(Texts(Write("e", "{\"text\":{\"en\":\"win\"}}\n"))[0], HasSubstr("'text' is an object"));
}

TEST_F(TableReading, JsonFormsThatAreNotReadAreNamed) {
  EXPECT_THAT(ErrorOf(Write("a.json", "{\"text\":[\"a\",\"b\"],\"label\":[\"x\"]}")),
              HasSubstr("'text' has 2 rows and 'label' has 1"));
  EXPECT_THAT(ErrorOf(Write("b.json", "{\"text\":[\"a\",\"b\"],\"label\":\"x\"}")),
              HasSubstr("'label' is a single value"));
  EXPECT_THAT(
      ErrorOf(
          Write("c.json", "{\"columns\":[\"text\",\"label\"],\"index\":[0,1],\"data\":[[\"a\",\"x\"],[\"b\",\"y\"]]}")),
      AllOf(HasSubstr("orient='split'"), HasSubstr("orient='records'")));
  EXPECT_THAT(
      ErrorOf(Write("d.json", "{\"0\":{\"text\":\"a\",\"label\":\"x\"},\"1\":{\"text\":\"b\",\"label\":\"y\"}}")),
      HasSubstr("orient='index'"));
  EXPECT_THAT(ErrorOf(Write("f.json", "{\"0\":{\"msg\":\"a\"},\"1\":{\"msg\":\"b\"}}")), HasSubstr("orient='index'"));
  EXPECT_THAT(ErrorOf(Write("e.json", "[{\"text\":\"a\",\"label\":NaN}]")),
              AllOf(HasSubstr("NaN and Infinity are not valid in JSON"), Not(HasSubstr("truncated"))));
}

TEST_F(TableReading, ManyKeysAreReadInLinearTime) {
  std::string row = "{\"text\":\"a\",\"label\":\"x\"";
  for (int i = 0; i < 200000; ++i) row += ",\"k" + std::to_string(i) + "\":1";
  EXPECT_THAT(Rows(Write("a.jsonl", row + "}\n{\"text\":\"b\",\"label\":\"y\"}\n")), ElementsAre("x:a", "y:b"));
}

TEST_F(TableReading, AHeaderOfSeveralWordsIsTold) {
  const auto table = [&](const std::string& first) {
    std::string rows = first + "\n";
    for (int i = 0; i < 20; ++i) rows += "see you at number " + std::to_string(i) + (i % 2 == 0 ? ";ham\n" : ";spam\n");
    return Write("mails.csv", rows);
  };
  EXPECT_THAT(Rows(table("Text der Mail;Art der Mail")), testing::SizeIs(21));
  EXPECT_THAT(report_.Text(),
              HasSubstr("if it is a header, specify --text-field 'Text der Mail' --label-field 'Art der "
                        "Mail'"));
  EXPECT_THAT(Rows(table("Text der Mail;Art der Mail"), {.text_field = "Text der Mail", .label_field = "Art der Mail"}),
              testing::SizeIs(20));
  EXPECT_THAT(report_.Text(), Not(HasSubstr("header, specify")));
  EXPECT_THAT(Rows(table("Win a prize now;spam")), testing::SizeIs(21));
  EXPECT_THAT(report_.Text(), Not(HasSubstr("header, specify")));
  EXPECT_THAT(Rows(table("Text der Mail;Art der Mail"), {.format = {.no_header = true}}), testing::SizeIs(21));
  EXPECT_THAT(report_.Text(), Not(HasSubstr("header, specify")));
}

TEST_F(TableReading, AFirstRowThatLooksLikeAHeaderIsDataIfThatIsSpecified) {
  std::string rows = "Nachricht;Kategorie\n";
  for (int i = 0; i < 20; ++i) rows += "see you at number " + std::to_string(i) + (i % 2 == 0 ? ";ham\n" : ";spam\n");
  const auto file = Write("mails.csv", rows);
  EXPECT_THAT(ErrorOf(file), HasSubstr("unknown column names: Nachricht, Kategorie"));
  EXPECT_THAT(Rows(file, {.format = {.no_header = true}}), testing::SizeIs(21));
}

TEST_F(TableReading, LinesThatEndInCRMayHaveLFInTheirCells) {
  EXPECT_THAT(Rows(Write("mac.csv", "text,label\r\"hello\nthere\",spam\r\"how are\nyou, friend\",ham\r")),
              ElementsAre("spam:hello\nthere", "ham:how are\nyou, friend"));
  EXPECT_THAT(Rows(Write("lf.csv", "text,label\n\"hello\rthere\",spam\nbye,ham\n")),
              ElementsAre("spam:hello\rthere", "ham:bye"));
  EXPECT_THAT(Rows(Write("crlf.tsv", "ham\t\"hi you\r\nspam\t\"win it\r\nham\tsee you\r\n")),
              ElementsAre("ham:\"hi you", "spam:\"win it", "ham:see you"));
}

TEST_F(TableReading, ExcelQuotesFieldsWithCommasInTextWithTabs) {
  EXPECT_THAT(Rows(Write("excel.txt", "text\tlabel\r\n\"hello, you\"\tham\r\nwin now\tspam\r\n\"a, b\"\tham\r\n")),
              ElementsAre("ham:hello, you", "spam:win now", "ham:a, b"));
  EXPECT_THAT(Rows(Write("plain.tsv", "text\tlabel\n\"hello, you\"\tham\nwin, now\tspam\n\"a, b\"\tham\n")),
              ElementsAre("ham:\"hello, you\"", "spam:win, now", "ham:\"a, b\""));
  EXPECT_THAT(Rows(Write("said.tsv", "text\tlabel\n\"hello\"\tham\nwin now\tspam\n\"a, b\"\tham\n")),
              ElementsAre("ham:\"hello\"", "spam:win now", "ham:\"a, b\""));
}

TEST_F(TableReading, DecimalCommasDivideNoColumns) {
  std::string rows;
  for (int i = 0; i < 12; ++i) {
    rows += "Hallo Nummer " + std::to_string(i) + ";0," + std::to_string(i) + (i % 2 == 0 ? ";ham\n" : ";spam\n");
  }
  EXPECT_THAT(Rows(Write("excel.csv", rows), {.text_field = "1", .label_field = "3"})[0], "ham:Hallo Nummer 0");
  EXPECT_THAT(report_.Text(), HasSubstr("delimited by ';', 3 columns"));
  EXPECT_THAT(Rows(Write("ids.csv", "text 1,5\ntext 2,6\ntext 3,5\ntext 4,6\n")), testing::SizeIs(4));
}

}  // namespace
}  // namespace winnow
