#include "data/dialect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Dialect Detected(std::string_view sample, std::string_view extension = "", const DialectWishes& wishes = {}) {
  const std::optional<Dialect> dialect = DetectDialect(sample, extension, {}, wishes);
  EXPECT_TRUE(dialect) << sample;
  return dialect.value_or(Dialect{});
}

/// All fields of all rows, as the detected dialect divides them; rows are separated by a bar.
std::vector<std::string> Fields(std::string_view text, std::string_view extension = "") {
  const Dialect dialect = Detected(text, extension);
  std::vector<std::string> fields;
  CsvRow row;
  while (!text.empty() && CutRow(text, dialect, '\n', true, row) == RowEnd::kComplete) {
    fields.insert(fields.end(), row.fields().begin(), row.fields().end());
    text.remove_prefix(row.used);
  }
  return fields;
}

TEST(Dialect, QuotesThatOpenAFieldAndDoNotCloseItInTheLineAreCharacters) {
  std::string tsv = "ham\tsee you\nspam\t\"win a prize\nham\tok\nham\tfine\nspam\tcall \"now\"\nham\t\"yes\n";
  EXPECT_FALSE(Detected(tsv).quotes);
  std::string csv = "ham,see you\nspam,\"win a prize\nham,ok\nham,fine\nspam,call now\nham,\"yes\n";
  EXPECT_FALSE(Detected(csv, ".csv").quotes);
  EXPECT_THAT(Detected(csv, ".csv").notes, ElementsAre("quotes are characters of the texts"));
  EXPECT_TRUE(Detected(csv, ".csv", {.quoting = Quoting::kCsv}).quotes);
}

TEST(Dialect, QuotedFieldsWithLineEndsStayQuoted) {
  EXPECT_THAT(Fields("text,label\n\"two\nlines\",ham\n\"a, b\",spam\n", ".csv"),
              ElementsAre("text", "label", "two\nlines", "ham", "a, b", "spam"));
}

TEST(Dialect, SpacesBeforeQuotesAreSkippedWhereTheRowsFitThen) {
  EXPECT_THAT(Fields("label, text\nham, \"see, you\"\nspam, \"win\" \n", ".csv"),
              ElementsAre("label", " text", "ham", "see, you", "spam", "win"));
  EXPECT_FALSE(Detected("label,text\nham, he said \"hi\"\nspam,x\n", ".csv").space_before_quote);
}

TEST(Dialect, BackslashesEscapeQuotesWhereTheRowsFitThen) {
  const std::string dump = "text,label\n\"he said \\\"hi, you\\\"\",ham\n\"C:\\\\dir\",spam\n\"a\\nb\",ham\n";
  EXPECT_EQ(Detected(dump, ".csv").escape, '\\');
  EXPECT_THAT(Detected(dump, ".csv").notes,
              ElementsAre("a backslash escapes quotes (otherwise 1 of 4 rows are unreadable)"));
  EXPECT_THAT(Fields(dump, ".csv"),
              ElementsAre("text", "label", "he said \"hi, you\"", "ham", "C:\\dir", "spam", "a\\nb", "ham"));
  EXPECT_EQ(Detected("text,label\n\"a \"\"b\"\"\",ham\n", ".csv").escape, '\0');
}

TEST(Dialect, ExcelsFirstLineNamesTheDelimiter) {
  const Dialect dialect = Detected("sep=;\r\ntext;label\r\na, b;ham\r\n", ".csv");
  EXPECT_EQ(dialect.delimiter, ';');
  EXPECT_EQ(dialect.skipped_lines, 1u);
  EXPECT_THAT(dialect.columns, ElementsAre("text", "label"));
}

TEST(Dialect, CommentsBeforeTheTableAreSkipped) {
  const Dialect dialect = Detected("# exported on Monday\n# by x, y and z\ntext,label\na,ham\nb,spam\n", ".csv");
  EXPECT_EQ(dialect.skipped_lines, 2u);
  EXPECT_TRUE(dialect.header);
  const Dialect hashtags = Detected("#win now,spam\nhello,ham\n#ok,ham\n", ".csv");
  EXPECT_EQ(hashtags.skipped_lines, 0u);
}

TEST(Dialect, AHeaderAgreesWithTheRowsBelowIt) {
  EXPECT_TRUE(Detected("message,label\na,ham\nb,spam\n", ".csv").header);
  EXPECT_FALSE(Detected("Message,ham\nb,ham\nc,ham\nd,spam\ne,ham\nf,spam\n", ".csv").header);
  // A header that concatenation repeats is still one.
  EXPECT_TRUE(Detected("text,label\na,ham\ntext,label\nb,spam\n", ".csv").header);
  EXPECT_FALSE(Detected("text,label\na,ham\n", ".csv", {.no_header = true}).header);
}

TEST(Dialect, OnlyPlainNamesMakeATableOfLines) {
  EXPECT_FALSE(Detected("Question, are you coming tonight?\nyes, I am\n").plain_header);
  EXPECT_TRUE(Detected("text,label\nyes,x\n").plain_header);
  EXPECT_FALSE(Detected("text,label\nyes,x\na, b, c\n").even);
}

TEST(Dialect, TheDelimiterCanBeGiven) {
  EXPECT_EQ(Detected("a^b\nc^d\n", "", {.delimiter = '^'}).delimiter, '^');
  EXPECT_FALSE(DetectDialect("plain text\n", "", {}));
  EXPECT_THAT(Detected("a,b\n", ".csv").notes, IsEmpty());
}

}  // namespace
}  // namespace winnow
