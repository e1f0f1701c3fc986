#include "bundle/directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "base/files.h"
#include "bundle/manifest.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

void Put(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

/// A bundle in the eyes of a directory: a manifest and a file.
void PutModel(const fs::path& dir, const std::string& version) {
  Put(dir / "config.json", version);
  Manifest manifest;
  manifest.version = version;
  ASSERT_TRUE(SealBundle(dir, manifest));
}

/// Replaces `target` by a model of that version.
Result<void> Replace(const fs::path& target, const std::string& version, bool overwrite = false) {
  auto writer = TRY(BundleWriter::Begin(target, overwrite));
  PutModel(writer.path(), version);
  return writer.Commit();
}

std::string VersionAt(const fs::path& dir) {
  const auto manifest = ReadManifest(dir);
  return manifest ? manifest->version : manifest.error().message;
}

std::vector<std::string> Names(const fs::path& dir) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(dir)) names.push_back(entry.path().filename().string());
  return names;
}

TEST(InspectTarget, TellsModelsFromOtherThings) {
  const TemporaryDirectory dir;
  const fs::path target = dir.path() / "t";
  EXPECT_EQ(InspectTarget(target)->kind, TargetKind::kMissing);
  fs::create_directory(target);
  EXPECT_EQ(InspectTarget(target)->kind, TargetKind::kEmpty);
  PutModel(target, "1.0.0");
  EXPECT_EQ(InspectTarget(target)->kind, TargetKind::kWinnowModel);
  Put(target / "checkpoint-12" / "anything", "x");
  Put(target / "onnx" / "model.onnx", "x");
  EXPECT_EQ(InspectTarget(target)->kind, TargetKind::kWinnowModel);
  Put(target / "thesis.tex", "x");
  EXPECT_EQ(InspectTarget(target)->kind, TargetKind::kOther);
  EXPECT_THAT(InspectTarget(target)->strangers, ElementsAre("thesis.tex"));
}

TEST(InspectTarget, FlatDirectoriesOfPulledVersionsAreOursToReplace) {
  const TemporaryDirectory dir;
  const fs::path target = dir.path() / "service";
  for (const char* name : {"model.onnx", "model.onnx.data", "model_metadata.json", "labels.json", "vocab.txt"})
    Put(target / name, "{}");
  EXPECT_EQ(InspectTarget(target)->kind, TargetKind::kOther) << "another program may have written it";
  Put(target / "MODEL_VERSION.json", "{}");
  EXPECT_EQ(InspectTarget(target)->kind, TargetKind::kWinnowModel);
  Put(target / "server.js", "x");
  EXPECT_THAT(InspectTarget(target)->strangers, ElementsAre("server.js"));
}

TEST(InspectTarget, TornCheckpointsAreOursToReplace) {
  const TemporaryDirectory dir;
  const fs::path target = dir.path() / "spam";
  Put(target / ".checkpoint-14.winnow-Husrtz" / "config.json", "{");
  EXPECT_EQ(InspectTarget(target)->kind, TargetKind::kEmpty);
  PutModel(target, "1.0.0");
  EXPECT_EQ(InspectTarget(target)->kind, TargetKind::kWinnowModel);
  Put(target / ".checkpoint-best.winnow-a" / "thesis.tex", "x");  // no name that a writer gives
  EXPECT_EQ(InspectTarget(target)->kind, TargetKind::kOther);
}

TEST(InspectTarget, OthersModelsFilesAndBrokenManifestsAreNotOurs) {
  const TemporaryDirectory dir;
  Put(dir.path() / "hf" / "config.json", "{}");
  EXPECT_EQ(InspectTarget(dir.path() / "hf")->kind, TargetKind::kOther);
  EXPECT_THAT(InspectTarget(dir.path() / "hf")->strangers, ElementsAre("config.json"));
  EXPECT_EQ(InspectTarget(dir.path() / "hf" / "config.json")->kind, TargetKind::kOther);
  Put(dir.path() / "broken" / "winnow.json", "{");
  EXPECT_EQ(InspectTarget(dir.path() / "broken")->kind, TargetKind::kOther);
  Put(dir.path() / "started" / "checkpoint-1" / "model.safetensors", "x");
  EXPECT_EQ(InspectTarget(dir.path() / "started")->kind, TargetKind::kWinnowModel);
  Put(dir.path() / "deep/a/b/c/d/e/f/g", "x");
  EXPECT_EQ(InspectTarget(dir.path() / "deep")->kind, TargetKind::kOther);
}

TEST(BundleWriter, MakesAndReplaces) {
  const TemporaryDirectory dir;
  const fs::path target = dir.path() / "models" / "spam";
  ASSERT_TRUE(Replace(target, "1.0.0"));
  EXPECT_EQ(VersionAt(target), "1.0.0");
  Put(target / "checkpoint-5" / "x", "old");
  ASSERT_TRUE(Replace(target, "2.0.0"));
  EXPECT_EQ(VersionAt(target), "2.0.0");
  EXPECT_FALSE(fs::exists(target / "checkpoint-5"));
  EXPECT_THAT(Names(target.parent_path()), ElementsAre("spam"));
  struct stat status {};
  ASSERT_EQ(::stat(target.c_str(), &status), 0);
  EXPECT_NE(status.st_mode & S_IRUSR, 0u);
}

