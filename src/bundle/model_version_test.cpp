#include "bundle/model_version.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "base/json.h"
#include "bundle/manifest.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;

TEST(ModelVersion, StepsArePatchMinorAndMajor) {
  EXPECT_EQ(NextPatchVersion("1.2.3"), "1.2.4");
  EXPECT_EQ(NextPatchVersion("0.0.9"), "0.0.10");
  EXPECT_EQ(NextPatchVersion("1.0.99999999999999999999"), "1.0.100000000000000000000");
  EXPECT_EQ(NextPatchVersion("1.2.3-rc.1+build.7"), "1.2.4-rc.1");
  EXPECT_EQ(NextMinorVersion("1.2.3"), "1.3.0");
  EXPECT_EQ(NextMinorVersion("1.9.3+b"), "1.10.0");
  EXPECT_EQ(NextMajorVersion("9.9.3+b"), "10.0.0");
}

TEST(ModelVersion, OfACommandIsTheGivenOneOrTheNext) {
  EXPECT_EQ(VersionOf({}, "1.0.0", true).value(), "1.0.1");
  EXPECT_EQ(VersionOf({}, "1.0.0", false).value(), "1.0.0");
  EXPECT_EQ(VersionOf({.keep = true}, "1.0.0", true).value(), "1.0.0");
  EXPECT_EQ(VersionOf({.version = "3.0.0"}, "1.0.0", false).value(), "3.0.0");
  for (const char* bad : {"", "1", "1.0", "v1.0.0", "1.0.0.0", "01.0.0", "1.0.0 "}) {
    const auto version = VersionOf({.version = bad}, "1.0.0", true);
    ASSERT_FALSE(version) << bad;
    EXPECT_EQ(version.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(version.error().message, HasSubstr("--model-version"));
  }
}

TEST(ModelVersion, OfATrainingFollowsTheModelThatItReplaces) {
  const TemporaryDirectory dir;
  EXPECT_EQ(VersionOfNew({}, dir.path(), "spam").value(), "1.0.0");
  Manifest manifest;
  manifest.name = "spam";
  manifest.version = "1.4.2";
  ASSERT_TRUE(WriteManifest(dir.path(), manifest));
  EXPECT_EQ(VersionOfNew({}, dir.path(), "spam").value(), "1.5.0");
  EXPECT_EQ(VersionOfNew({}, dir.path(), "other").value(), "1.0.0");
  EXPECT_EQ(VersionOfNew({.version = "7.0.0"}, dir.path(), "spam").value(), "7.0.0");
  ASSERT_TRUE(WriteFileAtomically(dir.path() / "winnow.json", "{"));
  EXPECT_EQ(VersionOfNew({}, dir.path(), "spam").value(), "1.0.0");
}

class EditedVersion : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(path() / "onnx");
    Write("onnx/model_metadata.json", DumpJson({{"name", "spam"}, {"version", "1.0.0"}, {"temperature", 1.25}}));
    Write("linear.bin", "weights");
    Write("labels.json", R"(["ham", "spam"])");
    Manifest manifest;
    manifest.name = "spam";
    ASSERT_TRUE(SealBundle(path(), manifest));
  }

  fs::path path() const { return dir_.path(); }
  void Write(const char* name, const std::string& text) { ASSERT_TRUE(WriteFileAtomically(path() / name, text)); }
  Json Read(const char* name) const { return ParseJson(ReadFile(path() / name).value(), name).value(); }
  void Replace(const char* name, const std::string& from, const std::string& to) {
    std::string text = ReadFile(path() / name).value();
    const size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos);
    Write(name, text.replace(at, from.size(), to));
  }
  std::string Version() const { return ReadManifest(path()).value().version; }
  VerifyReport Verify() const { return VerifyBundle(path()).value(); }

 private:
  TemporaryDirectory dir_;
};

TEST_F(EditedVersion, IsNoneInWhatWinnowWrote) {
  EXPECT_EQ(Read(kVersionFile), Json({{"version", "1.0.0"}, {"models", {{"spam", "1.0.0"}}}}));
  EXPECT_EQ(Version(), "1.0.0");
  EXPECT_TRUE(Verify().ok());
  EXPECT_TRUE(Verify().version_note.empty());
  EXPECT_TRUE(Verify().unlisted.empty());
}

