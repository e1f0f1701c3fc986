#include "artifacts/folder_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "artifacts/artifact_key.h"
#include "base/files.h"
#include "base/hash.h"
#include "support/error_of.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class FolderStoreTest : public ::testing::Test {
 protected:
  fs::path Path(const std::string& name) const { return directory_.path() / name; }
  fs::path File(const std::string& contents) {
    const fs::path path = Path("file" + std::to_string(count_++));
    std::ofstream(path, std::ios::binary) << contents;
    return path;
  }
  Result<void> Put(const std::string& key, const std::string& contents) {
    return store_->Put(key, File(contents), Sha256(contents));
  }
  std::vector<std::string> Keys(const std::string& prefix = "") {
    std::vector<std::string> keys;
    const std::vector<ArtifactEntry> entries = store_->List(prefix).value();
    for (const ArtifactEntry& entry : entries) keys.push_back(entry.key);
    return keys;
  }
  /// Names in .incoming, where nothing may stay.
  std::vector<fs::path> Incoming() const {
    std::vector<fs::path> names;
    for (const auto& entry : fs::directory_iterator(root_ / kIncoming)) names.push_back(entry.path().filename());
    return names;
  }

  TemporaryDirectory directory_;
  fs::path root_ = directory_.path() / "new" / "artifacts";
  std::unique_ptr<ArtifactStore> store_ = ArtifactStore::Open(root_.string()).value();
  int count_ = 0;
};

TEST_F(FolderStoreTest, StoredFileIsReturned) {
  for (const std::string& contents : {std::string("hello"), std::string(), std::string(3'000'000, 'x')}) {
    const std::string key = "spam/1.0.0/a b+é" + std::to_string(contents.size());
    ASSERT_TRUE(Put(key, contents)) << Put(key, contents).error().Text();
    const fs::path target = Path("deep/er/target");
    ASSERT_TRUE(store_->Get(key, target, Sha256(contents)));
    EXPECT_EQ(ReadFile(target).value(), contents);
    EXPECT_EQ(ReadFile(root_ / key).value(), contents);
  }
  EXPECT_THAT(Incoming(), IsEmpty());
}

TEST_F(FolderStoreTest, KeyThatExistsIsNeverReplaced) {
  ASSERT_TRUE(Put("a/b", "first"));
  EXPECT_TRUE(Put("a/b", "first"));
  const Error error = ErrorOf(Put("a/b", "second"));
  EXPECT_EQ(error.code, ErrorCode::kExists);
  EXPECT_THAT(error.message, HasSubstr(Sha256("first")));
  EXPECT_EQ(ReadFile(root_ / "a/b").value(), "first");
  EXPECT_THAT(Incoming(), IsEmpty());
}

TEST_F(FolderStoreTest, FileWithAnotherDigestIsNotStored) {
  EXPECT_EQ(ErrorOf(store_->Put("a", File("one"), Sha256("other"))).code, ErrorCode::kInvalidData);
  EXPECT_EQ(ErrorOf(store_->Put("a", Path("missing"), Sha256("other"))).code, ErrorCode::kNotFound);
  EXPECT_EQ(ErrorOf(store_->Put("a", directory_.path(), Sha256("other"))).code, ErrorCode::kIo);
  EXPECT_THAT(Keys(), IsEmpty());
  EXPECT_THAT(Incoming(), IsEmpty());
}

TEST_F(FolderStoreTest, WrongBytesAreRefusedAndTheTargetStays) {
  ASSERT_TRUE(Put("a", "right"));
  std::ofstream(root_ / "a") << "wrong";
  const fs::path target = File("before");
  const Error error = ErrorOf(store_->Get("a", target, Sha256("right")));
  EXPECT_EQ(error.code, ErrorCode::kInvalidData);
  EXPECT_THAT(error.message, HasSubstr(Sha256("wrong")));
  EXPECT_EQ(ReadFile(target).value(), "before");
  EXPECT_EQ(ErrorOf(store_->Get("b", target, Sha256("right"))).code, ErrorCode::kNotFound);
  EXPECT_EQ(ErrorOf(store_->Get("b/c", target, Sha256("right"))).code, ErrorCode::kNotFound);
}

