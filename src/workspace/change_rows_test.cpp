#include "workspace/change_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "base/files.h"
#include "base/temporary_directory.h"
#include "workspace/data_scan.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

class ChangeRowsTest : public testing::Test {
 protected:
  Result<std::string> Change(const std::string& name, const std::string& contents, const RowChanges& changes,
                             const ReadOptions& options = {}) {
    const fs::path file = directory_.path() / name;
    fs::create_directories(directory_.path() / "out");
    const fs::path output = directory_.path() / "out" / name;
    fs::remove(output);
    TRY(WriteFileAtomically(file, contents));
    TRY(WriteChangedRows(file, options, changes, output, [] { return false; }));
    EXPECT_EQ(ReadFile(file).value(), contents) << "the file itself stays";
    return ReadFile(output);
  }
  std::string Changed(const std::string& name, const std::string& contents, const RowChanges& changes,
                      const ReadOptions& options = {}) {
    const Result<std::string> result = Change(name, contents, changes, options);
    return result ? *result : "error: " + result.error().Text();
  }

  ScopedTemporaryDirectory directory_ = ScopedTemporaryDirectory::Make("change-rows").value();
};

RowChanges Relabel(size_t row, std::vector<std::string> labels) {
  return {.removed = {}, .labels = {{row, std::move(labels)}}};
}
RowChanges Remove(std::set<size_t> rows) { return {.removed = std::move(rows), .labels = {}}; }

TEST_F(ChangeRowsTest, OnlyTheLabelOfACsvRowChanges) {
  const std::string csv = "label,text,id\nham,\"a, \"\"b\"\"\",1\r\nspam,  odd spaces ,2\n\nham,c,3";
  EXPECT_EQ(Changed("a.csv", csv, Relabel(2, {"spam"})),
            "label,text,id\nspam,\"a, \"\"b\"\"\",1\r\nspam,  odd spaces ,2\n\nham,c,3");
  EXPECT_EQ(Changed("a.csv", csv, Relabel(5, {"no, \"never\""})),
            "label,text,id\nham,\"a, \"\"b\"\"\",1\r\nspam,  odd spaces ,2\n\n\"no, \"\"never\"\"\",c,3");
  EXPECT_EQ(Changed("a.csv", csv, Relabel(3, {})),
            "label,text,id\nham,\"a, \"\"b\"\"\",1\r\n,  odd spaces ,2\n\nham,c,3");
}

TEST_F(ChangeRowsTest, QuotedLabelsStayQuoted) {
  EXPECT_EQ(Changed("a.csv", "\"label\",\"text\"\n\"ham\",\"a\"\n\"spam\",\"b\"\n", Relabel(3, {"x"})),
            "\"label\",\"text\"\n\"ham\",\"a\"\n\"x\",\"b\"\n");
}

TEST_F(ChangeRowsTest, RowsOverSeveralLinesAreOneRow) {
  const std::string csv = "text,label\n\"one\ntwo\nthree\",ham\nb,spam\nc,ham\n";
  EXPECT_EQ(Changed("a.csv", csv, Relabel(2, {"x"})), "text,label\n\"one\ntwo\nthree\",x\nb,spam\nc,ham\n");
  EXPECT_EQ(Changed("a.csv", csv, Remove({2})), "text,label\nb,spam\nc,ham\n");
  EXPECT_EQ(Changed("a.csv", csv, Remove({5})), "text,label\n\"one\ntwo\nthree\",ham\nc,ham\n");
  EXPECT_THAT(Changed("a.csv", csv, Remove({3})), testing::HasSubstr("no row 3"));
}

TEST_F(ChangeRowsTest, ATsvWithPlainQuotesKeepsThem) {
  const std::string tsv = "ham\tsay \"hi\ngood\t\"bad\" x\nham\tc\n";
  EXPECT_EQ(Changed("a.tsv", tsv, Relabel(1, {"good"})), "good\tsay \"hi\ngood\t\"bad\" x\nham\tc\n");
  EXPECT_THAT(Changed("a.tsv", tsv, Relabel(1, {"a\tb"})), testing::HasSubstr("divides the columns"));
}

TEST_F(ChangeRowsTest, MarksAndOldLineEndsStay) {
  EXPECT_EQ(Changed("a.csv", "\xEF\xBB\xBFlabel,text\r\nham,a\r\nspam,b\r\n", Relabel(3, {"ham"})),
            "\xEF\xBB\xBFlabel,text\r\nham,a\r\nham,b\r\n");
  EXPECT_EQ(Changed("a.csv", "label,text\rham,a\rspam,b\rham,c\r", Relabel(3, {"ham"})),
            "label,text\rham,a\rham,b\rham,c\r");
  EXPECT_EQ(Changed("a.csv", "label,text\rham,a\rspam,b\rham,c\r", Remove({2})), "label,text\rspam,b\rham,c\r");
}

