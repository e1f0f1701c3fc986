#include "bundle/find.h"

#include <gmock/gmock.h>

#include "base/files.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

void Write(const fs::path& file, const std::string& text = "{}") {
  fs::create_directories(file.parent_path());
  ASSERT_TRUE(WriteFileAtomically(file, text));
}

constexpr char kClassifier[] =
    R"({"model_type": "bert", "architectures": ["BertForSequenceClassification"], "vocab_size": 40, "hidden_size": 24,
        "num_hidden_layers": 1, "num_attention_heads": 4, "intermediate_size": 40, "max_position_embeddings": 32,
        "hidden_act": "gelu", "id2label": {"0": "a", "1": "b"}})";

TEST(FindBundle, EachOfFourFilesMakesADirectoryAModel) {
  const TemporaryDirectory dir;
  for (const char* name : {"winnow.json", "linear.bin", "training_info.json"}) {
    const fs::path bundle = dir.path() / name;
    EXPECT_FALSE(IsBundle(bundle));
    Write(bundle / name);
    EXPECT_TRUE(IsBundle(bundle)) << name;
  }
  Write(dir.path() / "classifier" / "config.json", kClassifier);
  EXPECT_TRUE(IsBundle(dir.path() / "classifier"));
  Write(dir.path() / "unreadable" / "config.json", "{");
  EXPECT_FALSE(IsBundle(dir.path() / "unreadable"));
  Write(dir.path() / "unreadable" / "model_int8.safetensors");
  EXPECT_TRUE(IsBundle(dir.path() / "unreadable"));
  std::string base = kClassifier;
  base.replace(base.find("ForSequenceClassification"), 25, "Model");
  Write(dir.path() / "base" / "config.json", base);
  Write(dir.path() / "base" / "model.safetensors");
  EXPECT_FALSE(IsBundle(dir.path() / "base")) << "a base model";
}

TEST(FindBundle, BelowADirectoryButNotInsideABundle) {
  const TemporaryDirectory dir;
  const fs::path& root = dir.path();
  Write(root / "one" / "winnow.json");
  Write(root / "one" / "checkpoint-9" / "winnow.json");
  Write(root / "group" / "two" / "linear.bin");
  Write(root / "group" / "deep" / "three" / "winnow.json");
  Write(root / ".hidden" / "winnow.json");
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
