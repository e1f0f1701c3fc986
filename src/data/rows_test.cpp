// Rows out of files, into files, and back.
#include "data/rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/files.h"
#include "base/random.h"
#include "data/row_writer.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RowsTest : public ::testing::Test {
 protected:
  std::filesystem::path Write(const std::string& name, std::string_view contents) {
    EXPECT_TRUE(WriteFileAtomically(directory_.path() / name, contents));
    return directory_.path() / name;
  }
  std::filesystem::path WriteRows(const std::string& name, const std::vector<std::vector<Field>>& rows) {
    const std::filesystem::path path = directory_.path() / name;
    Result<RowWriter> writer = RowWriter::For(path);
    EXPECT_TRUE(writer);
    for (const auto& row : rows) writer->Add(row);
    const Result<void> written = writer->Write();
    EXPECT_TRUE(written) << written.error().Text();
    return path;
  }
  std::vector<std::vector<Field>> Labelled(const std::vector<std::string>& texts) {
    std::vector<std::vector<Field>> rows;
    for (size_t i = 0; i < texts.size(); ++i) {
      rows.push_back({TextField("label", i % 2 == 0 ? "ham" : "spam"), TextField("text", texts[i])});
    }
    return rows;
  }
  Dataset Read(const std::filesystem::path& path, const ReadOptions& options = {}) {
    ReadReport report;
    Result<Dataset> dataset = ReadDataset(std::vector{path}, options, report);
    EXPECT_TRUE(dataset) << dataset.error().Text();
    return dataset ? *std::move(dataset) : Dataset{};
  }
  std::vector<std::string> Texts(const std::filesystem::path& path) {
    std::vector<std::string> texts;
    for (const Example& example : Read(path).examples) texts.push_back(example.text);
    return texts;
  }
  /// "name=value name=value" of each row.
  std::vector<std::string> Rows(const std::filesystem::path& path, const ReadOptions& options = {}) {
    std::vector<std::string> rows;
    ReadReport report;
    const Result<void> read = ForEachRow(std::vector{path}, options, report, [&](const Row& row) -> Result<void> {
      std::string line;
      for (const Field& field : row.fields) line += (line.empty() ? "" : " ") + field.name + "=" + field.value.text;
      rows.push_back(line);
      return {};
    });
    if (!read) rows.push_back("error: " + read.error().Text());
    return rows;
  }

  TemporaryDirectory directory_;
};

const std::vector<std::string> kAwkward = {
    "plain",
    "a\ttab",
    "a line\nend",
    "CR\rand CRLF\r\n.",
    "\"quoted\" begin",
    "a \"quote\" inside",
    "\"\"",
    "\"never closed",
    "comma, semicolon; bar|",
    "  spaces at both ends  ",
    "label",
    "text",
    "__label__x no fastText",
    "{\"json\": 1}",
    "\\t and \\n are two characters",
    "h\u00E9llo \U0001F600 \u200B",
};

TEST_F(RowsTest, EveryTextSurvivesTheWayThroughEachFormat) {
  for (const char* name : {"a.tsv", "a.csv", "a.jsonl"}) {
    EXPECT_EQ(Texts(WriteRows(name, Labelled(kAwkward))), kAwkward) << name;
    // One awkward text among plain ones, in the first row, the last, and far behind what readers sample.
    for (const std::string& text : kAwkward) {
      for (const size_t at : {size_t{0}, size_t{9}, size_t{2999}}) {
        std::vector<std::string> texts(at < 10 ? 10 : 3000, "see you at the station, at the usual time and place");
        texts[at] = text;
        ASSERT_EQ(Texts(WriteRows(name, Labelled(texts))), texts) << name << ": " << text << " at " << at;
      }
    }
  }
}

TEST_F(RowsTest, RandomTextsSurviveTheWayThroughEachFormat) {
  Random random(3);
  for (int round = 0; round < 100; ++round) {
    std::vector<std::string> texts;
    for (uint32_t left = 2 + random.Below(20); left > 0; --left) {
      std::string text = "x";
      for (uint32_t more = random.Below(12); more > 0; --more) text += "\"\"\t\n\r, ab\\"[random.Below(10)];
      texts.push_back(random.Below(2) == 0 ? text : text.substr(1) + "y");
    }
    for (const char* name : {"a.tsv", "a.csv", "a.jsonl"}) {
      ASSERT_EQ(Texts(WriteRows(name, Labelled(texts))), texts) << name << ", round " << round;
    }
  }
}

