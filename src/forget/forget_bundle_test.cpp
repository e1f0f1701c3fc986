#include "forget/forget_bundle.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "base/hash.h"
#include "base/json.h"
#include "bundle/calibration_texts.h"
#include "bundle/manifest.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

class ForgetInBundleTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(fs::create_directory(bundle_));
    ASSERT_TRUE(WriteFileAtomically(bundle_ / "linear.bin", "weights"));
    ASSERT_TRUE(WriteFileAtomically(bundle_ / kCalibrationTextsFile, kLines));
    Manifest manifest;
    manifest.name = "spam";
    manifest.kind = "lr";
    ASSERT_TRUE(SealBundle(bundle_, manifest));
    texts_.Add("Subject and body");
  }

  static constexpr std::string_view kLines =
      "{\"text\": \"one\",   \"label\": \"ham\"}\n"
      "{\"text\": \"subject\\u001eand  BODY\", \"label\": \"spam\"}\n"
      "{\"text\": \"two\", \"label\": \"spam\"}\n";
  const TemporaryDirectory directory_;
  const fs::path bundle_ = directory_.path() / "spam";
  ForgottenTexts texts_;
};

TEST_F(ForgetInBundleTest, RemovesLinesAndKeepsTheBundleValid) {
  const auto dry = ForgetInBundle(bundle_, texts_, /*dry_run=*/true);
  ASSERT_TRUE(dry) << dry.error().Text();
  EXPECT_EQ(dry->removed, 1u);
  EXPECT_EQ(ReadFile(bundle_ / kCalibrationTextsFile).value(), kLines);
  ASSERT_TRUE(WriteFileAtomically(bundle_ / kSignatureFile, "signature"));
  const auto removal = ForgetInBundle(bundle_, texts_, false);
  ASSERT_TRUE(removal) << removal.error().Text();
  EXPECT_EQ(removal->texts, 3u);
  EXPECT_EQ(removal->removed, 1u);
  EXPECT_TRUE(removal->signature_removed);
  EXPECT_EQ(removal->texts_before, Sha256(kLines));
  const std::string kept = ReadFile(bundle_ / kCalibrationTextsFile).value();
  EXPECT_EQ(kept, "{\"text\": \"one\",   \"label\": \"ham\"}\n{\"text\": \"two\", \"label\": \"spam\"}\n");
  EXPECT_EQ(removal->texts_after, Sha256(kept));
  EXPECT_NE(removal->manifest_before, removal->manifest_after);
  EXPECT_TRUE(VerifyBundle(bundle_).value().ok());
  EXPECT_FALSE(fs::exists(bundle_ / kSignatureFile));
  EXPECT_EQ(ForgetInBundle(bundle_, texts_, false)->removed, 0u);
  EXPECT_EQ(std::distance(fs::directory_iterator(directory_.path()), fs::directory_iterator()), 1);
}

TEST_F(ForgetInBundleTest, ASetOfWhichNothingIsLeftIsRemoved) {
  texts_.Add("ONE");
  texts_.Add("two");
  EXPECT_EQ(ForgetInBundle(bundle_, texts_, false)->removed, 3u);
  EXPECT_FALSE(fs::exists(bundle_ / kCalibrationTextsFile));
  EXPECT_TRUE(VerifyBundle(bundle_).value().ok());
  EXPECT_EQ(ForgetInBundle(bundle_, texts_, false)->texts, 0u);
}

TEST_F(ForgetInBundleTest, FilesThatContainATextAreFound) {
  ASSERT_TRUE(fs::create_directory(bundle_ / "report"));
  ASSERT_TRUE(WriteFileAtomically(bundle_ / "report" / "report.json", Json{{"worst", "a \"long\" text"}}.dump()));
  ASSERT_TRUE(WriteFileAtomically(bundle_ / "empty", ""));
  EXPECT_EQ(FilesThatContain(bundle_, {"a \"long\" text", "one"}).value(),
            std::vector<std::string>{"report/report.json"});
  EXPECT_EQ(FilesThatContain(bundle_, {"one"}).value(), std::vector<std::string>());
  EXPECT_FALSE(FilesThatContain(directory_.path() / "none", {"a long text"}));
}

TEST_F(ForgetInBundleTest, WhatIsNoBundleIsNamed) {
  const auto missing = ForgetInBundle(directory_.path() / "none", texts_, false);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(WriteFileAtomically(bundle_ / kCalibrationTextsFile, "not JSON\n"));
  EXPECT_EQ(ForgetInBundle(bundle_, texts_, false).error().code, ErrorCode::kInvalidData);
}

}  // namespace
}  // namespace winnow
