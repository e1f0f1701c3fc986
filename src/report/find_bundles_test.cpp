#include "report/find_bundles.h"

#include <gmock/gmock.h>

#include "base/files.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

void Write(const fs::path& file, const std::string& text = "{}") {
  fs::create_directories(file.parent_path());
  ASSERT_TRUE(WriteFileAtomically(file, text));
}

std::vector<std::string> Names(const std::vector<fs::path>& named, const std::optional<fs::path>& models) {
  const auto found = FindBundles(named, models);
  EXPECT_TRUE(found) << found.error().Text();
  std::vector<std::string> names;
  for (const FoundBundle& bundle : found.value_or(std::vector<FoundBundle>{})) names.push_back(bundle.name);
  return names;
}

constexpr char kClassifier[] =
    R"({"model_type": "bert", "architectures": ["BertForSequenceClassification"], "vocab_size": 40, "hidden_size": 24,
        "num_hidden_layers": 1, "num_attention_heads": 4, "intermediate_size": 40, "max_position_embeddings": 32,
        "hidden_act": "gelu", "id2label": {"0": "a", "1": "b"}})";

TEST(FindBundles, LookOneAndTwoLevelsDeepAndNotIntoABundle) {
  const TemporaryDirectory dir;
  const fs::path& root = dir.path();
  Write(root / "one" / "winnow.json");
  Write(root / "one" / "checkpoint-9" / "config.json", kClassifier);
  Write(root / "group" / "two" / "training_info.json");
  Write(root / "group" / "three" / "config.json", kClassifier);
  Write(root / "group" / "deep" / "four" / "winnow.json");
  Write(root / ".one.tmp" / "winnow.json");
  EXPECT_THAT(Names({}, root), testing::ElementsAre("three", "two", "one"));
}

TEST(FindBundles, BaseModelsAndOtherProgramsFilesAreNoClassifiers) {
  const TemporaryDirectory dir;
  const fs::path& root = dir.path();
  Write(root / "classifier" / "config.json", kClassifier);
  std::string base = kClassifier;
  base.replace(base.find("ForSequenceClassification"), 25, "Model");
  Write(root / "base" / "config.json", base);
  Write(root / "app" / "config.json", R"({"port": 80})");
  Write(root / "torn-app" / "config.json", "{");
  Write(root / "unknown" / "config.json",
        R"({"model_type": "xyz", "architectures": ["XyzForSequenceClassification"]})");
  Write(root / "unknown" / "model.safetensors");
  Write(root / "torn" / "config.json", "{");
  Write(root / "torn" / "model.safetensors");
  EXPECT_THAT(Names({}, root), testing::ElementsAre("classifier", "torn", "unknown"));
}

TEST(FindBundles, OneThatIsMetTwiceCountsOnce) {
  const TemporaryDirectory dir;
  const fs::path& root = dir.path();
  Write(root / "spam" / "winnow.json");
  fs::create_directory_symlink("spam", root / "latest");
  EXPECT_THAT(Names({root / "spam/", root / "." / "spam"}, root), testing::ElementsAre("spam"));
  EXPECT_THAT(Names({root / "latest"}, root), testing::ElementsAre("latest"));
}

TEST(FindBundles, NamesTellBundlesApart) {
  const TemporaryDirectory dir;
  const fs::path& root = dir.path();
  for (const char* name : {"a/model", "b/model", "b/other"}) Write(root / name / "winnow.json");
  EXPECT_THAT(Names({}, root), testing::ElementsAre("a/model", "b/model", "other"));
  EXPECT_THAT(Names({root / "x\xff", root / "x\xfe"}, {}),
              testing::ElementsAre(testing::EndsWith("x\uFFFD"), testing::EndsWith("x\uFFFD (2)")));
}

TEST(FindBundles, TheNamedComeFirstWhateverTheyHold) {
  const TemporaryDirectory dir;
  Write(dir.path() / "a" / "winnow.json");
  EXPECT_THAT(Names({"nowhere", "elsewhere"}, dir.path()), testing::ElementsAre("nowhere", "elsewhere", "a"));
  EXPECT_THAT(Names({"nowhere"}, {}), testing::ElementsAre("nowhere"));
}

TEST(FindBundles, WithoutOneTheErrorSaysWhatToDo) {
  const TemporaryDirectory dir;
  EXPECT_EQ(FindBundles({}, {}).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(FindBundles({}, dir.path() / "none").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(FindBundles({}, dir.path()).error().code, ErrorCode::kNotFound);
  Write(dir.path() / "winnow.json");
  EXPECT_THAT(FindBundles({}, dir.path()).error().hint, testing::HasSubstr("itself"));
}

}  // namespace
}  // namespace winnow
