#include "workspace/data_preview.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "base/temporary_directory.h"
#include "support/thread_seconds.h"
#include "workspace/data_summary.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::HasSubstr;

class DataPreviewTest : public testing::Test {
 protected:
  fs::path Write(const std::string& name, const std::string& contents) {
    fs::path file = directory_.path() / name;
    EXPECT_TRUE(WriteFileAtomically(file, contents));
    return file;
  }
  Json Preview(const std::string& name, const std::string& contents, const ReadOptions& options = {},
               std::optional<bool> header = {}) {
    const Result<Json> preview = PreviewOf(Write(name, contents), options, header, 50);
    EXPECT_TRUE(preview) << preview.error().Text();
    return preview.value_or(Json::object());
  }
  Json Summary(const std::string& contents) {
    return SummaryOf(reader_, {.file = Write("s.csv", contents), .version = std::to_string(++version_), .options = {}})
        .value();
  }
  Json Rows(const std::string& contents, const RowFilter& filter, size_t most_bytes = 1 << 20) {
    DataReader reader(most_bytes);
    return RowsOf(reader, {.file = Write("r.csv", contents), .version = "1", .options = {}}, filter).value();
  }

  ScopedTemporaryDirectory directory_ = ScopedTemporaryDirectory::Make("preview").value();
  DataReader reader_;
  int version_ = 0;
};

std::vector<std::string> Texts(const Json& list) {
  std::vector<std::string> texts;
  for (const Json& each : list) texts.push_back(each.str());
  return texts;
}

TEST_F(DataPreviewTest, SaysWhatItGuesses) {
  const Json preview = Preview("a.csv", "v1;v2;id\nham;hello, you;1\nspam;buy;2\n");
  EXPECT_EQ(
      preview["options"].dump(),
      R"({"format":"csv","delimiter":";","quoting":"csv","header":true,"encoding":"utf-8","text_field":"v2","label_field":"v1"})");
  EXPECT_EQ(preview["columns"].dump(), R"(["v1","v2","id"])");
  EXPECT_EQ(preview["cells"].dump(), R"([["ham","hello, you","1"],["spam","buy","2"]])");
  EXPECT_EQ(preview["examples"].dump(),
            R"([{"row":2,"text":"hello, you","label":"ham"},{"row":3,"text":"buy","label":"spam"}])");
  EXPECT_THAT(
      Texts(preview["notes"]),
      testing::IsSupersetOf({"The columns are divided by semicolons.", "The texts are in the column 'v2'.",
                             "The first row has the names of the columns.", "The labels are in the column 'v1'."}));
  EXPECT_TRUE(preview["error"].is_null());
}

TEST_F(DataPreviewTest, TheOptionsInEffectGiveTheSamePreview) {
  for (const auto& [name, contents] : std::vector<std::pair<std::string, std::string>>{
           {"a.csv", "label,text\nham,\"a, b\"\nspam,c\n"},
           {"a.tsv", "ham\ta b\nspam\tc d\nham\te f\n"},
           {"a.jsonl", "{\"text\":\"a\",\"label\":\"x\"}\n{\"text\":\"b\",\"label\":\"y\"}\n"},
           {"a.json", "[{\"text\":\"a\",\"label\":\"x\"},{\"text\":\"b\",\"label\":\"y\"}]"},
           {"a.txt", "__label__x a\n__label__y b\n"},
           {"b.csv", "label,text\nham,caf\xE9 noir\nspam,c\n"}}) {
    const Json preview = Preview(name, contents);
    const Json& in_effect = preview["options"];
    const auto text = [&](const char* key) { return in_effect[key].is_string() ? in_effect[key].str() : ""; };
    const std::optional<bool> header =
        in_effect["header"].is_null() ? std::nullopt : std::optional(in_effect["header"].get<bool>());
    const ReadOptions options{.text_field = text("text_field"),
                              .label_field = text("label_field"),
                              .format = {.format = text("format"),
                                         .delimiter = text("delimiter"),
                                         .quoting = text("quoting"),
                                         .encoding = text("encoding"),
                                         .no_header = header && !*header}};
    const Json again = Preview(name, contents, options, header);
    for (const char* key : {"options", "columns", "cells", "examples", "problems", "error"}) {
      EXPECT_EQ(again[key].dump(), preview[key].dump()) << name << " " << key;
    }
    EXPECT_FALSE(preview["examples"].empty()) << name << preview.dump();
  }
}

TEST_F(DataPreviewTest, UnknownColumnsAreShownAndCanBeChosen) {
  const std::string csv = "a,b,c\n1,x,hello there\n2,y,hi you\n";
  const Json preview = Preview("a.csv", csv);
  EXPECT_THAT(preview["error"].str(), HasSubstr("column"));
  EXPECT_EQ(preview["cells"].size(), 3u);
  const Json named = Preview("a.csv", csv, {}, true);
  EXPECT_EQ(named["columns"].dump(), R"(["a","b","c"])");
  EXPECT_THAT(named["error"].str(), HasSubstr("a, b, c"));
  const Json chosen = Preview("a.csv", csv, {.text_field = "c", .label_field = "b"}, true);
  EXPECT_TRUE(chosen["error"].is_null());
  EXPECT_EQ(chosen["examples"][1].dump(), R"({"row":3,"text":"hi you","label":"y"})");
}

TEST_F(DataPreviewTest, AFileWithoutColumnsIsShownAsLines) {
  const Json preview = Preview("a.csv", "one text\nanother text\n", {.label_field = "label"});
  EXPECT_FALSE(preview["error"].is_null());
  EXPECT_EQ(preview["cells"].size(), 2u) << preview.dump();
}

