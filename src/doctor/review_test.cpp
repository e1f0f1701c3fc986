#include "doctor/review.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/files.h"
#include "data/random.h"
#include "data/row_writer.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::vector<std::string> kAwkward = {
    "plain",
    "=1+1",
    "+49 30 1234",
    "-5",
    "@here",
    "'quoted",
    "'=both",
    "\tTab first",
    "\rCR first",
    "a, \"b\"; c|d",
    "two\nlines",
    "CRLF\r\ninside",
    "héllo 🙂 你好",
    "\"",
    "''",
    "' ",
    "'",
    "ends with space ",
};

Dataset MakeReviewed() {
  Dataset dataset;
  dataset.labels.names = {"ham", "spam", "-1", "drop", "a;b"};
  for (const std::string& text : kAwkward) {
    dataset.examples.push_back({text, {0}, "data, with comma.csv", dataset.examples.size() + 2});
  }
  return dataset;
}

class Review : public testing::Test {
 protected:
  /// A review of all texts, with a fix for each that `fixes` has one for.
  std::filesystem::path Write(const Dataset& dataset, const std::vector<std::string>& fixes,
                              const std::vector<std::string>& classes = {}) {
    const std::filesystem::path path = directory_.path() / "review.csv";
    RowWriter writer = *RowWriter::For(path);
    for (size_t t = 0; t < dataset.examples.size(); ++t) {
      const Example& example = dataset.examples[t];
      writer.Add(std::vector<Field>{TextField("file", SafeCell(example.file)),
                                    TextField("line", std::to_string(example.row)),
                                    TextField("text", SafeCell(ReviewText(example.text))), TextField("label", "ham"),
                                    TextField("fix", t < fixes.size() ? fixes[t] : "")});
    }
    for (size_t c = 0; c + 1 < classes.size(); c += 2) {
      writer.Add(std::vector<Field>{TextField("file", ""), TextField("line", ""), TextField("text", ""),
                                    TextField("label", SafeCell(classes[c])), TextField("fix", classes[c + 1])});
    }
    EXPECT_TRUE(writer.Write());
    return path;
  }

  TemporaryDirectory directory_;
};

TEST_F(Review, WritesNoFormulasAndReadsCellsBackUnchanged) {
  for (const std::string& text : kAwkward) {
    const std::string cell = SafeCell(text);
    EXPECT_EQ(std::string("=+-@\t\r").find(cell[0]), std::string::npos) << text;
    EXPECT_EQ(ReadCell(cell), text);
  }
  EXPECT_EQ(SafeCell(""), "");
  EXPECT_EQ(ReadCell("'tis"), "'tis");
}

TEST_F(Review, EveryTextIsRecognisedAgain) {
  const Dataset dataset = MakeReviewed();
  std::vector<Finding> findings;
  for (size_t t = 0; t < dataset.examples.size(); ++t) findings.push_back({.text = t, .label = "ham", .note = "=x"});
  const std::filesystem::path path = directory_.path() / "review.csv";
  ASSERT_TRUE(WriteReview(path, dataset, findings));
  // A person writes "spam" at the end of each row: its last cell is empty.
  std::string contents = *ReadFile(path);
  EXPECT_THAT(contents, testing::StartsWith("file,line,text,label,suggested,kind,score,note,fix\n"));
  size_t rows = 0;
  for (size_t at = contents.find(",'=x,\n"); at != std::string::npos; at = contents.find(",'=x,\n", at + 5)) {
    contents.replace(at, 6, ",'=x,spam\n");
    ++rows;
  }
  ASSERT_EQ(rows, dataset.examples.size());
  ASSERT_TRUE(WriteFileAtomically(path, contents));
  const Result<Fixes> fixes = ReadReview(path, dataset);
  ASSERT_TRUE(fixes) << fixes.error().message;
  EXPECT_EQ(fixes->relabelled, rows);
  EXPECT_EQ(fixes->answered, rows);
}

