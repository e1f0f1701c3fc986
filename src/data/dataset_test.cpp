#include "data/dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "data/any_labels.h"
#include "support/dataset_files.h"

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class DatasetTest : public DatasetFiles {};

TEST_F(DatasetTest, ReadsCsvWithQuotesLineEndsAndCrlf) {
  const auto file =
      Write("a.csv", "text,category\r\n\"one, \"\"two\"\"\r\nthree\",x\r\nplain \"inner\" quote,y\r\n\"\",y\r\nlast,x");
  EXPECT_THAT(Rows(file), ElementsAre("x:one, \"two\"\r\nthree", "y:plain \"inner\" quote", "x:last"));
  EXPECT_EQ(report_.Dropped(DropReason::kEmptyText), 1u);
  EXPECT_EQ(report_.files[0].description, "CSV, 2 columns, with a header");
  const Result<Dataset> dataset = Read(file);
  EXPECT_EQ(dataset->examples[1].row, 4u);
  EXPECT_THAT(dataset->labels.names, ElementsAre("x", "y"));
}

TEST_F(DatasetTest, ReadsHeaderlessTsvWithPlainQuotes) {
  const auto file = Write("sms", "ham\t\"Hello, he said\nspam\tWin \"cash\" now\nham\tok\n");
  EXPECT_THAT(Rows(file), ElementsAre("ham:\"Hello, he said", "spam:Win \"cash\" now", "ham:ok"));
}

TEST_F(DatasetTest, ReadsTsvWithTheTextFirst) {
  EXPECT_THAT(Rows(Write("a", "see you at eight\tham\nwin cash\tspam\ncall me\tham\n")),
              ElementsAre("ham:see you at eight", "spam:win cash", "ham:call me"));
}

TEST_F(DatasetTest, ReadsTsvQuotedAsPandasWritesIt) {
  EXPECT_THAT(Rows(Write("a.tsv", "label\ttext\nham\t\"he said \"\"hi\"\"\tand\nleft\"\nspam\tbuy\n")),
              ElementsAre("ham:he said \"hi\"\tand\nleft", "spam:buy"));
}

TEST_F(DatasetTest, FindsSemicolonsBarsAndCarriageReturns) {
  EXPECT_THAT(Rows(Write("a.csv", "Intent;Message\nbook;a, b, c\nplay;d\n")), ElementsAre("book:a, b, c", "play:d"));
  EXPECT_THAT(Rows(Write("b.txt", "label|text\nx|a, b\ny|c\n")), ElementsAre("x:a, b", "y:c"));
  EXPECT_THAT(Rows(Write("c.csv", "label,text\rx,a\ry,b\r")), ElementsAre("x:a", "y:b"));
}

TEST_F(DatasetTest, PrefersNamesThatTheUserGives) {
  const auto file = Write("a.csv", "text,label,summary,kind\nlong,1,short,a\nlong two,2,brief,b\n");
  EXPECT_THAT(Rows(file), ElementsAre("1:long", "2:long two"));
  EXPECT_THAT(Rows(file, {.text_field = "summary", .label_field = "kind"}), ElementsAre("a:short", "b:brief"));
}

TEST_F(DatasetTest, TakesColumnsByNumberWithoutAHeader) {
  const auto file = Write("a.csv", "1,good,fine words\n2,bad,poor words\n3,good,nice words\n");
  EXPECT_THAT(ErrorOf(file), ::testing::AllOf(HasSubstr("3 columns without a header, numbered 1, 2, 3"),
                                              ::testing::Not(HasSubstr("is a header"))));
  EXPECT_THAT(ErrorOf(Write("b.csv", "Betreff;Nachricht;Kategorie\nHallo;gut;x\nTag;schlecht;y\n")),
              HasSubstr("if its first row is a header, specify one of its names with --text-field: Betreff, Nachricht, "
                        "Kategorie; otherwise its columns are numbered 1, 2, 3"));
  EXPECT_THAT(Rows(file, {.text_field = "3", .label_field = "2"}),
              ElementsAre("good:fine words", "bad:poor words", "good:nice words"));
}