TEST_F(DataPreviewTest, TextsWithoutLabelsAreNoError) {
  const Json preview = Preview("a.txt", "one text\nanother, with a comma\n");
  EXPECT_TRUE(preview["error"].is_null());
  EXPECT_EQ(preview["options"]["format"], "lines");
  EXPECT_TRUE(preview["examples"][0]["label"].is_null());
  EXPECT_THAT(Texts(preview["notes"]), Contains(HasSubstr("No column of labels")));
}

TEST_F(DataPreviewTest, ProblemsHaveTheirRows) {
  const Json preview = Preview("a.csv", "label,text\nham,a\nspam\n,b\nham,\nspam,c\nham,d\nham,e\n");
  std::vector<size_t> rows;
  for (const Json& problem : preview["problems"]) rows.push_back(problem["row"].get<uint64_t>());
  EXPECT_THAT(rows, testing::UnorderedElementsAre(3, 4, 5)) << preview.dump();
}

TEST_F(DataPreviewTest, HostileFilesAreAnsweredQuickly) {
  const double start = ThreadSeconds();
  const auto error = [&](const std::string& name, const std::string& contents) {
    const Json preview = Preview(name, contents);
    return preview["error"].is_string() ? preview["error"].str() : preview.dump();
  };
  EXPECT_THAT(error("zip.csv", std::string("PK\x03\x04\0\0\0\0", 8) + std::string(5000, '\1')),
              HasSubstr("Looks like"));
  EXPECT_THAT(error("empty.csv", ""), HasSubstr("empty"));
  EXPECT_THAT(error("nul.csv", std::string(100'000, '\0')), HasSubstr("zero bytes"));
  Preview("line.csv", std::string(80'000'000, 'x'));
  Preview("quote.csv", "label,text\nham,\"" + std::string(80'000'000, 'x'));
  Preview("object.json", "{\"a\":" + std::string(1'000'000, '['));
  std::string wide;
  for (int i = 0; i < 100'000; ++i) wide += "c" + std::to_string(i) + ",";
  const Json columns = Preview("wide.csv", wide + "text\n" + std::string(100'000, ',') + "x\n");
  EXPECT_LE(columns["columns"].size(), 200u);
  Preview("commas.csv", std::string(10'000'000, ','));
  EXPECT_LT(ThreadSeconds() - start, 60);
}

TEST_F(DataPreviewTest, Utf16IsRead) {
  std::string utf16 = "\xFF\xFE";
  for (const char c : std::string("label,text\nham,a\nspam,b\n")) utf16 += {c, '\0'};
  const Json preview = Preview("a.csv", utf16);
  EXPECT_EQ(preview["options"]["encoding"], "utf-16le");
  EXPECT_EQ(preview["examples"].size(), 2u);
}

TEST_F(DataPreviewTest, NoMessageHasThePathOrHyphens) {
  const std::string path = directory_.path().string();
  for (const auto& contents : {"a,b,c\n1,x,hello\n", "label,text\nham,\"a\n", "v1,text,message\nham,a,b\nspam,c,d\n"}) {
    const std::string preview = Preview("a.csv", contents).dump();
    EXPECT_THAT(preview, testing::Not(HasSubstr(path)));
    EXPECT_THAT(preview, testing::Not(HasSubstr("--"))) << preview;
  }
}

TEST_F(DataPreviewTest, TheSummaryCounts) {
  const Json summary = Summary(
      "label,text\nham,Hello  there\nspam,hello there\nham,hello there\n,no label\nham,\nspam,\u00E9\u00E9\u00E9\n");
  EXPECT_EQ(summary["texts"], 6);
  EXPECT_EQ(summary["labels"].dump(), R"([{"label":"ham","count":3},{"label":"spam","count":2}])");
  EXPECT_EQ(summary["unlabelled"], 1);
  EXPECT_EQ(summary["empty"], 1);
  EXPECT_EQ(summary["duplicates"], 2);
  EXPECT_GE(summary["conflicts"].get<int64_t>(), 1);
  EXPECT_EQ(summary["length"]["max"], 12);
  EXPECT_THAT(Texts(summary["warnings"]), Contains(HasSubstr("fewer than 20 texts")));
}

TEST_F(DataPreviewTest, RowsAreFoundInMemoryAndInFilesThatAreTooLargeForIt) {
  std::string csv = "label,text\n";
  for (int i = 0; i < 3000; ++i)
    csv += (i % 3 == 0 ? "ham" : i % 3 == 1 ? "spam" : "") + std::string(",Text ") + std::to_string(i) + "\n";
  for (const size_t most_bytes : {size_t{1} << 20, size_t{1000}}) {
    Json page = Rows(csv, {.contains = "", .rows = {}, .label = {}, .offset = 2990, .limit = 100}, most_bytes);
    EXPECT_EQ(page["total"], 3000);
    EXPECT_EQ(page["rows"].size(), 10u);
    EXPECT_EQ(page["rows"][0].dump(), R"({"row":2992,"text":"Text 2990","label":null})");
    page = Rows(csv, {.contains = "tEXT 299", .rows = {}, .label = "ham", .offset = 1, .limit = 2}, most_bytes);
    EXPECT_EQ(page["total"], 3);
    EXPECT_EQ(page["rows"][0]["text"], "Text 2994") << page.dump();
    page = Rows(csv, {.contains = "", .rows = {}, .label = "", .offset = 0, .limit = 1}, most_bytes);
    EXPECT_EQ(page["total"], 1000);
  }
}

TEST_F(DataPreviewTest, AnotherVersionIsReadAgain) {
  EXPECT_EQ(Summary("label,text\nham,a\nspam,b\n")["texts"], 2);
  EXPECT_EQ(Summary("label,text\nham,a\nspam,b\nham,c\n")["texts"], 3);
}

}  // namespace
}  // namespace winnow
