#include "data/public_sets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/files.h"
#include "base/hash.h"
#include "data/dataset.h"
#include "support/gzip_file.h"
#include "support/tar_writer.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PublicSetsTest : public ::testing::Test {
 protected:
  void Source(const std::string& name, std::string_view contents) {
    EXPECT_TRUE(WriteFileAtomically(directory_.path() / name, contents));
  }
  void GzipSource(const std::string& name, std::string_view contents) { WriteGzip(directory_.path() / name, contents); }
  /// "train.tsv 2" of each part, or the error.
  std::vector<std::string> Convert(const std::string& name) {
    std::filesystem::create_directories(output());
    const PublicSet& set = *FindPublicSet(name);
    const auto parts = set.convert(set, directory_.path(), output());
    if (!parts) return {"error: " + parts.error().Text()};
    std::vector<std::string> lines;
    for (const PublicPart& part : *parts) lines.push_back(part.file + " " + std::to_string(part.rows));
    return lines;
  }
  std::string Output(const std::string& name) { return ReadFile(output() / name).value_or("none"); }
  std::filesystem::path output() const { return directory_.path() / "out"; }

  TemporaryDirectory directory_;
};

TEST(PublicSets, SayWhereTheyLiveAndUnderWhichTerms) {
  std::set<std::string> names;
  for (const PublicSet& set : PublicSets()) {
    EXPECT_TRUE(names.insert(set.name).second);
    EXPECT_EQ(FindPublicSet(set.name), &set);
    for (const std::string* text : {&set.title, &set.homepage, &set.licence, &set.citation})
      EXPECT_FALSE(text->empty());
    for (const PublicFile& file : set.files) {
      EXPECT_FALSE(file.addresses.empty());
      EXPECT_TRUE(file.sha256.empty() || IsHexDigest(file.sha256, 64)) << file.name;
      EXPECT_EQ(file.name.find('/'), std::string::npos);
    }
  }
  EXPECT_EQ(FindPublicSet("imagenet"), nullptr);
}

TEST_F(PublicSetsTest, SmsSpamKeepsItsQuotes) {
  Source("SMSSpamCollection", "ham\tsay \"hi\"\nspam\t\"Free\" entry\r\nham\tok\n");
  EXPECT_THAT(Convert("sms-spam"), ElementsAre("data.tsv 3"));
  EXPECT_EQ(Output("data.tsv"),
            "\"label\"\t\"text\"\nham\t\"say \"\"hi\"\"\"\nspam\t\"\"\"Free\"\" entry\"\nham\tok\n");
}

TEST_F(PublicSetsTest, Clinc150IsCutIntoItsParts) {
  Source("data_full.json",
         R"({"oos_val": [["x", "oos"]], "val": [["c", "i2"]], "train": [["a", "i1"], ["b\tb", "i2"]],
            "oos_test": [["y", "oos"]], "test": [["d", "i1"]], "oos_train": [["z", "oos"]], "more": [["e", "f"]]})");
  EXPECT_THAT(Convert("clinc150"), ElementsAre("train.tsv 2", "validation.tsv 1", "test.tsv 1", "oos.tsv 3"));
  EXPECT_EQ(Output("train.tsv"), "\"label\"\t\"text\"\ni1\ta\ni2\t\"b\tb\"\n");
  EXPECT_THAT(Output("oos.tsv"), HasSubstr("oos\ty\ttest\n"));
  Source("data_full.json", R"({"train": [["a", "i1"], ["b", "i2"]]})");
  EXPECT_THAT(Convert("clinc150"), ElementsAre(HasSubstr("no examples for validation.tsv")));
}

TEST_F(PublicSetsTest, HateDavidsonGetsTheNamesOfItsClasses) {
  Source("labeled_data.csv",
         ",count,hate_speech,offensive_language,neither,class,tweet\n0,3,0,0,3,2,\"!!! a, b\"\n"
         "1,3,2,1,0,0,c\n2,3,0,3,0,1,d\n");
  EXPECT_THAT(Convert("hate-davidson"), ElementsAre("data.csv 3"));
  EXPECT_THAT(Output("data.csv"), HasSubstr("neither,0,0,3,\"!!! a, b\"\nhate_speech,2,1,0,c\noffensive_language,"));
  ReadReport report;
  const auto dataset = ReadDataset(std::vector{output() / "data.csv"}, {}, report);
  ASSERT_TRUE(dataset) << dataset.error().Text();
  EXPECT_EQ(dataset->labels.size(), 3u);
  EXPECT_FALSE(dataset->multi_label);
}

TEST_F(PublicSetsTest, EnronSpamIsReadOutOfItsArchives) {
  for (const char part : {'1', '2', '3', '4', '5', '6'}) {
    const std::string name = std::string("enron") + part;
    GzipSource(name + ".tar.gz", TarOf({{name + "/Summary.txt", "not a mail"},
                                        {name + "/ham/1.txt", "Subject: re : \"gas\"\r\nhello\r\n  there\r\n"},
                                        {name + "/spam/2.txt",
                                         "Subject: cheap\n\x93"
                                         "now\x94 for \xA3"
                                         "5\n"},
                                        {"../../spam/3.txt", "no subject"}}));
  }
  EXPECT_THAT(Convert("enron-spam"), ElementsAre("data.tsv 18"));
  EXPECT_TRUE(Output("data.tsv")
                  .starts_with("label\tpart\tsubject\tbody\nham\tenron1\tre : \"gas\"\thello there\n"
                               "spam\tenron1\tcheap\t\u201Cnow\u201D for \u00A3"
                               "5\nspam\tenron1\t\tno subject\n"))
      << Output("data.tsv");
  GzipSource("enron3.tar.gz", TarOf({{"a", "b"}}));
  EXPECT_THAT(Convert("enron-spam"), ElementsAre(HasSubstr("enron3.tar.gz: contains no mails")));
}

TEST_F(PublicSetsTest, OtherFilesAreRefused) {
  Source("labeled_data.csv", "a,b\n1,2\n");
  EXPECT_THAT(Convert("hate-davidson"), ElementsAre(HasSubstr("tweet")));
  Source("data_full.json", "{");
  EXPECT_THAT(Convert("clinc150"), ElementsAre(HasSubstr("data_full.json")));
  EXPECT_THAT(Convert("banking77"), ElementsAre(HasSubstr("train.csv")));
  EXPECT_EQ(Output("data.csv"), "none");
}

}  // namespace
}  // namespace winnow