TEST_F(DatasetTest, ListsTheColumnsWhereItFindsNone) {
  const std::string error = ErrorOf(Write("a.csv", "id,kind,words\n1,x,a b\n2,y,c d\n"), {.text_field = "word"});
  EXPECT_THAT(error,
              HasSubstr("no column 'word' for the text\n  did you mean 'words'? (its first row is: id, kind, words)"));
  EXPECT_THAT(ErrorOf(Write("d.csv", "id,Betreff,words\n1,x,a b\n2,y,c d\n"), {.text_field = "Betreff, words"}),
              HasSubstr("train with --template '{Betreff} [SEP] {words}'"));
  EXPECT_THAT(ErrorOf(Write("b.csv", "id,text,words\n1,x,a b\n2,y,c d\n")),
              HasSubstr("its columns are: id, text, words; specify one with --label-field"));
  EXPECT_THAT(ErrorOf(Write("c.csv", "text\nonly\n")), HasSubstr("its columns are: text; specify one with"));
}

TEST_F(DatasetTest, AsksAboutAHeaderOfUnknownNames) {
  std::string contents = "kind\tphrase\n";
  for (int i = 0; i < 10; ++i) contents += (i % 2 ? "x\twords number " : "y\tmore words ") + std::to_string(i) + "\n";
  EXPECT_THAT(ErrorOf(Write("a.tsv", contents)), HasSubstr("--text-field phrase --label-field kind"));
  EXPECT_EQ(Rows(Write("a.tsv", contents), {.text_field = "phrase", .label_field = "kind"}).size(), 10u);
}

TEST_F(DatasetTest, TakesSeveralBinaryColumnsForLabels) {
  const auto file =
      Write("a.csv", "id,comment_text,toxic,threat,insult\nq1,you fool,1,0,1\nq2,nice,0,0,0\nq3,bad,1,0,2\n");
  EXPECT_THAT(Rows(file, {.label_field = "toxic,threat,insult"}), ElementsAre("insult+toxic:you fool", ":nice"));
  EXPECT_EQ(report_.Dropped(DropReason::kUnreadable), 1u);
  EXPECT_THAT(report_.examples[0], HasSubstr("line 4: column 'insult' is '2' instead of 0 or 1"));
  const auto found = Write("b.csv", "id,comment_text,toxic,threat\nq1,you fool,1,0\nq2,nice,0,0\n");
  const Result<Dataset> dataset = Read(found);
  ASSERT_TRUE(dataset) << dataset.error().Text();
  EXPECT_TRUE(dataset->multi_label);
  EXPECT_THAT(dataset->labels.names, ElementsAre("threat", "toxic"));  // threat, too, which no row has
}

TEST_F(DatasetTest, ReadsJsonLines) {
  const auto file = Write("a.jsonl",
                          "{\"raw_input\": \"caf\\u00e9 [SEP]\", \"intent\": \"a\", \"ok\": true}\n\n"
                          "{\"raw_input\": \"two\", \"intent\": 7}\nnot json\n[1]\n"
                          "{\"raw_input\": \"three\", \"intent\": null}\n{\"raw_input\": 5, \"intent\": \"a\"}\n"
                          "{\"intent\": \"a\"}\n");
  EXPECT_THAT(Rows(file), ElementsAre("a:caf\u00e9 [SEP]", "7:two", "a:5"));
  EXPECT_EQ(report_.rows(), 7u);
  EXPECT_EQ(report_.Dropped(DropReason::kUnreadable), 2u);
  EXPECT_EQ(report_.Dropped(DropReason::kNoLabel), 1u);
  EXPECT_EQ(report_.Dropped(DropReason::kEmptyText), 1u);
  EXPECT_THAT(report_.examples[0], HasSubstr("a.jsonl, line 4: not JSON"));
}

TEST_F(DatasetTest, ReadsListsAsMultiLabel) {
  const auto file =
      Write("a.jsonl", "{\"text\": \"one\", \"labels\": [\"b\", \"a\", \"b\"]}\n{\"text\": \"two\", \"labels\": []}\n");
  EXPECT_THAT(Rows(file), ElementsAre("a+b:one", ":two"));
  EXPECT_TRUE(Read(file)->multi_label);
  EXPECT_THAT(Rows(Write("b.csv", "text,label\none,a|b\ntwo,b\n"), {.problem_type = ProblemType::kMulti}),
              ElementsAre("a+b:one", "b:two"));
}