TEST_F(ChangeRowsTest, BytesThatAreNotUtf8Stay) {
  const std::string csv = "label,text\nham,caf\xE9\nspam,b\nham,cr\xE8me\n";
  EXPECT_EQ(Changed("a.csv", csv, Relabel(3, {"ham"})), "label,text\nham,caf\xE9\nham,b\nham,cr\xE8me\n");
  EXPECT_THAT(Changed("a.csv", csv, Relabel(3, {"k\u00E4se"})), testing::HasSubstr("UTF-8"));
}

TEST_F(ChangeRowsTest, ColumnsOfZerosAndOnesAreSet) {
  EXPECT_EQ(Changed("a.csv", "text,toxic,rude\na,0,1\nb,1,1\nc,0,0\n", Relabel(2, {"toxic"})),
            "text,toxic,rude\na,1,0\nb,1,1\nc,0,0\n");
  EXPECT_EQ(Changed("a.csv", "text,toxic,rude\na,0,1\nb,1,1\nc,0,0\n", Relabel(3, {})),
            "text,toxic,rude\na,0,1\nb,0,0\nc,0,0\n");
  EXPECT_THAT(Changed("a.csv", "text,toxic,rude\na,0,1\nb,1,1\n", Relabel(3, {"kind"})),
              testing::HasSubstr("no column for the label 'kind'"));
}

TEST_F(ChangeRowsTest, OnlyTheLabelOfAJsonLineChanges) {
  const std::string lines =
      "{\"text\": \"a \\u00e9\",  \"label\" : \"ham\", \"n\": 1.50}\n{\"label\":\"spam\",\"text\":\"b\"}\r\n";
  EXPECT_EQ(
      Changed("a.jsonl", lines, Relabel(1, {"x \"y\""})),
      "{\"text\": \"a \\u00e9\",  \"label\" : \"x \\\"y\\\"\", \"n\": 1.50}\n{\"label\":\"spam\",\"text\":\"b\"}\r\n");
  EXPECT_EQ(Changed("a.jsonl", lines, Remove({1})), "{\"label\":\"spam\",\"text\":\"b\"}\r\n");
  EXPECT_EQ(Changed("a.jsonl", "{\"text\":\"a\",\"label\":0}\n{\"text\":\"b\",\"label\":1}\n", Relabel(1, {"1"})),
            "{\"text\":\"a\",\"label\":1}\n{\"text\":\"b\",\"label\":1}\n");
  EXPECT_EQ(Changed("a.jsonl", "{\"text\":\"a\",\"label\":[\"x\"]}\n{\"text\":\"b\",\"label\":[\"y\",\"z\"]}\n",
                    Relabel(1, {"y", "x"})),
            "{\"text\":\"a\",\"label\":[\"y\",\"x\"]}\n{\"text\":\"b\",\"label\":[\"y\",\"z\"]}\n");
  EXPECT_THAT(Changed("a.jsonl", "{\"text\":\"a\",\"label\":{\"x\":.5,\"y\":.5}}\n{\"text\":\"b\",\"label\":\"y\"}\n",
                      Relabel(1, {"x"})),
              testing::StartsWith("error"));
}

TEST_F(ChangeRowsTest, LabelsOfFastTextLines) {
  const std::string lines = "__label__ham  a  b\n__label__x __label__y c\nd __label__ham\n";
  EXPECT_EQ(Changed("a.txt", lines, Relabel(1, {"spam"})),
            "__label__spam  a  b\n__label__x __label__y c\nd __label__ham\n");
  EXPECT_EQ(Changed("a.txt", lines, Relabel(2, {"y"})), "__label__ham  a  b\n__label__y c\nd __label__ham\n");
  EXPECT_EQ(Changed("a.txt", lines, Relabel(3, {"a", "b"})),
            "__label__ham  a  b\n__label__x __label__y c\n__label__a __label__b d\n");
  EXPECT_THAT(Changed("a.txt", lines, Relabel(3, {"two words"})), testing::HasSubstr("no spaces"));
}

