#include "bundle/find.h"

#include <gmock/gmock.h>

#include "support/model_files.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

TEST(FindBundle, EachOfFourFilesMakesADirectoryAModel) {
  const TemporaryDirectory dir;
  for (const char* name : {"winnow.json", "linear.bin", "training_info.json"}) {
    const fs::path bundle = dir.path() / name;
    EXPECT_FALSE(IsBundle(bundle));
    WriteModelFile(bundle / name);
    EXPECT_TRUE(IsBundle(bundle)) << name;
  }
  WriteModelFile(dir.path() / "classifier" / "config.json", kClassifierConfig);
  EXPECT_TRUE(IsBundle(dir.path() / "classifier"));
  WriteModelFile(dir.path() / "unreadable" / "config.json", "{");
  EXPECT_FALSE(IsBundle(dir.path() / "unreadable"));
  WriteModelFile(dir.path() / "unreadable" / "model_int8.safetensors");
  EXPECT_TRUE(IsBundle(dir.path() / "unreadable"));
  WriteModelFile(dir.path() / "base" / "config.json", BaseModelConfig());
  WriteModelFile(dir.path() / "base" / "model.safetensors");
  EXPECT_FALSE(IsBundle(dir.path() / "base")) << "a base model";
}

TEST(FindBundle, WeightsAreAnyOfThreeFiles) {
  const TemporaryDirectory dir;
  for (const char* name : {"linear.bin", "model.safetensors", "model_int8.safetensors"}) {
    EXPECT_FALSE(HasWeights(dir.path() / name));
    WriteModelFile(dir.path() / name / name);
    EXPECT_TRUE(HasWeights(dir.path() / name)) << name;
  }
  for (const char* name : {"winnow.json", "training_info.json", "config.json", "model.onnx"}) {
    WriteModelFile(dir.path() / "none" / name, kClassifierConfig);
  }
  EXPECT_FALSE(HasWeights(dir.path() / "none"));
}

TEST(FindBundle, BelowADirectoryButNotInsideABundle) {
  const TemporaryDirectory dir;
  const fs::path& root = dir.path();
  WriteModelFile(root / "one" / "winnow.json");
  WriteModelFile(root / "one" / "checkpoint-9" / "winnow.json");
  WriteModelFile(root / "group" / "two" / "linear.bin");
  WriteModelFile(root / "group" / "deep" / "three" / "winnow.json");
  WriteModelFile(root / ".hidden" / "winnow.json");
  EXPECT_THAT(BundlesBelow(root, 1).value(), ElementsAre(root / "one"));
  EXPECT_THAT(BundlesBelow(root, 2).value(), ElementsAre(root / "group" / "two", root / "one"));
  EXPECT_EQ(BundlesBelow(root / "none", 1).error().code, ErrorCode::kIo);
}

TEST(FindBundle, ADirectoryHasOneCanonicalPath) {
  const TemporaryDirectory dir;
  const fs::path root = fs::canonical(dir.path());
  fs::create_directories(root / "spam");
  fs::create_directory_symlink("spam", root / "latest");
  for (const char* name : {"spam", "spam/", "latest", "./spam/../spam"}) {
    EXPECT_EQ(CanonicalPath(root / name), root / "spam") << name;
  }
  EXPECT_EQ(CanonicalPath("nowhere/"), fs::current_path() / "nowhere");
}

}  // namespace
}  // namespace winnow