TEST_F(DatasetTest, ReadsJsonDocuments) {
  const auto pairs =
      Write("a.json", "{\n  \"train\": [[\"one\", \"x\"], [\"two\", \"y\"]],\n  \"test\": [[\"three\", \"x\"]]}");
  EXPECT_THAT(Rows(pairs), ElementsAre("x:one", "y:two", "x:three"));
  EXPECT_THAT(report_.Text(), HasSubstr("'split' names parts of the data, and the rows of all parts are read; to read "
                                        "one of them, specify --filter split=train"));
  EXPECT_THAT(Rows(pairs, {.filter = "split=train"}), ElementsAre("x:one", "y:two"));
  EXPECT_THAT(report_.Text(), testing::Not(HasSubstr("names parts of the data")));
  const auto one_line = Write("b.json", "{\"train\": [[\"one\", \"x\"], [\"two\", \"y\"], [\"odd\"]]}\n");
  EXPECT_THAT(Rows(one_line), ElementsAre("x:one", "y:two"));
  EXPECT_THAT(report_.examples[0], HasSubstr("b.json, item 3"));
  EXPECT_THAT(Rows(Write("c.json", "[{\"text\": \"one\", \"label\": \"x\"}, {\"text\": \"two\", \"label\": \"y\"}]")),
              ElementsAre("x:one", "y:two"));
}

TEST_F(DatasetTest, ReadsFastText) {
  const auto file =
      Write("a.txt", "__label__ham hello  there\n__label__spam win , now\n\nno label here\n__label__ham\n");
  EXPECT_THAT(Rows(file), ElementsAre("ham:hello  there", "spam:win , now"));
  EXPECT_FALSE(Read(file)->multi_label);
  EXPECT_EQ(report_.Dropped(DropReason::kNoLabel), 1u);
  EXPECT_EQ(report_.Dropped(DropReason::kEmptyText), 1u);
  const auto several = Write("b.txt", "__label__a __label__b text\n__label__a other\n");
  EXPECT_THAT(Rows(several), ElementsAre("a+b:text", "a:other"));
  EXPECT_TRUE(Read(several)->multi_label);
  // As an evaluation of a multi-label model reads them.
  const auto unlabelled = Write("c.txt", "__label__a __label__b text\nno label here\n__label__a other\n");
  EXPECT_THAT(Rows(unlabelled, {.problem_type = ProblemType::kMulti}), ElementsAre("a+b:text", "a:other"));
  EXPECT_EQ(report_.Dropped(DropReason::kNoLabel), 1u);
}

TEST_F(DatasetTest, ItsOwnFileIsReadByItsOwnFilterAndFormat) {
  const std::vector<std::filesystem::path> files = {
      Write("data.csv", "text;label;lang\none;x;en\nzwei;x;de\nthree;y;en\n"),
      Write("own.jsonl", "{\"text\": \"four\", \"label\": \"x\"}\n{\"text\": \"five; 5\", \"label\": \"y\"}\n")};
  ReadOptions options{.filter = "lang=en", .format = {.format = "csv", .delimiter = ";"}};
  EXPECT_FALSE(ReadDataset(files, options, report_)) << "JSON is no CSV";
  options.own_file = OwnFile{.file = files[1]};
  const Result<Dataset> all = ReadDataset(files, options, report_);
  ASSERT_TRUE(all) << all.error().Text();
  EXPECT_THAT(TextViews(*all), ElementsAre("one", "three", "four", "five; 5"));
  options.own_file->filter = "label=y";
  const Result<Dataset> some = ReadDataset(files, options, report_);
  EXPECT_THAT(TextViews(*some), ElementsAre("one", "three", "five; 5"));
}

TEST_F(DatasetTest, ReadsGzipOfEach) {
  EXPECT_THAT(Rows(WriteGzip("a.tsv.gz", "ham\tone\nspam\ttwo\n")), ElementsAre("ham:one", "spam:two"));
  EXPECT_TRUE(report_.files[0].gzip);
  EXPECT_THAT(Rows(WriteGzip("b", "{\"text\":\"a\",\"label\":\"x\"}\n{\"text\":\"b\",\"label\":\"y\"}\n")),
              ElementsAre("x:a", "y:b"));
  EXPECT_THAT(Rows(WriteGzip("c.gz", "__label__x a\n__label__y b\n")), ElementsAre("x:a", "y:b"));
}