TEST_F(EditedVersion, OfEachFileIsThatOfTheModel) {
  const auto check = [&](const char* file, const char* from, const char* to) {
    SetUp();
    Replace(file, from, to);
    EXPECT_EQ(Version(), "1.1.0") << file;
    EXPECT_TRUE(Verify().ok()) << file;
    EXPECT_EQ(Verify().version_note, fmt::format("the version was edited in {}: 1.1.0 instead of 1.0.0", file));
  };
  check("winnow.json", "\"version\": \"1.0.0\"", "\"version\": \"1.1.0\"");
  check("MODEL_VERSION.json", "1.0.0", "1.1.0");
  check("MODEL_VERSION.json", "\"spam\": \"1.0.0\"", "\"spam\": \"1.1.0\"");
  check("onnx/model_metadata.json", "1.0.0", "1.1.0");
  EXPECT_THAT(Verify().edited, ElementsAre("onnx/model_metadata.json"));
}

TEST_F(EditedVersion, IsFoundInAFileThatWasWrittenAnew) {
  Json metadata = Read(kOnnxMetadataFile);
  metadata["version"] = "2.0.0";
  Write(kOnnxMetadataFile, metadata.dump());
  EXPECT_EQ(Version(), "2.0.0");
  EXPECT_TRUE(Verify().ok());
}

TEST_F(EditedVersion, DoesNotHideAnotherChange) {
  Replace(kOnnxMetadataFile, "1.0.0", "1.1.0");
  Replace(kOnnxMetadataFile, "1.25", "1.5");
  EXPECT_THAT(Verify().changed, ElementsAre("onnx/model_metadata.json"));
  EXPECT_EQ(Version(), "1.0.0");
}

TEST_F(EditedVersion, OfTheFirstFileCountsIfSeveralDisagree) {
  Replace("MODEL_VERSION.json", "\"version\": \"1.0.0\"", "\"version\": \"1.2.0\"");
  Replace(kOnnxMetadataFile, "1.0.0", "1.1.0");
  EXPECT_EQ(Version(), "1.2.0");
  EXPECT_THAT(Verify().version_note, HasSubstr("onnx/model_metadata.json says 1.1.0, which is ignored"));
}

TEST_F(EditedVersion, IsWrittenIntoEveryFileByTheNextCommand) {
  Replace(kOnnxMetadataFile, "1.0.0", "1.1.0");
  Manifest manifest = ReadManifest(path()).value();
  manifest.version = NextPatchVersion(manifest.version);
  ASSERT_TRUE(WriteManifest(path(), manifest));
  EXPECT_EQ(Read("winnow.json")["version"], "1.1.1");
  EXPECT_EQ(Read("winnow.json")["sealed_version"], "1.1.1");
  EXPECT_EQ(Read(kVersionFile)["version"], "1.1.1");
  EXPECT_EQ(Read(kOnnxMetadataFile)["version"], "1.1.1");
  EXPECT_EQ(Version(), "1.1.1");
  EXPECT_TRUE(Verify().ok());
  EXPECT_TRUE(Verify().version_note.empty());
}

TEST_F(EditedVersion, KeepsADamagedFileDamaged) {
  Replace(kOnnxMetadataFile, "1.25", "1.5");
  Manifest manifest = ReadManifest(path()).value();
  manifest.version = "3.0.0";
  ASSERT_TRUE(WriteManifest(path(), manifest));
  EXPECT_THAT(Verify().changed, ElementsAre("onnx/model_metadata.json"));
  EXPECT_EQ(Version(), "3.0.0");
}

TEST_F(EditedVersion, MustBeASemanticOne) {
  Replace("MODEL_VERSION.json", "1.0.0", "v2");
  const auto manifest = ReadManifest(path());
  ASSERT_FALSE(manifest);
  EXPECT_THAT(manifest.error().message, HasSubstr("MODEL_VERSION.json: 'version' is 'v2'"));
  for (const char* text : {"", "[]", "{", "{\"version\": 7}", "{\"models\": [1]}"}) {
    Write(kVersionFile, text);
    EXPECT_EQ(Version(), "1.0.0") << text;
  }
}

TEST_F(EditedVersion, InABundleOfAnEarlierWinnowIsThatOfTheManifest) {
  Replace("winnow.json", "sealed_version", "former_member");
  Replace(kOnnxMetadataFile, "1.0.0", "1.1.0");
  EXPECT_EQ(Version(), "1.0.0");
  EXPECT_TRUE(Verify().ok());
  EXPECT_THAT(Verify().edited, ElementsAre("onnx/model_metadata.json"));
}

}  // namespace
}  // namespace winnow