TEST_F(Review, FixesAreLabelsDropAndKeep) {
  const Dataset dataset = MakeReviewed();
  const Result<Fixes> fixes = ReadReview(
      Write(dataset, {"spam", "drop", "keep", "", "label:drop", "label: new one", "-1", "'-1", "a;b"}), dataset);
  ASSERT_TRUE(fixes) << fixes.error().message;
  EXPECT_THAT(fixes->of_text[0].labels, ElementsAre("spam"));
  EXPECT_EQ(fixes->of_text[1].kind, Fix::Kind::kDrop);
  EXPECT_EQ(fixes->of_text[2].kind, Fix::Kind::kNone);
  EXPECT_EQ(fixes->of_text[3].kind, Fix::Kind::kNone);
  EXPECT_THAT(fixes->of_text[4].labels, ElementsAre("drop"));
  EXPECT_THAT(fixes->of_text[5].labels, ElementsAre("new one"));
  EXPECT_THAT(fixes->of_text[6].labels, ElementsAre("-1"));
  EXPECT_THAT(fixes->of_text[7].labels, ElementsAre("-1"));
  EXPECT_THAT(fixes->of_text[8].labels, ElementsAre("a;b"));
  EXPECT_THAT(fixes->new_labels, ElementsAre("new one"));
  EXPECT_EQ(fixes->answered, 8u);
  EXPECT_EQ(fixes->kept, 1u);
  EXPECT_EQ(fixes->dropped, 1u);
  EXPECT_EQ(fixes->relabelled, 6u);
}

TEST_F(Review, AppliesTheFixOfAClassToItsOtherTexts) {
  const Dataset dataset = MakeReviewed();
  const Result<Fixes> fixes = ReadReview(Write(dataset, {"drop"}, {"ham", "spam", "-1", "drop"}), dataset);
  ASSERT_TRUE(fixes) << fixes.error().message;
  EXPECT_EQ(fixes->dropped, 1u);
  EXPECT_EQ(fixes->relabelled, dataset.examples.size() - 1);
}

TEST_F(Review, AFixOfAMultiLabelTextListsAllLabels) {
  Dataset dataset = MakeReviewed();
  dataset.multi_label = true;
  dataset.examples[3].labels = {0, 1};
  const Result<Fixes> fixes = ReadReview(Write(dataset, {"ham; spam", "(none)", "spam"}, {"ham", "drop"}), dataset);
  ASSERT_TRUE(fixes) << fixes.error().message;
  EXPECT_THAT(fixes->of_text[0].labels, ElementsAre("ham", "spam"));
  EXPECT_EQ(fixes->of_text[1].kind, Fix::Kind::kRelabel);
  EXPECT_TRUE(fixes->of_text[1].labels.empty());
  EXPECT_THAT(fixes->of_text[3].labels, ElementsAre("spam"));
}

TEST_F(Review, RefusesInvalidFixesAndNamesTheirLines) {
  const Dataset dataset = MakeReviewed();
  EXPECT_THAT(ReadReview(Write(dataset, {"spma"}), dataset).error().message, HasSubstr("did you mean 'spam'?"));
  Dataset changed = dataset;
  changed.examples[0].text = "something else";
  EXPECT_THAT(ReadReview(Write(dataset, {"spam"}), changed).error().message, HasSubstr("has changed"));
  Dataset shorter = dataset;
  shorter.examples.erase(shorter.examples.begin());
  EXPECT_THAT(ReadReview(Write(dataset, {"spam"}), shorter).error().message, HasSubstr("no text at line '2'"));
  Dataset twice = dataset;
  twice.examples.push_back(dataset.examples[0]);
  std::vector<std::string> fixes(twice.examples.size());
  fixes.front() = "spam";
  fixes.back() = "drop";
  EXPECT_THAT(ReadReview(Write(twice, fixes), dataset).error().message, HasSubstr("have different fixes"));
  Dataset elsewhere = dataset;
  for (Example& example : elsewhere.examples) example.file = "other.csv";
  EXPECT_EQ(ReadReview(Write(dataset, {"spam"}), elsewhere)->elsewhere, 1u);
}

TEST_F(Review, ABrokenOrForeignFileIsAnErrorAndNoCrash) {
  const Dataset dataset = MakeReviewed();
  const std::filesystem::path path = Write(dataset, {"spam", "drop", "keep"});
  const std::string whole = *ReadFile(path);
  SplitMix64 random(1);
  for (size_t round = 0; round < 300; ++round) {
    std::string broken = whole.substr(0, round % 2 == 0 ? random.Below(whole.size()) : whole.size());
    for (size_t i = 0; i < random.Below(4) && !broken.empty(); ++i) {
      broken[random.Below(broken.size())] = static_cast<char>(random.Next());
    }
    ASSERT_TRUE(WriteFileAtomically(path, broken));
    (void)ReadReview(path, dataset);
  }
  ASSERT_TRUE(WriteFileAtomically(path, "text,label\nhello there,spam\n"));
  EXPECT_EQ(ReadReview(path, dataset).error().code, ErrorCode::kInvalidData);
  EXPECT_EQ(ReadReview(directory_.path() / "none.csv", dataset).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace winnow