TEST_F(RowsTest, ATsvWithoutAwkwardTextsIsPlain) {
  const auto path = WriteRows("a.tsv", Labelled({"say \"hi\"", "it's 5\" wide"}));
  EXPECT_EQ(*ReadFile(path), "label\ttext\nham\tsay \"hi\"\nspam\tit's 5\" wide\n");
}

TEST_F(RowsTest, ColumnsOfAllRowsAreWritten) {
  const auto path = WriteRows("a.csv", {{TextField("text", "one"), TextField("label", "a")},
                                        {TextField("text", "two"), TextField("label", "b"), TextField("lang", "en")}});
  EXPECT_EQ(*ReadFile(path), "text,label,lang\none,a,\ntwo,b,en\n");
}

TEST_F(RowsTest, NumbersAndListsStayThoseInJsonLines) {
  const auto from = Write("a.jsonl",
                          "{\"text\": \"one\", \"labels\": [\"a\", \"b\"], \"n\": 1.50, \"ok\": true, "
                          "\"meta\": {\"x\": 1}, \"none\": null}\n");
  std::vector<std::vector<Field>> rows;
  ReadReport report;
  ASSERT_TRUE(ForEachRow(std::vector{from}, {}, report, [&](const Row& row) -> Result<void> {
    rows.emplace_back(row.fields.begin(), row.fields.end());
    return {};
  }));
  const auto path = WriteRows("b.jsonl", rows);
  EXPECT_EQ(*ReadFile(path),
            "{\"text\": \"one\", \"labels\": [\"a\", \"b\"], \"n\": 1.5, \"ok\": true, \"meta\": {\"x\":1}}\n");
  Result<RowWriter> table = RowWriter::For(directory_.path() / "b.tsv");
  table->Add(rows[0]);
  EXPECT_THAT(table->left_out(), ElementsAre("meta"));
  EXPECT_THAT(table->Write().error().Text(), HasSubstr(".jsonl"));
}

TEST_F(RowsTest, SoftLabelsAndNestedOnesStayInJsonLines) {
  const auto from = Write("a.jsonl",
                          "{\"text\": \"one\", \"label\": {\"spam\": 0.8, \"ham\": 0.2}}\n"
                          "{\"text\": \"two\", \"label\": {\"spam\": 0.1, \"ham\": 0.9}}\n");
  std::vector<std::vector<Field>> rows;
  ReadReport report;
  ASSERT_TRUE(ForEachRow(std::vector{from}, {}, report, [&](const Row& row) -> Result<void> {
    rows.emplace_back(row.fields.begin(), row.fields.end());
    return {};
  }));
  const Dataset before = Read(from), after = Read(WriteRows("b.jsonl", rows));
  ASSERT_EQ(after.examples.size(), 2u);
  EXPECT_EQ(after.labels.names, before.labels.names);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_FALSE(after.examples[i].shares.empty());
    EXPECT_EQ(after.examples[i].shares, before.examples[i].shares);
  }
}

TEST_F(RowsTest, ColumnsOfOneNameStayApart) {
  const std::vector<std::vector<Field>> rows = {
      {TextField("text", "a"), TextField("label", "ham"), TextField("text", "b"), TextField("", "x")},
      {TextField("text", "c"), TextField("label", "spam"), TextField("text", "d"), TextField("", "y"),
       TextField("", "z")}};
  EXPECT_EQ(*ReadFile(WriteRows("a.csv", rows)), "text,label,text,,\na,ham,b,x,\nc,spam,d,y,z\n");
  EXPECT_EQ(*ReadFile(WriteRows("a.jsonl", {rows[0]})),
            "{\"text\": \"a\", \"label\": \"ham\", \"text.1\": \"b\", \"\": \"x\"}\n");
}