TEST_F(DatasetTest, RefusesCutAndSwollenGzip) {
  std::string rows;
  for (int i = 0; i < 2000; ++i) rows += "ham\tmessage number " + std::to_string(i * 7919) + "\nspam\tother\n";
  const auto whole = WriteGzip("a.gz", rows);
  const std::string bytes = *ReadFile(whole);
  EXPECT_THAT(ErrorOf(Write("cut.gz", bytes.substr(0, bytes.size() / 2))), HasSubstr("damaged or incomplete gzip"));
  // 200 MB of one line of letters: refused as a row, long before it is all unpacked.
  gzFile file = gzopen((directory_.path() / "bomb.gz").c_str(), "wb1");
  const std::string block(1 << 20, 'a');
  for (int i = 0; i < 100; ++i) gzwrite(file, block.data(), static_cast<unsigned>(block.size()));
  gzclose(file);
  EXPECT_THAT(ErrorOf(directory_.path() / "bomb.gz"), HasSubstr("found no columns"));
  EXPECT_THAT(ErrorOf(directory_.path() / "bomb.gz", {.text_field = "a"}), HasSubstr("found no columns"));
}

TEST_F(DatasetTest, ReadsMarkedEncodingsAndCountsInvalidBytes) {
  EXPECT_THAT(Rows(Write("a.csv", "\xEF\xBB\xBFtext,label\na,x\nb,y\n")), ElementsAre("x:a", "y:b"));
  std::string wide = "\xFF\xFE";
  for (const char c : std::string("text,label\na,x\nb,y\n")) wide += {c, '\0'};
  EXPECT_THAT(Rows(Write("b.csv", wide)), ElementsAre("x:a", "y:b"));
  EXPECT_THAT(Rows(Write("c.csv", "text,label\nok,x\ncaf\xE9,y\n"), {.format = {.encoding = "utf-8"}}),
              ElementsAre("x:ok", "y:caf\uFFFD"));
  EXPECT_EQ(report_.files[0].invalid_bytes, 1u);
  EXPECT_EQ(report_.files[0].first_invalid_line, 3u);
  EXPECT_THAT(report_.Text(), HasSubstr("1 bytes are not UTF-8"));
}

TEST_F(DatasetTest, FiltersAndFillsTemplates) {
  const auto file = Write("a.jsonl",
                          "{\"subject\":\"s1\",\"body\":\"long body\",\"label\":\"x\",\"execution_success\":true}\n"
                          "{\"subject\":\"s2\",\"label\":\"y\",\"execution_success\":true}\n"
                          "{\"subject\":\"s3\",\"body\":\"b\",\"label\":\"y\",\"execution_success\":false}\n");
  ReadOptions options{.filter = "execution_success", .template_text = "{subject} [SEP] {body:4}"};
  EXPECT_THAT(Rows(file, options), ElementsAre("x:s1\x1elong", "y:s2\x1e"));
  EXPECT_EQ(report_.Dropped(DropReason::kFiltered), 1u);
  options.filter = "chars<4";
  EXPECT_THAT(ErrorOf(file, options), HasSubstr("every row has the same label, 'y'"));
  options.filter = "execution_success=1, subject=S1, chars>4";
  const std::string nothing_kept = ErrorOf(file, options);
  EXPECT_THAT(nothing_kept, HasSubstr("no usable row among 3; 3 filtered out"));
  EXPECT_THAT(nothing_kept,
              HasSubstr("no row satisfies 'subject=S1': the values of 'subject' are s1 (1), s2 (1), s3 (1); "
                        "did you mean 's1'?"));
  options.filter = "execution_sucess";
  EXPECT_THAT(ErrorOf(file, options), HasSubstr("no column 'execution_sucess' for the filter"));
  options = {.template_text = "{title}"};
  EXPECT_THAT(ErrorOf(file, options), HasSubstr("none of the fields of the text template: title"));
}

TEST_F(DatasetTest, TellsOfASubjectThatIsNotRead) {
  EXPECT_THAT(Rows(Write("a.csv", "label,subject,body\nx,s,b\ny,t,c\n")), ElementsAre("x:b", "y:c"));
  EXPECT_THAT(report_.warnings, ElementsAre(HasSubstr("--template '{subject} [SEP] {body}'")));
  EXPECT_THAT(
      ErrorOf(Write("a.csv", "text,a,b\nx,1,0\n"), {.label_field = "a,b", .problem_type = ProblemType::kSingle}),
      HasSubstr("several label columns cannot be combined with --problem-type single"));
}

TEST_F(DatasetTest, GivesWholeNumbersTheirOrder) {
  EXPECT_THAT(Read(Write("a.tsv", "10\tten\n2\ttwo\n1\tone\n10\tt\n2\tt\n1\to\n"))->labels.names,
              ElementsAre("1", "2", "10"));
}