TEST_F(ChangeRowsTest, ADocumentLosesItemsButGetsNoLabels) {
  const std::string json = "[{\"text\": \"a\", \"label\": \"x\"}, {\"text\": \"b\", \"label\": \"y\"}]";
  EXPECT_THAT(Changed("a.json", json, Remove({1})),
              testing::AllOf(testing::HasSubstr("\"b\""), testing::Not(testing::HasSubstr("\"a\""))));
  EXPECT_EQ(Change("a.json", json, Relabel(1, {"y"})).error().code, ErrorCode::kUnsupported);
}

TEST_F(ChangeRowsTest, AFileInUtf16IsRefused) {
  std::string utf16 = "\xFF\xFE";
  for (const char c : std::string("label,text\nham,a\nspam,b\n")) utf16 += {c, '\0'};
  EXPECT_EQ(Change("a.csv", utf16, Remove({2})).error().code, ErrorCode::kUnsupported);
}

TEST_F(ChangeRowsTest, AGzipFileStaysOne) {
  const fs::path file = directory_.path() / "a.csv.gz", output = directory_.path() / "b.csv.gz";
  const gzFile written = gzopen(file.c_str(), "wb");
  gzputs(written, "label,text\nham,a\nspam,b\nham,c\n");
  gzclose(written);
  ASSERT_TRUE(WriteChangedRows(file, {}, {.removed = {4}, .labels = {{2, {"spam"}}}}, output, [] { return false; }));
  const gzFile read = gzopen(output.c_str(), "rb");
  char text[100] = {};
  gzread(read, text, sizeof text - 1);
  EXPECT_EQ(gzdirect(read), 0);
  gzclose(read);
  EXPECT_STREQ(text, "label,text\nspam,a\nspam,b\n");
}

TEST_F(ChangeRowsTest, AChangeThatAltersHowTheFileIsReadIsRefused) {
  // "None" is read as no label.
  const Result<std::string> none = Change("a.csv", "label,text\nham,a\nspam,b\nham,c\n", Relabel(2, {"None"}));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(none.error().message, testing::HasSubstr("another way"));
}

TEST_F(ChangeRowsTest, UnreadableRowsCanBeRemovedAndAllRowsToo) {
  EXPECT_EQ(Changed("a.csv", "label,text\nham,a\nspam\nham,b\nspam,c\n", Remove({3})),
            "label,text\nham,a\nham,b\nspam,c\n");
  EXPECT_EQ(Changed("a.csv", "label,text\nham,a\nspam,b\n", Remove({2, 3})), "label,text\n");
}

/// Files of many shapes: after each change, exactly the texts and labels are read that should be.
TEST_F(ChangeRowsTest, RandomTablesAreReadBackAsTheyShouldBe) {
  const std::vector<std::string> parts = {"a", ",", "\"", "\n", "\r\n", " ", "\t", ";", "x y", "\\", "\u00E9", "''"};
  const std::vector<std::string> labels = {"ham", "spam", "a,b", "q\"q", "two words", "tab;semi"};
  uint64_t state = 7;
  const auto next = [&](size_t below) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<size_t>(state >> 33) % below;
  };
  size_t done = 0;
  for (int round = 0; round < 200; ++round) {
    const char delimiter = ",;\t"[next(3)];
    const auto cell = [&](std::string text) {
      std::string quoted = "\"";
      for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
      return quoted + '"';
    };
    std::string table = std::string("label") + delimiter + "text\n";
    std::vector<size_t> starts;
    for (int row = 0; row < 8; ++row) {
      starts.push_back(1 + static_cast<size_t>(std::ranges::count(table, '\n')));
      std::string text = "t" + std::to_string(row);
      for (size_t i = next(6); i > 0; --i) text += parts[next(parts.size())];
      table += cell(labels[next(3)]) + delimiter + cell(text + "e") + '\n';
    }
    RowChanges changes;
    changes.removed = {starts[next(8)]};
    const size_t relabelled = starts[next(8)];
    if (!changes.removed.contains(relabelled)) changes.labels[relabelled] = {labels[next(labels.size())]};
    const ReadOptions options{.text_field = "text",
                              .label_field = "label",
                              .format = {.delimiter = std::string(1, delimiter), .quoting = "csv"}};
    const Result<std::string> changed = Change("r.csv", table, changes, options);
    ASSERT_TRUE(changed) << table << changed.error().Text();
    size_t rows = 0;
    ASSERT_TRUE(
        VisitRowsOfFile(directory_.path() / "out" / "r.csv", options, [&](const DataRow&) { return ++rows > 0; }));
    ASSERT_EQ(rows, 7u);
    ++done;
  }
  EXPECT_EQ(done, 200u);
}

}  // namespace
}  // namespace winnow
