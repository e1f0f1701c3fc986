#include "report/find_bundles.h"

#include <gmock/gmock.h>

#include "support/model_files.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> Names(const std::vector<fs::path>& named, const std::optional<fs::path>& models) {
  const auto found = FindBundles(named, models);
  EXPECT_TRUE(found) << found.error().Text();
  std::vector<std::string> names;
  for (const FoundBundle& bundle : found.value_or(std::vector<FoundBundle>{})) names.push_back(bundle.name);
  return names;
}

TEST(FindBundles, LookOneAndTwoLevelsDeepAndNotIntoABundle) {
  const TemporaryDirectory dir;
  const fs::path& root = dir.path();
  WriteModelFile(root / "one" / "winnow.json");
  WriteModelFile(root / "one" / "checkpoint-9" / "config.json", kClassifierConfig);
  WriteModelFile(root / "group" / "two" / "training_info.json");
  WriteModelFile(root / "group" / "three" / "config.json", kClassifierConfig);
  WriteModelFile(root / "group" / "deep" / "four" / "winnow.json");
  WriteModelFile(root / ".one.tmp" / "winnow.json");
  EXPECT_THAT(Names({}, root), testing::ElementsAre("three", "two", "one"));
}

TEST(FindBundles, BaseModelsAndOtherProgramsFilesAreNoClassifiers) {
  const TemporaryDirectory dir;
  const fs::path& root = dir.path();
  WriteModelFile(root / "classifier" / "config.json", kClassifierConfig);
  WriteModelFile(root / "base" / "config.json", BaseModelConfig());
  WriteModelFile(root / "app" / "config.json", R"({"port": 80})");
  WriteModelFile(root / "torn-app" / "config.json", "{");
  WriteModelFile(root / "unknown" / "config.json",
                 R"({"model_type": "xyz", "architectures": ["XyzForSequenceClassification"]})");
  WriteModelFile(root / "unknown" / "model.safetensors");
  WriteModelFile(root / "torn" / "config.json", "{");
  WriteModelFile(root / "torn" / "model.safetensors");
  EXPECT_THAT(Names({}, root), testing::ElementsAre("classifier", "torn", "unknown"));
}

TEST(FindBundles, OneThatIsMetTwiceCountsOnce) {
  const TemporaryDirectory dir;
  const fs::path& root = dir.path();
  WriteModelFile(root / "spam" / "winnow.json");
  fs::create_directory_symlink("spam", root / "latest");
  EXPECT_THAT(Names({root / "spam/", root / "." / "spam"}, root), testing::ElementsAre("spam"));
  EXPECT_THAT(Names({root / "latest"}, root), testing::ElementsAre("latest"));
}

TEST(FindBundles, NamesTellBundlesApart) {
  const TemporaryDirectory dir;
  const fs::path& root = dir.path();
  for (const char* name : {"a/model", "b/model", "b/other"}) WriteModelFile(root / name / "winnow.json");
  EXPECT_THAT(Names({}, root), testing::ElementsAre("a/model", "b/model", "other"));
  EXPECT_THAT(Names({root / "x\xff", root / "x\xfe"}, {}),
              testing::ElementsAre(testing::EndsWith("x\uFFFD"), testing::EndsWith("x\uFFFD (2)")));
}

TEST(FindBundles, TheNamedComeFirstWhateverTheyHold) {
  const TemporaryDirectory dir;
  WriteModelFile(dir.path() / "a" / "winnow.json");
  EXPECT_THAT(Names({"nowhere", "elsewhere"}, dir.path()), testing::ElementsAre("nowhere", "elsewhere", "a"));
  EXPECT_THAT(Names({"nowhere"}, {}), testing::ElementsAre("nowhere"));
}

TEST(FindBundles, WithoutOneTheErrorSaysWhatToDo) {
  const TemporaryDirectory dir;
  EXPECT_EQ(FindBundles({}, {}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(FindBundles({}, dir.path() / "none").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(FindBundles({}, dir.path()).error().code, ErrorCode::kNotFound);
  WriteModelFile(dir.path() / "winnow.json");
  EXPECT_THAT(FindBundles({}, dir.path()).error().hint, testing::HasSubstr("itself"));
}

}  // namespace
}  // namespace winnow
