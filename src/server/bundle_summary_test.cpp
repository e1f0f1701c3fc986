#include "server/bundle_summary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "bundle/manifest.h"
#include "support/model_files.h"
#include "support/temporary_directory.h"
#include "support/tiny_linear.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

TEST(BundleSummary, ContainsWhatTheBundlesFilesSay) {
  const TemporaryDirectory dir;
  WriteTinyLinear(dir.path() / "a", "spam", "1.2.0", .9);
  ASSERT_TRUE(WriteFileAtomically(dir.path() / "a" / "training_info.json",
                                  R"({"metrics": {"f1_macro": 0.9, "accuracy": 1, "note": "none"}})"));
  const BundleSummary summary = ReadBundleSummary(dir.path() / "a").value();
  EXPECT_EQ(summary.name, "spam");
  EXPECT_EQ(summary.version, "1.2.0");
  EXPECT_EQ(summary.kind, "lr");
  EXPECT_EQ(summary.weights, "linear");
  EXPECT_THAT(summary.labels, ElementsAre("ham", "spam"));
  EXPECT_EQ(summary.metrics.dump(), R"({"f1_macro":0.9,"accuracy":1})");
  EXPECT_GT(summary.size_bytes, fs::file_size(dir.path() / "a" / "linear.bin"));
  EXPECT_GT(summary.memory_bytes, 0u);
  EXPECT_EQ(summary.files.size(), 5u);  // with MODEL_VERSION.json
  for (const char* rubbish : {"", "[]", "{", R"({"metrics": 7})"}) {
    ASSERT_TRUE(WriteFileAtomically(dir.path() / "a" / "training_info.json", rubbish));
    EXPECT_EQ(ReadBundleSummary(dir.path() / "a").value().metrics.dump(), "{}") << rubbish;
  }
}

TEST(BundleSummary, AFileAndAMissingDirectoryAreNoModels) {
  const TemporaryDirectory dir;
  ASSERT_TRUE(WriteFileAtomically(dir.path() / "sms.csv", "text,label\n"));
  const Error file = ReadBundleSummary(dir.path() / "sms.csv").error();
  EXPECT_EQ(file.message, (dir.path() / "sms.csv").string() + ": is a file, not the directory of a model");
  EXPECT_EQ(file.hint, "specify the directory of a model, as 'winnow train' has written it");
  const Error missing = ReadBundleSummary(dir.path() / "none").error();
  EXPECT_EQ(missing.code, ErrorCode::kNotFound);
  EXPECT_EQ(missing.hint, file.hint);
}

TEST(BundleSummary, StampsChangeWithAFile) {
  const TemporaryDirectory dir;
  EXPECT_EQ(StampsOf(dir.path() / "none").error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(WriteFileAtomically(dir.path() / "file", "one"));
  ASSERT_TRUE(WriteFileAtomically(dir.path() / ".hidden", "one"));
  const auto before = StampsOf(dir.path()).value();
  EXPECT_EQ(before.size(), 1u);
  EXPECT_EQ(StampsOf(dir.path()).value(), before);
  ASSERT_TRUE(WriteFileAtomically(dir.path() / "file", "two"));
  EXPECT_NE(StampsOf(dir.path()).value(), before);
}

TEST(BundleSummary, BundlesAreFoundOneLevelDown) {
  const TemporaryDirectory dir;
  const fs::path root = fs::canonical(dir.path()), models = root / "models";
  WriteTinyLinear(models / "b", "b", "1.0.0", .5);
  WriteTinyLinear(models / "a", "a", "1.0.0", .5);
  WriteTinyLinear(models / ".hidden", "hidden", "1.0.0", .5);
  WriteTinyLinear(models / "deeper" / "c", "c", "1.0.0", .5);
  fs::create_directory_symlink("b", models / "latest");
  WriteTinyLinear(root / "named", "named", "1.0.0", .5);
  const auto places = FindBundlePlaces({root / "named/", models, models / "a", root / "none"}).value().places;
  std::vector<std::string> found;
  for (const BundlePlace& place : places) {
    found.push_back(place.dir.lexically_relative(root).string() + (place.named ? "!" : ""));
  }
  EXPECT_THAT(found, ElementsAre("named!", "models/a", "models/b", "none!"));
}

TEST(BundleSummary, WhatOnlyDescribesAModelIsNotServed) {
  const TemporaryDirectory dir;
  const fs::path root = fs::canonical(dir.path());
  WriteModelFile(root / "training_info.json");
  WriteTinyLinear(root / "a", "a", "1.0.0", .5);
  WriteModelFile(root / "onnx" / "config.json", kClassifierConfig);
  WriteModelFile(root / "onnx" / "model.onnx");
  WriteModelFile(root / "report" / "training_info.json");
  WriteModelFile(root / "broken" / "winnow.json", "{");
  WriteModelFile(root / "int8" / "config.json", kClassifierConfig);
  WriteModelFile(root / "int8" / "model_int8.safetensors");
  std::vector<std::string> found;
  const auto places = FindBundlePlaces({root}).value().places;
  for (const BundlePlace& place : places) found.push_back(place.dir.filename().string());
  EXPECT_THAT(found, ElementsAre("a", "broken", "int8"));
}

TEST(BundleSummary, AnExportIsLeftOutAndAModelWithoutItsWeightsIsBroken) {
  const TemporaryDirectory dir;
  const fs::path root = fs::canonical(dir.path());
  WriteTinyLinear(root / "m", "m", "1.0.0", .5);
  WriteTinyLinear(root / "a-web", "m", "1.0.0", .5);
  fs::remove(root / "a-web" / "linear.bin");
  WriteModelFile(root / "a-web" / "onnx" / "model.onnx");
  Manifest manifest = ReadManifest(root / "a-web").value();
  const auto names = [&] {
    std::vector<std::string> found;
    const BundlePlaces all = FindBundlePlaces({root}).value();
    for (const BundlePlace& place : all.places) {
      found.push_back(place.dir.filename().string());
    }
    return found;
  };
  // Its manifest lists linear.bin: it was copied in part.
  EXPECT_THAT(names(), ElementsAre("a-web", "m"));
  EXPECT_EQ(ReadBundleSummary(root / "a-web").error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(SealBundle(root / "a-web", manifest));
  EXPECT_THAT(names(), ElementsAre("m"));
  EXPECT_THAT(FindBundlePlaces({root}).value().skipped, ElementsAre(root / "a-web"));
  EXPECT_THAT(ReadBundleSummary(root / "a-web").error().message, testing::HasSubstr("is an export to ONNX"));
}

TEST(BundleSummary, AnEditedVersionIsThatOfTheModelAndChangesTheStamps) {
  const TemporaryDirectory dir;
  WriteTinyLinear(dir.path(), "m", "1.0.0", .5);
  const auto before = StampsOf(dir.path()).value();
  ASSERT_TRUE(WriteFileAtomically(dir.path() / "MODEL_VERSION.json", R"({"version": "1.1.0"})"));
  EXPECT_NE(StampsOf(dir.path()).value(), before);
  EXPECT_EQ(ReadBundleSummary(dir.path()).value().version, "1.1.0");
  EXPECT_THAT(ReadBundleSummary(dir.path()).value().version_note, testing::HasSubstr("MODEL_VERSION.json"));
}

}  // namespace
}  // namespace winnow