TEST_F(RowsTest, AnotherExtensionIsRefused) {
  EXPECT_THAT(RowWriter::For("a.xlsx").error().Text(), HasSubstr(".jsonl"));
  EXPECT_THAT(RowWriter::For("a").error().Text(), HasSubstr(".tsv"));
}

TEST_F(RowsTest, NumberedColumnsGetNamesThatAreRead) {
  const auto tsv = Write("a.tsv", "ham\tsee you later\nspam\twin a prize\nham\tok then\n");
  EXPECT_THAT(Rows(tsv),
              ElementsAre("label=ham text=see you later", "label=spam text=win a prize", "label=ham text=ok then"));
  const auto three = Write("b.tsv", "1\tham\tsee you later\n2\tspam\twin a prize\n");
  EXPECT_THAT(Rows(three, {.text_field = "3", .label_field = "2"}),
              ElementsAre("column_1=1 label=ham text=see you later", "column_1=2 label=spam text=win a prize"));
}

TEST_F(RowsTest, OneLabelOrNoneIsEnough) {
  EXPECT_THAT(Rows(Write("a.csv", "text,label\none,a\ntwo,a\n")), ElementsAre("text=one label=a", "text=two label=a"));
  EXPECT_THAT(Rows(Write("b.csv", "text,lang\none,en\n")), ElementsAre("text=one lang=en"));
  EXPECT_THAT(Rows(Write("c.txt", "one\ntwo\n")), ElementsAre("text=one", "text=two"));
  EXPECT_THAT(Rows(Write("b.csv", "text,lang\none,en\n"), {.label_field = "kind"}),
              ElementsAre(HasSubstr("no column 'kind'")));
}

TEST_F(RowsTest, RowsOfExamplesAreFoundAgain) {
  const auto path = Write("a.csv", "id,text,label\n1,one,a\n2,\"two\nlines\",b\n3,three,a\n4,four,b\n");
  const Dataset dataset = Read(path);
  std::map<RowPlace, size_t> places;
  places[{dataset.examples[1].file, dataset.examples[1].row}] = 0;
  places[{dataset.examples[2].file, dataset.examples[2].row}] = 7;
  std::vector<std::string> found;
  const auto take = [&](size_t part, std::span<const Field> fields) {
    found.push_back(std::to_string(part) + ":" + fields[0].value.text);
  };
  ASSERT_TRUE(ForRowsOf(std::vector{path}, {}, places, take));
  EXPECT_THAT(found, ElementsAre("0:2", "7:3"));
  places[{dataset.examples[1].file, 99}] = 0;
  EXPECT_THAT(ForRowsOf(std::vector{path}, {}, places, take).error().Text(), HasSubstr("changed"));
}

TEST_F(RowsTest, JsonLinesKeepTheItemsOfLists) {
  const std::string lists =
      R"("flags": [true,false], "mixed": [1,"a"], "whole": [1.0,2.0], "ids": [1, 2], "tags": ["p"])";
  const std::string row = R"({"text": "a", "label": "x", )" + lists + "}\n";
  const auto in = Write("a.jsonl", row);
  Result<RowWriter> writer = RowWriter::For(directory_.path() / "b.jsonl");
  ASSERT_TRUE(writer);
  ReadReport report;
  ASSERT_TRUE(ForEachRow(std::vector{in}, {}, report, [&](const Row& each) -> Result<void> {
    writer->Add(each.fields);
    return {};
  }));
  ASSERT_TRUE(writer->Write());
  EXPECT_EQ(*ReadFile(directory_.path() / "b.jsonl"), row);
}

TEST_F(RowsTest, ColumnsAreFoundByNameWhateverTheOrderOfTheFields) {
  const auto path = WriteRows("a.csv", {{TextField("text", "a"), TextField("label", "x")},
                                        {TextField("label", "y"), TextField("more", "m"), TextField("text", "b")},
                                        {TextField("text", "c"), TextField("text", "second"), TextField("label", "z")},
                                        {TextField("more", "n"), TextField("text", "d"), TextField("text", "third")}});
  EXPECT_EQ(*ReadFile(path), "text,label,more,text\na,x,,\nb,y,m,\nc,z,,second\nd,,n,third\n");
}

}  // namespace
}  // namespace winnow