TEST_F(FolderStoreTest, ListIsSortedAndComplete) {
  EXPECT_THAT(Keys(), IsEmpty());
  for (const char* key : {"spam/2/b", "spam/10/a", "spam/2/a/c", "ham/1/a", "spammy/1/a", "spam.txt"})
    ASSERT_TRUE(Put(key, key));
  EXPECT_THAT(Keys(), ElementsAre("ham/1/a", "spam.txt", "spam/10/a", "spam/2/a/c", "spam/2/b", "spammy/1/a"));
  EXPECT_THAT(Keys("spam/"), ElementsAre("spam/10/a", "spam/2/a/c", "spam/2/b"));
  EXPECT_THAT(Keys("spam"), ElementsAre("spam.txt", "spam/10/a", "spam/2/a/c", "spam/2/b", "spammy/1/a"));
  EXPECT_THAT(Keys("spam/2/a"), ElementsAre("spam/2/a/c"));
  EXPECT_THAT(Keys("none/"), IsEmpty());
  const ArtifactEntry entry = store_->List("ham/").value().at(0);
  EXPECT_EQ(entry.bytes, 7u);
  EXPECT_LT(std::chrono::abs(entry.modified - std::chrono::system_clock::now()), std::chrono::hours(1));
}

TEST_F(FolderStoreTest, RemovedFileIsGoneAndEmptyDirectoriesWithIt) {
  ASSERT_TRUE(Put("spam/1/onnx/a", "a"));
  ASSERT_TRUE(Put("spam/2/a", "a"));
  EXPECT_TRUE(store_->Remove("spam/1/onnx/a"));
  EXPECT_TRUE(store_->Remove("spam/1/onnx/a"));
  EXPECT_TRUE(store_->Remove("never/was"));
  EXPECT_FALSE(fs::exists(root_ / "spam/1"));
  EXPECT_THAT(Keys(), ElementsAre("spam/2/a"));
  EXPECT_TRUE(Put("spam/1/onnx/a", "other contents are possible now"));
}