TEST_F(DatasetTest, OfOneLabelIsReadToLookAtIt) {
  const std::vector<std::filesystem::path> files = {Write("one.tsv", "ham\ta b\nham\tb c\n")};
  ReadReport report;
  const Result<Dataset> dataset = ReadDatasetOfAnyLabels(files, {}, report);
  ASSERT_TRUE(dataset) << dataset.error().Text();
  EXPECT_EQ(dataset->examples.size(), 2u);
  EXPECT_THAT(dataset->labels.names, ElementsAre("ham"));
}

TEST_F(DatasetTest, SaysWhatIsWrongWithAFile) {
  const std::string missing = ErrorOf(directory_.path() / "none.csv");
  EXPECT_THAT(missing, HasSubstr("none.csv: cannot open: No such file"));
  EXPECT_EQ(Read(directory_.path() / "none.csv").error().code, ErrorCode::kNotFound);
  EXPECT_THAT(ErrorOf(directory_.path()), HasSubstr("is a directory"));
  EXPECT_THAT(ErrorOf(Write("empty.csv", "")), HasSubstr("is empty"));
  EXPECT_THAT(ErrorOf(Write("blank.csv", " \n\n")), HasSubstr("is empty"));
  EXPECT_THAT(ErrorOf(WriteGzip("empty.gz", "")), HasSubstr("is empty"));
  EXPECT_THAT(ErrorOf(Write("header.csv", "text,label\n")), HasSubstr("header.csv: contains a header, but no rows"));
  EXPECT_THAT(ErrorOf(Write("one.tsv", "ham\ta b\nham\tb c\n")), HasSubstr("every row has the same label, 'ham'"));
  EXPECT_THAT(ErrorOf(Write("unlabelled.csv", "text,label\na,\nb,\n")), HasSubstr("2 no label"));
  EXPECT_THAT(ErrorOf(Write("lines.txt", "just a text\nanother one\n")), HasSubstr("found no columns"));
  EXPECT_THAT(ErrorOf(Write("commas.csv", "text,label\na b,ham\n"), {.format = {.delimiter = ";"}}),
              HasSubstr("the delimiter of --delimiter does not separate columns"));
  EXPECT_THAT(ErrorOf(Write("data.parquet", "PAR1\x15\x04")), HasSubstr("Parquet"));
  EXPECT_THAT(ErrorOf(Write("bad.json", "{\n  \"train\": [\n  [\"one\"")), HasSubstr("not a JSON document"));
}

TEST_F(DatasetTest, ReportsRaggedRowsAndGoesOn) {
  const auto file = Write("a.csv", "text,label\na,x\nb,c,y\nd,y\nlast without a lab");
  EXPECT_THAT(Rows(file), ElementsAre("x:a", "y:d"));
  EXPECT_EQ(report_.Dropped(DropReason::kUnreadable), 2u);
  EXPECT_THAT(report_.examples[0], HasSubstr("a.csv, line 3: 3 columns instead of 2"));
  EXPECT_THAT(report_.examples[1], HasSubstr("a.csv, line 5: 1 column instead of 2"));
  EXPECT_THAT(ErrorOf(Write("b.csv", "text,label\na,b,x\nb,c,y\nd,y\ne,f,x\n")),
              HasSubstr("3 of 4 rows cannot be read"));
}

TEST_F(DatasetTest, NamesTheLineOfAQuoteThatIsNeverClosed) {
  std::string rows = "text,label\na,x\n";
  for (int i = 0; i < 5000; ++i) rows += "\"row " + std::to_string(i) + "\nsecond line\",y\n";
  EXPECT_THAT(ErrorOf(Write("a.csv", rows + "\"open,x\nb,y\n")),
              HasSubstr("a.csv, line 10003: a quoted field opens here"));
  EXPECT_THAT(ErrorOf(Write("b.csv", "text,label\na,x\nb,\"y\nc,x\n")),
              HasSubstr("b.csv, line 3: a quoted field opens here"));
}

TEST_F(DatasetTest, KeepsHugeAndOddTexts) {
  const std::string huge(1 << 20, 'x');
  const std::string nul("nul \0 inside", 12);
  const auto file = Write("a.tsv", "ham\t" + huge + "\nspam\t" + nul + "\nham\t     \nham\tsep\x1e here\n");
  const Result<Dataset> dataset = Read(file);
  ASSERT_TRUE(dataset) << dataset.error().Text();
  ASSERT_EQ(dataset->examples.size(), 3u);
  EXPECT_EQ(dataset->examples[0].text, huge);
  EXPECT_EQ(dataset->examples[1].text, nul);
  EXPECT_EQ(dataset->examples[2].text, "sep  here");
  EXPECT_EQ(report_.files[0].texts_with_nul, 1u);
  EXPECT_EQ(report_.Dropped(DropReason::kEmptyText), 1u);
  EXPECT_EQ(
      Rows(Write("b.jsonl", "{\"text\":\"" + huge + "\",\"label\":\"x\"}\n{\"text\":\"b\",\"label\":\"y\"}\n")).size(),
      2u);
  EXPECT_EQ(
      Rows(Write("c.json", "{\"text\":\"" + huge + "\",\"label\":\"x\"}\n{\"text\":\"b\",\"label\":\"y\"}\n")).size(),
      2u);
}

