#include "bundle/calibration_texts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(CalibrationTexts, SurviveWritingAndReading) {
  const TemporaryDirectory dir;
  const std::vector<CalibrationText> texts = {{.text = "a \"b\"\n\x1f c", .labels = {"spam"}},
                                              {.text = "", .labels = {"ham"}}};
  ASSERT_TRUE(WriteCalibrationTexts(dir.path(), texts, /*multi_label=*/false));
  const auto read = ReadCalibrationTexts(dir.path() / kCalibrationTextsFile);
  ASSERT_TRUE(read) << read.error().Text();
  ASSERT_EQ(read->size(), 2u);
  EXPECT_EQ(read->front().text, texts[0].text);
  EXPECT_THAT(read->front().labels, ElementsAre("spam"));
  EXPECT_EQ(read->back().line, 2u);
}

TEST(CalibrationTexts, OfAMultiLabelSetHaveAnyNumberOfLabels) {
  const TemporaryDirectory dir;
  const std::vector<CalibrationText> texts = {{.text = "a", .labels = {"x", "y"}}, {.text = "b", .labels = {}}};
  ASSERT_TRUE(WriteCalibrationTexts(dir.path(), texts, /*multi_label=*/true));
  const auto read = ReadCalibrationTexts(dir.path() / kCalibrationTextsFile);
  ASSERT_TRUE(read) << read.error().Text();
  EXPECT_THAT(read->front().labels, ElementsAre("x", "y"));
  EXPECT_THAT(read->back().labels, testing::IsEmpty());
}

TEST(CalibrationTexts, WhatIsMissingOrDamagedIsNamed) {
  const TemporaryDirectory dir;
  const std::filesystem::path file = dir.path() / kCalibrationTextsFile;
  const auto missing = ReadCalibrationTexts(file);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(missing.error().hint, HasSubstr("winnow calibrate"));
  for (const char* bad :
       {"", "\n", "{\"text\": \"a\", \"label\": \"x\"}\n[]\n", "{\"text\": \"a\", \"label\": 3}", "{\"text\": 3}"}) {
    ASSERT_TRUE(WriteFileAtomically(file, bad));
    const auto read = ReadCalibrationTexts(file);
    ASSERT_FALSE(read) << bad;
    EXPECT_EQ(read.error().code, ErrorCode::kInvalidData) << bad;
  }
}

TEST(CalibrationTexts, ALabelMustBeAString) {
  const TemporaryDirectory dir;
  const std::filesystem::path file = dir.path() / kCalibrationTextsFile;
  for (const char* label : {"3", "[\"x\", null]"}) {
    ASSERT_TRUE(WriteFileAtomically(file, std::string("{\"text\": \"a\", \"label\": ") + label + "}"));
    const auto read = ReadCalibrationTexts(file);
    ASSERT_FALSE(read);
    EXPECT_THAT(read.error().message, HasSubstr("line 1: a label is not a string"));
  }
}

}  // namespace
}  // namespace winnow