TEST_F(FolderStoreTest, HostileKeysLeaveTheFolderAlone) {
  std::ofstream(Path("outside")) << "secret";
  for (const std::string key : {"../outside", "../../outside", "a/../../../outside", "/etc/passwd", "", ".", "a//b"}) {
    EXPECT_EQ(ErrorOf(Put(key, "x")).code, ErrorCode::kInvalidArgument) << key;
    EXPECT_EQ(ErrorOf(store_->Get(key, Path("t"), Sha256("secret"))).code, ErrorCode::kInvalidArgument) << key;
    EXPECT_EQ(ErrorOf(store_->Remove(key)).code, ErrorCode::kInvalidArgument) << key;
  }
  EXPECT_EQ(ErrorOf(store_->List("../")).code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(ReadFile(Path("outside")).value(), "secret");
  EXPECT_FALSE(fs::exists(Path("t")));
}

TEST_F(FolderStoreTest, SymbolicLinksInsideAreNotFollowed) {
  ASSERT_TRUE(Put("a", "a"));
  fs::create_directories(Path("elsewhere"));
  std::ofstream(Path("elsewhere/file")) << "secret";
  fs::create_symlink(Path("elsewhere"), root_ / "dir");
  fs::create_symlink(Path("elsewhere/file"), root_ / "link");
  EXPECT_EQ(ErrorOf(Put("dir/new", "x")).code, ErrorCode::kIo);
  EXPECT_EQ(ErrorOf(store_->Get("dir/file", Path("t"), Sha256("secret"))).code, ErrorCode::kIo);
  EXPECT_EQ(ErrorOf(store_->Get("link", Path("t"), Sha256("secret"))).code, ErrorCode::kIo);
  EXPECT_EQ(ErrorOf(Put("link", "x")).code, ErrorCode::kIo);
  EXPECT_EQ(ErrorOf(store_->Remove("dir/file")).code, ErrorCode::kIo);
  EXPECT_THAT(Keys(), ElementsAre("a"));
  EXPECT_FALSE(fs::exists(Path("t")));
  EXPECT_FALSE(fs::exists(Path("elsewhere/new")));
  EXPECT_EQ(ReadFile(Path("elsewhere/file")).value(), "secret");
}

TEST_F(FolderStoreTest, FolderItselfMayBeALink) {
  fs::create_directories(Path("real"));
  fs::create_symlink(Path("real"), Path("alias"));
  const auto store = ArtifactStore::Open("file://" + Path("alias").string()).value();
  ASSERT_TRUE(store->Put("a", File("x"), Sha256("x")));
  EXPECT_EQ(ReadFile(Path("real/a")).value(), "x");
}

TEST_F(FolderStoreTest, CancelledTransfersLeaveNothing) {
  const std::string contents(5'000'000, 'x');
  ASSERT_TRUE(Put("stored", contents));
  uint64_t seen = 0;
  ArtifactOptions options;
  options.progress = [&](std::string_view key, uint64_t done, uint64_t total) {
    EXPECT_TRUE(key == "a" || key == "stored");
    EXPECT_EQ(total, contents.size());
    seen = done;
    return done < 2'000'000;
  };
  const auto store = ArtifactStore::Open(root_.string(), options).value();
  EXPECT_EQ(ErrorOf(store->Put("a", File(contents), Sha256(contents))).code, ErrorCode::kCancelled);
  EXPECT_LT(seen, contents.size());
  EXPECT_EQ(ErrorOf(store->Get("stored", Path("t"), Sha256(contents))).code, ErrorCode::kCancelled);
  EXPECT_THAT(Keys(), ElementsAre("stored"));
  EXPECT_THAT(Incoming(), IsEmpty());
  EXPECT_FALSE(fs::exists(Path("t")));
}

TEST_F(FolderStoreTest, FilesThatKilledWritersLeftAreRemovedAfterADay) {
  ASSERT_TRUE(Put("a", "a"));
  std::ofstream(root_ / kIncoming / "old") << "x";
  std::ofstream(root_ / kIncoming / "young") << "x";
  fs::last_write_time(root_ / kIncoming / "old", fs::file_time_type::clock::now() - std::chrono::hours(25));
  ASSERT_TRUE(Put("b", "b"));
  EXPECT_THAT(Incoming(), ElementsAre("young"));
  EXPECT_THAT(Keys(), ElementsAre("a", "b"));
}

TEST_F(FolderStoreTest, ThreadsThatStoreOneKeyAgreeOnOne) {
  constexpr int kThreads = 8;
  std::vector<fs::path> files;
  for (int i = 0; i < kThreads; ++i) files.push_back(File(std::string(100'000, static_cast<char>('a' + i))));
  std::atomic<int> stored = 0, refused = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      const std::string digest = Sha256(std::string(100'000, static_cast<char>('a' + i)));
      for (int round = 0; round < 20; ++round) {
        // Directories come and go meanwhile.
        const std::string own = "spam/1/own" + std::to_string(i);
        if (!store_->Put(own, files[static_cast<size_t>(i)], digest) || !store_->Remove(own)) ADD_FAILURE();
      }
      const Result<void> result = store_->Put("spam/2/one", files[static_cast<size_t>(i)], digest);
      if (result) ++stored;
      if (!result && result.error().code == ErrorCode::kExists) ++refused;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(stored, 1);
  EXPECT_EQ(refused, kThreads - 1);
  EXPECT_THAT(Keys(), ElementsAre("spam/2/one"));
}

TEST(ArtifactStore, UrlsThatNameNoStoreAreRefused) {
  for (const std::string url : {"", "file://relative/path", "file://", "file:///a%zz"})
    EXPECT_EQ(ErrorOf(ArtifactStore::Open(url)).code, ErrorCode::kInvalidArgument) << url;
  EXPECT_EQ(ErrorOf(ArtifactStore::Open("ftp://host/path")).code, ErrorCode::kUnsupported);
  EXPECT_EQ(ArtifactStore::Open("file:///a%20b").value()->url(), "/a b");
}

}  // namespace
}  // namespace winnow