TEST_F(DatasetTest, JoinsFilesOfDifferentFormats) {
  const std::vector<std::filesystem::path> files = {Write("a.tsv", "ham\tone x\nspam\ttwo x\n"),
                                                    Write("b.jsonl", "{\"text\":\"three\",\"label\":\"eggs\"}\n")};
  const Result<Dataset> dataset = ReadDataset(files, {}, report_);
  ASSERT_TRUE(dataset) << dataset.error().Text();
  EXPECT_THAT(dataset->labels.names, ElementsAre("eggs", "ham", "spam"));
  EXPECT_EQ(dataset->examples[2].labels[0], 0);
  EXPECT_EQ(dataset->examples[2].file, files[1].string());
  EXPECT_THAT(report_.ToJson().dump(2), HasSubstr("\"kept\": 3"));
}

TEST_F(DatasetTest, ReadsUnlabelledTexts) {
  EXPECT_THAT(*ReadTexts(Write("a.txt", "one, with a comma\n\nthree; and {more}\n"), {}),
              ElementsAre("one, with a comma", "", "three; and {more}"));
  EXPECT_THAT(*ReadTexts(Write("b.csv", "id,message\n1,\"a, b\"\n2,c\n"), {}), ElementsAre("a, b", "c"));
  EXPECT_THAT(*ReadTexts(Write("c.jsonl", "{\"text\":\"a\"}\n{\"text\":\"b\"}\n"), {}), ElementsAre("a", "b"));
  EXPECT_THAT(*ReadTexts(Write("d.tsv", "ham\tone word\nspam\ttwo words\n"), {}), ElementsAre("one word", "two words"));
  EXPECT_THAT(*ReadTexts(WriteGzip("e.gz", "one\ntwo"), {}), ElementsAre("one", "two"));
  EXPECT_FALSE(ReadTexts(directory_.path() / "none", {}));
}

TEST_F(DatasetTest, HasABytesFormThatTellsSetsApart) {
  const auto bytes = [](const Dataset& dataset) {
    std::string all;
    CanonicalBytes(dataset, [&](std::string_view piece) { all += piece; });
    return all;
  };
  const Result<Dataset> a = Read(Write("a.tsv", "ham\tone x\nspam\ttwo x\n"));
  const Result<Dataset> same = Read(Write("b.csv", "text,label\none x,ham\ntwo x,spam\n"));
  const Result<Dataset> other = Read(Write("c.tsv", "ham\tone\nspam\tx two x\n"));
  EXPECT_EQ(bytes(*a), "winnow data 1 single\n2:3:ham4:spam2:1:0:5:one x1:1:5:two x");
  EXPECT_EQ(bytes(*a), bytes(*same));
  EXPECT_NE(bytes(*a), bytes(*other));
}

TEST_F(DatasetTest, ReadsListsOfLabels) {
  EXPECT_THAT(ReadLabels(Write("a", "b\r\na\n\n"))->names, ElementsAre("b", "a"));
  EXPECT_THAT(ReadLabels(Write("b", "[\"b\", \"a\", 3]"))->names, ElementsAre("b", "a", "3"));
  EXPECT_THAT(ReadLabels(Write("c", "{\"label2id\": {\"b\": 0, \"a\": 1}}"))->names, ElementsAre("b", "a"));
  for (const char* bad :
       {"a\na\n", "[]", "{}", "{\"id2label\": {\"1\": \"a\"}}", "{\"label2id\": {\"a\": 0, \"b\": 0}}", "[[\"a\"]]",
        "{\"id2label\": {\"x\": \"a\"}}", "[\"a\"", "[\"\"]"}) {
    const Result<LabelSet> labels = ReadLabels(Write("bad", bad));
    EXPECT_FALSE(labels) << bad;
  }
}

}  // namespace
}  // namespace winnow
