/// Labels of data sets as values, however files spell them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/dataset.h"
#include "support/dataset_files.h"

namespace winnow {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class LabelValuesTest : public DatasetFiles {
 protected:
  /// A file of JSON lines with the texts t0, t1... and these labels, as JSON.
  std::filesystem::path Lines(const std::vector<std::string>& labels) {
    std::string contents;
    for (size_t i = 0; i < labels.size(); ++i) {
      contents += "{\"text\":\"t" + std::to_string(i) + "\",\"label\":" + labels[i] + "}\n";
    }
    return Write("labels.jsonl", contents);
  }
  /// A table with the texts t0, t1... and these labels, in quotes.
  std::filesystem::path Table(const std::vector<std::string>& labels) {
    std::string contents = "text,label\n";
    for (size_t i = 0; i < labels.size(); ++i) contents += "t" + std::to_string(i) + ",\"" + labels[i] + "\"\n";
    return Write("labels.csv", contents);
  }
};

TEST_F(LabelValuesTest, MultiHotVectorsAreReadInEverySpelling) {
  const auto expected = ElementsAre("0:t0", "1+2:t1", ":t2");
  EXPECT_THAT(Rows(Lines({"[true,false,false]", "[false,true,true]", "[false,false,false]"})), expected);
  EXPECT_THAT(Rows(Lines({R"(["1","0","0"])", R"(["0","1","1"])", R"(["0","0","0"])"})), expected);
  EXPECT_THAT(Rows(Table({"[1 0 0]", "[0 1 1]", "[0 0 0]"})), expected);
  EXPECT_THAT(Rows(Table({"[1. 0. 0.]", "[0. 1. 1.]", "[0. 0. 0.]"})), expected);
  EXPECT_THAT(Rows(Table({"[True, False, False]", "[False, True, True]", "[False, False, False]"})), expected);
  EXPECT_THAT(Rows(Table({"(1, 0, 0)", "(0, 1, 1)", "(0, 0, 0)"})), expected);
  EXPECT_THAT(Rows(Table({"1,0,0", "0,1,1", "0,0,0"})), expected);
  EXPECT_THAT(Rows(Table({"1,0", "0,1", "1,1"}), {.problem_type = ProblemType::kMulti}),
              ElementsAre("0:t0", "1:t1", "0+1:t2"));
}

TEST_F(LabelValuesTest, VectorsBehindRowsWithoutLabelsAreVectors) {
  std::vector<std::string> labels(300, "null");
  labels.insert(labels.end(), {"[1,0,0]", "[0,1,1]"});
  EXPECT_THAT(Rows(Lines(labels)), ElementsAre("0:t300", "1+2:t301"));
  EXPECT_THAT(report_.Text(), HasSubstr("contains multi-hot vectors of 3 labels"));
  EXPECT_THAT(ErrorOf(Lines(labels), {.labels = LabelSet{{"x", "y"}}}),
              HasSubstr("line 301: 'label' contains multi-hot vectors of 3 labels, but 2 labels are given"));
}

TEST_F(LabelValuesTest, TheLabelMapNamesPositionsOfVectors) {
  const auto file = Lines({"[1,0,0]", "[0,1,1]", "[0,0,0]"});
  const std::map<std::string, std::string> map = {{"0", "zebra"}, {"1", "apple"}, {"2", "mango"}};
  const auto expected = ElementsAre("zebra:t0", "apple+mango:t1", ":t2");
  EXPECT_THAT(Rows(file, {.label_map = map}), expected);
  EXPECT_THAT(Read(file, {.label_map = map})->labels.names, ElementsAre("apple", "mango", "zebra"));
  EXPECT_THAT(report_.Text(), Not(HasSubstr("to name these labels")));
  // A model has its labels in another order than the vectors.
  EXPECT_THAT(Rows(file, {.label_map = map, .labels = LabelSet{{"apple", "mango", "zebra"}}}), expected);
  EXPECT_THAT(Rows(file, {.label_map = {{"0", "zebra"}}, .labels = LabelSet{{"1", "2", "zebra"}}}),
              ElementsAre("zebra:t0", "1+2:t1", ":t2"));
  EXPECT_THAT(
      Rows(file, {.label_map = {{"0", "bad"}, {"1", "bad"}, {"2", "good"}}, .labels = LabelSet{{"bad", "good"}}}),
      ElementsAre("bad:t0", "bad+good:t1", ":t2"));
  EXPECT_THAT(ErrorOf(file, {.label_map = {{"0", "bad"}}, .labels = LabelSet{{"bad", "good"}}}),
              HasSubstr("multi-hot vectors of 3 labels, but 2 labels are given"));
  // Nor are columns labels by the names that they had.
  const auto columns = Write("columns.csv", "text,toxic,rude\na,1,0\nb,0,1\n");
  EXPECT_THAT(Read(columns, {.label_map = {{"toxic", "Toxic"}}, .label_field = "toxic,rude"})->labels.names,
              ElementsAre("Toxic", "rude"));
  EXPECT_THAT(report_.warnings, IsEmpty());
}

TEST_F(LabelValuesTest, OneHotVectorsAreSingleLabelsIfThatIsSpecified) {
  const auto file = Lines({"[1,0,0]", "[0,0,1]", "[0,0,0]", "[1,1,0]"});
  EXPECT_THAT(Rows(file, {.problem_type = ProblemType::kSingle}), ElementsAre("0:t0", "2:t1"));
  EXPECT_EQ(report_.Dropped(DropReason::kNoLabel), 1u);
  EXPECT_EQ(report_.Dropped(DropReason::kUnreadable), 1u);
}

TEST_F(LabelValuesTest, ARowThatIsNoVectorLikeTheOthersIsRefused) {
  for (const char* odd : {"[]", "[1,0]", "[0.5,0,1]", "\"x\"", "[0,1,2]", "7", "[0,null,1]"}) {
    std::vector<std::string> labels(300, "[1,0,0]");
    for (size_t i = 0; i < labels.size(); i += 2) labels[i] = "[0,1,0]";
    labels[20] = odd;
    EXPECT_THAT(ErrorOf(Lines(labels)), HasSubstr("labels.jsonl, line 21: expected a multi-hot vector of 3 zeros"))
        << odd;
    labels[20] = "[0,1,0]";
    labels[290] = odd;  // after the sample that the form is found from
    EXPECT_THAT(ErrorOf(Lines(labels)), HasSubstr("labels.jsonl, line 291: expected a multi-hot")) << odd;
  }
  EXPECT_THAT(Rows(Lines({"[1,0,0]", "null", "[0,1,0]"})), ElementsAre("0:t0", "1:t2"));
  EXPECT_THAT(ErrorOf(Lines({"[0.0,0.5,1.0]", "[0.2,0.1,0.9]"})), HasSubstr("neither label ids nor zeros and ones"));
  EXPECT_THAT(Rows(Lines({"[0,1]", "[1]", "[3]"})), ElementsAre("0+1:t0", "1:t1", "3:t2"));
}

TEST_F(LabelValuesTest, MissingValuesAreNoLabels) {
  EXPECT_THAT(Rows(Table({"spam", "nan", "ham", "NULL", "None", "\\N", "N/A", ""})), ElementsAre("spam:t0", "ham:t2"));
  EXPECT_EQ(report_.Dropped(DropReason::kNoLabel), 6u);
  EXPECT_THAT(report_.Text(), HasSubstr("6 no label"));
  EXPECT_THAT(report_.Text(), HasSubstr("'nan' is read as no label (1 row); if it is a label, specify --label-map "
                                        "'nan=nan'"));
  EXPECT_THAT(report_.warnings, IsEmpty());
  const auto named = Table({"spam", "None", "None"});
  EXPECT_THAT(Rows(named, {.label_map = {{"None", "None"}}}), ElementsAre("spam:t0", "None:t1", "None:t2"));
  EXPECT_THAT(Rows(named, {.labels = LabelSet{{"None", "spam"}}}), ElementsAre("spam:t0", "None:t1", "None:t2"));
  EXPECT_THAT(Rows(Table({"[1, 0]", "nan", "[0, 1]"})), ElementsAre("0:t0", "1:t2"));
  EXPECT_THAT(Rows(Table({"a|b", "nan", "", "a"}), {.problem_type = ProblemType::kMulti}),
              ElementsAre("a+b:t0", ":t2", "a:t3"));
}

TEST_F(LabelValuesTest, NamesThatUsuallyMeanUnknownAreReported) {
  Rows(Table({"spam", "?", "ham", "-"}));
  EXPECT_THAT(report_.warnings, Contains(HasSubstr("'?' is read as a label")));
  EXPECT_THAT(report_.warnings, Contains(HasSubstr("--filter \"label!='-'\"")));
  EXPECT_THAT(Rows(Table({"spam", "?", "ham", "-"}), {.filter = "label!='?',label!='-'"}),
              ElementsAre("spam:t0", "ham:t2"));
}

TEST_F(LabelValuesTest, ListsOfNamesAreReadInPythonsSpellings) {
  const auto expected = ElementsAre("ham+x:t0", "x:t1");
  EXPECT_THAT(Rows(Table({"{'ham', 'x'}", "{'x'}"})), expected);
  EXPECT_THAT(Rows(Table({"('ham', 'x')", "('x',)"})), expected);
  EXPECT_THAT(Rows(Table({"['ham' 'x']", "['x']"})), expected);
  EXPECT_THAT(Rows(Table({"['ham', None, 'x']", "['x', None]"})), expected);
  const Result<Dataset> soft = Read(Table({"{'ham': 0.8, 'x': 0.2}", "{'ham': 0, 'x': 1}"}));
  ASSERT_TRUE(soft) << soft.error().Text();
  EXPECT_FALSE(soft->multi_label);
  EXPECT_FLOAT_EQ(soft->examples[0].shares[0].second, .8f);
}

TEST_F(LabelValuesTest, NamesThatLookLikeListsAreReported) {
  for (const char* name : {"[ham, x]", "a|b", "a;b", "1,27", "(a, b)", "x,y"}) {
    const auto file = Table({name, "x"});
    Rows(file);
    EXPECT_THAT(report_.warnings, Contains(AllOf(HasSubstr(name), HasSubstr("--problem-type multi")))) << name;
    Rows(file, {.problem_type = ProblemType::kMulti});
    EXPECT_THAT(report_.warnings, IsEmpty()) << name;
  }
  EXPECT_THAT(Rows(Table({"[ham, x]", "x"}), {.problem_type = ProblemType::kMulti}), ElementsAre("ham+x:t0", "x:t1"));
  Rows(Table({"Arts, Crafts", "Sports"}));
  EXPECT_THAT(report_.warnings, IsEmpty());
}

TEST_F(LabelValuesTest, ObjectsWithSeveralOnesAreMultiLabel) {
  const auto cats =
      Lines({R"({"ham":1,"spam":0,"x":1})", R"({"ham":0,"spam":1,"x":0})", R"({"ham":0,"spam":0,"x":0})"});
  EXPECT_THAT(Rows(cats), ElementsAre("ham+x:t0", "spam:t1", ":t2"));
  EXPECT_TRUE(Read(cats)->multi_label);
  EXPECT_THAT(report_.Text(), HasSubstr("so the data is multi-label"));
  EXPECT_THAT(Rows(Lines({R"({"a":true,"b":true})", R"({"a":false,"b":true})"})), ElementsAre("a+b:t0", "b:t1"));
  EXPECT_FALSE(Read(cats, {.problem_type = ProblemType::kSingle})->multi_label);
  EXPECT_THAT(ErrorOf(Lines({R"({"a":1,"b":1})", R"({"a":0,"b":1})", R"({"a":3,"b":1})"})),
              HasSubstr("line 1: 'label'"));
  EXPECT_THAT(Rows(Lines({R"({"a":1.0,"b":0.0})", R"({"a":0,"b":1})"}), {.problem_type = ProblemType::kMulti}),
              ElementsAre("a:t0", "b:t1"));
}

TEST_F(LabelValuesTest, ObjectsThatDescribeALabelAreAskedAbout) {
  EXPECT_THAT(ErrorOf(Lines({R"({"id":1,"conf":0.5})", R"({"id":2,"conf":0.9})"})),
              HasSubstr("specify the key that contains the label: --label-field label.id"));
  EXPECT_THAT(Rows(Lines({R"({"id":1,"conf":0.5})", R"({"id":2,"conf":0.9})"}), {.label_field = "label.id"}),
              ElementsAre("1:t0", "2:t1"));
  EXPECT_THAT(Rows(Lines({R"({"start":0.9,"stop":0.1})", R"({"start":0,"stop":1})"})),
              ElementsAre("start:t0", "stop:t1"));
  EXPECT_THAT(ErrorOf(Lines({R"({"a":0.9,"b":0.8})", R"({"a":0.1,"b":0.95})"})), HasSubstr("add up to more than 1"));
}

TEST_F(LabelValuesTest, NearlyEqualValuesAreReported) {
  Rows(Lines({"true", "1", "0", "false"}));
  EXPECT_THAT(report_.warnings, Contains(HasSubstr("'true' and '1' are nearly equal")));
  EXPECT_THAT(report_.warnings, Contains(HasSubstr("--label-map 'false=0'")));
  Rows(Table({"+1", "1", "-1"}));
  EXPECT_THAT(report_.warnings, ElementsAre(HasSubstr("'1' and '+1' are read as one label")));
  Rows(Table({"spam", "'spam'", "ham"}));
  EXPECT_THAT(report_.warnings, ElementsAre(HasSubstr("--label-map \"'spam'=spam\"")));
  Rows(Table({"1", "-1"}));
  EXPECT_THAT(report_.warnings, IsEmpty());
}

TEST_F(LabelValuesTest, WarnsOfNumbersThatAreNoClasses) {
  const auto warnings = [&](const char* rows) {
    EXPECT_TRUE(Read(Write("a.csv", std::string("text,label\n") + rows)));
    return report_.warnings;
  };
  EXPECT_THAT(warnings("a,-1\nb,0\nc,1\nd,2\n"), Contains(HasSubstr("'-1' is read as a label; if it means that")));
  EXPECT_THAT(warnings("a,-1\nb,0\nc,1\n"), IsEmpty());
  EXPECT_THAT(warnings("a,-2\nb,-1\nc,1\n"), IsEmpty());
  EXPECT_THAT(warnings("a,0.13\nb,1\nc,2\n"), Contains(HasSubstr("such as '0.13', is read as a label of its own")));
  EXPECT_THAT(warnings("a,1.0\nb,2.0\n"), IsEmpty());
  EXPECT_THAT(warnings("a,0.5\nb,other\n"), IsEmpty());
}

TEST_F(LabelValuesTest, NamesOfALabelMapThatNoRowHasAreReported) {
  EXPECT_THAT(Rows(Table({"spam", "ham"}), {.label_map = {{"spamm", "1"}}}), ElementsAre("spam:t0", "ham:t1"));
  EXPECT_THAT(report_.warnings,
              ElementsAre(AllOf(HasSubstr("no row has the label 'spamm'"), HasSubstr("did you mean 'spam'?"))));
  EXPECT_THAT(Rows(Table({"1", "0"}), {.label_map = {{"1.0", "spam"}, {"0", "ham"}}}),
              ElementsAre("spam:t0", "ham:t1"));
  EXPECT_THAT(report_.warnings, IsEmpty());
  // A preset has names of several files; nothing is missing where each label has a replacement.
  EXPECT_THAT(Rows(Table({"1", "0"}), {.label_map = {{"1", "spam"}, {"0", "ham"}, {"hate", "spam"}}}),
              ElementsAre("spam:t0", "ham:t1"));
  EXPECT_THAT(report_.warnings, IsEmpty());
}

}  // namespace
}  // namespace winnow
