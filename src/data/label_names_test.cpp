#include "data/label_names.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

TEST(LabelNames, InvisibleCharactersAndOuterWhiteSpaceAreRemoved) {
  EXPECT_EQ(CleanLabelName(" spam\t"), "spam");
  EXPECT_EQ(CleanLabelName("\uFEFFspam\u200B"), "spam");
  EXPECT_EQ(CleanLabelName("\u00A0spam mail\u00A0"), "spam mail");
  EXPECT_EQ(CleanLabelName("cafe\u0301"), "caf\u00E9");
  EXPECT_EQ(CleanLabelName("\u200B"), "");
}

TEST(LabelNames, SpellingsOfOneValueHaveOneKey) {
  EXPECT_EQ(LabelKey("1.0"), LabelKey("1"));
  EXPECT_EQ(LabelKey("True"), LabelKey("true"));
  EXPECT_NE(LabelKey("1.5"), LabelKey("1"));
  EXPECT_NE(LabelKey("Spam"), LabelKey("spam"));
  EXPECT_EQ(NumberName("-3.000"), "-3");
  EXPECT_EQ(NumberName("9007199254740993.0"), "9007199254740993.0");
  EXPECT_EQ(NumberName("nan"), "nan");
  EXPECT_EQ(SimilarLabelKey("Hate Speech"), SimilarLabelKey("hate_speech"));
  EXPECT_NE(SimilarLabelKey("ham"), SimilarLabelKey("spam"));
}

TEST(LabelNames, NamesThatMayBeOneLabelHaveOneSimilarKey) {
  EXPECT_EQ(SimilarLabelKey("'spam'"), SimilarLabelKey("spam"));
  EXPECT_EQ(SimilarLabelKey("\u201CSpam\u201D"), SimilarLabelKey("spam"));
  EXPECT_EQ(SimilarLabelKey("True"), SimilarLabelKey("1"));
  EXPECT_EQ(SimilarLabelKey("false"), SimilarLabelKey("0.0"));
  EXPECT_EQ(LabelKey("+1"), LabelKey("1"));
  for (const char* other : {"-1", "11", "1.5"}) EXPECT_NE(SimilarLabelKey(other), SimilarLabelKey("1")) << other;
  EXPECT_NE(SimilarLabelKey("1-2"), SimilarLabelKey("12"));
  EXPECT_NE(SimilarLabelKey("B-"), SimilarLabelKey("B"));
}

TEST(LabelNames, WhatPandasReadsAsMissingIsNoLabel) {
  for (const char* name : {"", " ", "nan", "NaN", "NULL", "null", "None", "N/A", "n/a", "NA", "<NA>", "#N/A", "\\N"}) {
    EXPECT_TRUE(IsMissingLabel(name)) << name;
  }
  for (const char* name : {"none", "?", "-", "0", "no", "Nan", "N"}) EXPECT_FALSE(IsMissingLabel(name)) << name;
}

}  // namespace
}  // namespace winnow