TEST(BundleWriter, SaysWhenAModelIsReplaced) {
  const TemporaryDirectory dir;
  EXPECT_FALSE(BundleWriter::Begin(dir.path() / "t", false)->replaces_model());
  ASSERT_TRUE(Replace(dir.path() / "t", "1.0.0"));
  EXPECT_TRUE(BundleWriter::Begin(dir.path() / "t", false)->replaces_model());
}

TEST(BundleWriter, OldModelStaysUntilCommit) {
  const TemporaryDirectory dir;
  const fs::path target = dir.path() / "spam";
  ASSERT_TRUE(Replace(target, "1.0.0"));
  {
    auto writer = BundleWriter::Begin(target, false);
    ASSERT_TRUE(writer);
    PutModel(writer->path(), "2.0.0");
    EXPECT_EQ(VersionAt(target), "1.0.0");
  }
  EXPECT_EQ(VersionAt(target), "1.0.0");
  EXPECT_THAT(Names(dir.path()), ElementsAre("spam"));
}

TEST(BundleWriter, OtherThingsAreRefusedWithoutOverwrite) {
  const TemporaryDirectory dir;
  const fs::path target = dir.path() / "home";
  Put(target / "thesis.tex", "years of work");
  const auto refused = Replace(target, "1.0.0");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kExists);
  EXPECT_THAT(refused.error().message, HasSubstr("thesis.tex"));
  EXPECT_THAT(refused.error().hint, HasSubstr("--overwrite"));
  EXPECT_EQ(ReadFile(target / "thesis.tex").value(), "years of work");
  Put(target / "sub" / "photo.jpg", "one of a kind");
  Put(target / "pytorch_model.bin", "of a model of someone else's");
  fs::create_symlink("thesis.tex", target / "link");
  for (const char* version : {"1.0.0", "1.0.1"}) {
    ASSERT_TRUE(Replace(target, version, true));
    EXPECT_EQ(VersionAt(target), version);
    EXPECT_EQ(ReadFile(target / "thesis.tex").value(), "years of work");
    EXPECT_EQ(ReadFile(target / "sub" / "photo.jpg").value(), "one of a kind");
    EXPECT_EQ(fs::read_symlink(target / "link"), "thesis.tex");
    EXPECT_FALSE(fs::exists(target / "pytorch_model.bin")) << "a part of the model that was replaced";
    EXPECT_THAT(Names(dir.path()), ElementsAre("home"));
  }

  Put(dir.path() / "file", "x");
  EXPECT_EQ(BundleWriter::Begin(dir.path() / "file", true).error().code, ErrorCode::kExists);
}

TEST(BundleWriter, KilledWriterLeavesTheOldModelAndTheNextCleansUp) {
  const TemporaryDirectory dir;
  const fs::path target = dir.path() / "spam";
  ASSERT_TRUE(Replace(target, "1.0.0"));
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto writer = BundleWriter::Begin(target, false);
    if (writer) Put(writer->path() / "half", "x");
    ::_exit(0);  // no destructor runs, as after a kill
  }
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_EQ(VersionAt(target), "1.0.0");
  EXPECT_EQ(Names(dir.path()).size(), 2u);
  {
    const auto living = BundleWriter::Begin(target, false);
    ASSERT_TRUE(living);
    EXPECT_EQ(Names(dir.path()).size(), 2u);  // the dead one's went, the living one's came
    EXPECT_EQ(BundleWriter::Begin(target, true).error().code, ErrorCode::kExists);
    EXPECT_TRUE(fs::exists(living->path()));  // and a living one's stays
  }
  ASSERT_TRUE(Replace(target, "2.0.0"));
  EXPECT_EQ(VersionAt(target), "2.0.0");
}

TEST(BundleWriter, ModelThatAKillLeftAsideIsPutBack) {
  const TemporaryDirectory dir;
  PutModel(dir.path() / ".spam.winnow-abcdef.old", "1.0.0");
  const auto writer = BundleWriter::Begin(dir.path() / "spam", false);
  ASSERT_TRUE(writer);
  EXPECT_TRUE(writer->replaces_model());
  EXPECT_EQ(VersionAt(dir.path() / "spam"), "1.0.0");
}

TEST(BundleWriter, SymbolicLinkKeepsLeadingToTheModel) {
  const TemporaryDirectory dir;
  ASSERT_TRUE(Replace(dir.path() / "real", "1.0.0"));
  fs::create_directory_symlink(dir.path() / "real", dir.path() / "link");
  ASSERT_TRUE(Replace(dir.path() / "link/", "2.0.0"));
  EXPECT_TRUE(fs::is_symlink(dir.path() / "link"));
  EXPECT_EQ(VersionAt(dir.path() / "real"), "2.0.0");
}

TEST(BundleWriter, CommitSucceedsOnce) {
  const TemporaryDirectory dir;
  auto writer = BundleWriter::Begin(dir.path() / "t", false);
  ASSERT_TRUE(writer);
  PutModel(writer->path(), "1.0.0");
  ASSERT_TRUE(writer->Commit());
  EXPECT_FALSE(writer->Commit());
  EXPECT_EQ(VersionAt(dir.path() / "t"), "1.0.0");
}

}  // namespace
}  // namespace winnow
