#include "bundle/copy.h"

#include <gmock/gmock.h>

#include "base/files.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

TEST(LinkBundleFiles, TakesWhatIsWantedAndLeavesTheRest) {
  const TemporaryDirectory dir;
  const fs::path from = dir.path() / "from", to = dir.path() / "to";
  for (const char* name : {"config.json", "winnow.json", "onnx/model.onnx", "checkpoint-3/config.json", ".hidden",
                           ".git/config", "model.safetensors"}) {
    fs::create_directories((from / name).parent_path());
    ASSERT_TRUE(WriteFileAtomically(from / name, name));
  }
  fs::create_symlink(from / "config.json", from / "vocab.txt");
  fs::create_directories(to);
  ASSERT_TRUE(LinkBundleFiles(from, to, [](const std::string& name) { return name != "model.safetensors"; }));
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(to)) {
    if (!entry.is_directory()) names.push_back(entry.path().lexically_relative(to).generic_string());
  }
  EXPECT_THAT(names,
              testing::UnorderedElementsAre("config.json", "onnx/model.onnx", "checkpoint-3/config.json", "vocab.txt"));
  EXPECT_FALSE(fs::is_symlink(to / "vocab.txt"));
  EXPECT_EQ(ReadFile(to / "onnx/model.onnx").value(), "onnx/model.onnx");
}

TEST(CopyBundleFiles, MakesFilesOfTheirOwn) {
  const TemporaryDirectory dir;
  const fs::path from = dir.path() / "from", copy = dir.path() / "copy", link = dir.path() / "link";
  for (const fs::path& path : {from, copy, link}) fs::create_directories(path);
  ASSERT_TRUE(WriteFileAtomically(from / "labels.json", "[1]"));
  const auto all = [](const std::string&) { return true; };
  ASSERT_TRUE(CopyBundleFiles(from, copy, all));
  EXPECT_EQ(fs::hard_link_count(from / "labels.json"), 1u);
  EXPECT_EQ(ReadFile(copy / "labels.json").value(), "[1]");
  ASSERT_TRUE(LinkBundleFiles(from, link, all));
  EXPECT_EQ(fs::hard_link_count(from / "labels.json"), 2u);
  EXPECT_FALSE(CopyBundleFiles(dir.path() / "none", copy, all));
}

TEST(LinkBundleFiles, NamesTheFileThatCannotBeRead) {
  const TemporaryDirectory dir;
  EXPECT_FALSE(LinkBundleFiles(dir.path() / "none", dir.path(), [](const std::string&) { return true; }));
}

TEST(CopyBundleFiles, LeavesOutPicklesOfTrainers) {
  const TemporaryDirectory directory;
  const fs::path from = directory.path() / "model", to = directory.path() / "copy";
  for (const fs::path& path : {from, to}) fs::create_directories(path);
  for (const char* name :
       {"training_args.bin", "optimizer.pt", "rng_state.pth", "model_head.pkl", "pytorch_model.bin"}) {
    ASSERT_TRUE(WriteFileAtomically(from / name, name));
  }
  ASSERT_TRUE(CopyBundleFiles(from, to, [](const std::string&) { return true; }));
  EXPECT_TRUE(fs::exists(to / "pytorch_model.bin"));
  EXPECT_EQ(std::distance(fs::directory_iterator(to), fs::directory_iterator()), 1);
}

TEST(CopyBundleFiles, LeavesOutLinksThatLeadOutOfTheBundle) {
  const TemporaryDirectory directory;
  const fs::path from = directory.path() / "model", to = directory.path() / "copy";
  const auto all = [](const std::string&) { return true; };
  fs::create_directories(from);
  fs::create_directories(to);
  ASSERT_TRUE(WriteFileAtomically(directory.path() / "secret", "secret"));
  ASSERT_TRUE(WriteFileAtomically(from / "labels.json", "{}"));
  fs::create_symlink(directory.path() / "secret", from / "notes.txt");
  fs::create_symlink("labels.json", from / "inside.txt");
  ASSERT_TRUE(CopyBundleFiles(from, to, all));
  EXPECT_FALSE(fs::exists(to / "notes.txt"));
  EXPECT_TRUE(fs::is_regular_file(to / "inside.txt"));
  const fs::path linked = directory.path() / "linked";
  fs::create_directories(linked);
  ASSERT_TRUE(LinkBundleFiles(from, linked, all));
  EXPECT_TRUE(fs::is_symlink(linked / "notes.txt")) << "of a directory that takes the place of the old one";

  fs::create_symlink(directory.path() / "secret", from / "config.json");
  const auto refused = CopyBundleFiles(from, to, all);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, testing::HasSubstr("config.json: is a symbolic link"));
}

TEST(CopyBundleFiles, CopiesTheFilesOfAHubsCache) {
  const TemporaryDirectory directory;
  const fs::path from = directory.path() / "hub" / "snapshots" / "abc", to = directory.path() / "copy";
  fs::create_directories(from);
  fs::create_directories(directory.path() / "hub" / "blobs");
  fs::create_directories(to);
  ASSERT_TRUE(WriteFileAtomically(directory.path() / "hub" / "blobs" / "1", "{}"));
  fs::create_symlink("../../blobs/1", from / "config.json");
  ASSERT_TRUE(CopyBundleFiles(from, to, [](const std::string&) { return true; }));
  EXPECT_EQ(ReadFile(to / "config.json").value(), "{}");
}

}  // namespace
}  // namespace winnow
