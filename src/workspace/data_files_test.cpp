#include "workspace/data_files.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>

#include "base/files.h"
#include "base/temporary_directory.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using State = UploadProgress::State;

class DataFilesTest : public testing::Test {
 protected:
  void Open(uint64_t max_bytes = 1 << 20) {
    files_ = DataFiles::Open({.directory = directory_.path(),
                              .max_bytes = max_bytes,
                              .changed = [this](const std::string& name) { changed_.push_back(name); }})
                 .value();
  }
  void SetUp() override { Open(); }

  Result<UploadProgress> Store(const std::string& name, uint64_t offset, std::string_view bytes, bool last,
                               const std::string& upload = "a", bool replace = false) {
    return files_->Store(
        {.name = name, .upload = upload, .offset = offset, .last = last, .replace = replace, .bytes = bytes});
  }
  std::string Contents(const std::string& name) { return ReadFile(files_->PathOf(name).value()).value(); }
  void Replace(const std::string& name, const std::string& contents, const std::string& version = "") {
    const fs::path temporary = files_->NewTemporary(name);
    ASSERT_TRUE(WriteFileAtomically(temporary, contents));
    ASSERT_TRUE(files_->Replace(name, temporary, version));
  }

  ScopedTemporaryDirectory directory_ = ScopedTemporaryDirectory::Make("data-files").value();
  std::vector<std::string> changed_;
  std::unique_ptr<DataFiles> files_;
};

TEST_F(DataFilesTest, ATimeBeyondNanosecondsIsShown) {
  ASSERT_TRUE(Store("a.csv", 0, "1", true));
  constexpr timespec kLate = {10'413'792'000, 250'000'000};  // in the year 2300
  const timespec times[] = {kLate, kLate};
  ASSERT_EQ(::utimensat(AT_FDCWD, files_->PathOf("a.csv")->c_str(), times, 0), 0);
  EXPECT_EQ(files_->Find("a.csv")->modified.time_since_epoch().count(), 10'413'792'000'250);
}

TEST_F(DataFilesTest, AnUploadAppearsWithItsLastPiece) {
  EXPECT_EQ(Store("a.csv", 0, "text,", false)->bytes, 5u);
  EXPECT_TRUE(files_->List()->files.empty());
  EXPECT_EQ(Store("a.csv", 5, "label\n", false)->state, State::kStored);
  const UploadProgress done = Store("a.csv", 11, "hi,ham\n", true).value();
  EXPECT_EQ(done.state, State::kComplete);
  EXPECT_EQ(done.file.bytes, 18u);
  EXPECT_EQ(Contents("a.csv"), "text,label\nhi,ham\n");
  EXPECT_THAT(changed_, testing::ElementsAre("a.csv"));
  EXPECT_TRUE(fs::is_empty(directory_.path() / ".uploads"));
}

TEST_F(DataFilesTest, APieceAtAnotherPlaceChangesNothing) {
  ASSERT_TRUE(Store("a.csv", 0, "12345", false));
  for (const uint64_t offset : {1u, 4u, 6u, 1000u}) {
    const UploadProgress progress = Store("a.csv", offset, "x", true).value();
    EXPECT_EQ(progress.state, State::kWrongOffset);
    EXPECT_EQ(progress.bytes, 5u);
  }
  ASSERT_EQ(Store("a.csv", 5, "6", true)->state, State::kComplete);
  EXPECT_EQ(Contents("a.csv"), "123456");
}

TEST_F(DataFilesTest, UploadsOfTwoClientsDoNotMix) {
  ASSERT_TRUE(Store("a.csv", 0, "aaaa", false, "a"));
  ASSERT_TRUE(Store("a.csv", 0, "bbbb", false, "b"));
  ASSERT_EQ(Store("a.csv", 4, "AA", true, "a")->state, State::kComplete);
  EXPECT_EQ(Store("a.csv", 4, "BB", true, "b").error().code, ErrorCode::kExists);
  EXPECT_EQ(Contents("a.csv"), "aaaaAA");
}

TEST_F(DataFilesTest, AnExistingFileIsReplacedOnlyOnRequestAndCanBeUndone) {
  ASSERT_TRUE(Store("a.csv", 0, "old", true));
  EXPECT_EQ(Store("a.csv", 0, "new", true).error().code, ErrorCode::kExists);
  EXPECT_EQ(Contents("a.csv"), "old");
  ASSERT_TRUE(Store("a.csv", 0, "new", true, "a", /*replace=*/true));
  EXPECT_EQ(Contents("a.csv"), "new");
  EXPECT_TRUE(files_->Find("a.csv")->undo);
  ASSERT_TRUE(files_->Undo("a.csv", ""));
  EXPECT_EQ(Contents("a.csv"), "old");
  EXPECT_FALSE(files_->Find("a.csv")->undo);
  EXPECT_EQ(files_->Undo("a.csv", "").error().code, ErrorCode::kNotFound);
}

TEST_F(DataFilesTest, UndoGoesBackTenVersions) {
  ASSERT_TRUE(files_->Add("a.csv", "0"));
  for (int i = 1; i <= 12; ++i) Replace("a.csv", std::to_string(i));
  for (int i = 11; i >= 2; --i) {
    ASSERT_TRUE(files_->Undo("a.csv", "")) << i;
    EXPECT_EQ(Contents("a.csv"), std::to_string(i));
  }
  EXPECT_FALSE(files_->Undo("a.csv", ""));
}

TEST_F(DataFilesTest, AnotherVersionIsRefused) {
  const std::string version = files_->Add("a.csv", "1")->version;
  Replace("a.csv", "2", version);
  const fs::path temporary = files_->NewTemporary("a.csv");
  ASSERT_TRUE(WriteFileAtomically(temporary, "3"));
  EXPECT_EQ(files_->Replace("a.csv", temporary, version).error().code, ErrorCode::kExists);
  EXPECT_EQ(files_->Delete("a.csv", version).error().code, ErrorCode::kExists);
  EXPECT_EQ(files_->Undo("a.csv", version).error().code, ErrorCode::kExists);
  EXPECT_EQ(Contents("a.csv"), "2");
  EXPECT_TRUE(files_->Undo("a.csv", files_->Find("a.csv")->version));
  EXPECT_EQ(files_->Find("a.csv")->version, version) << "the version tells the contents";
}

TEST_F(DataFilesTest, ADeletedFileComesBackWithItsFormerVersions) {
  ASSERT_TRUE(files_->Add("a.csv", "1"));
  Replace("a.csv", "2");
  ASSERT_TRUE(files_->Delete("a.csv", ""));
  EXPECT_EQ(files_->Find("a.csv").error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(files_->Add("a.csv", "other"));
  EXPECT_FALSE(files_->Find("a.csv")->undo) << "a new file does not inherit the versions of a deleted one";
  EXPECT_EQ(files_->Restore("a.csv").error().code, ErrorCode::kExists);
  fs::remove(directory_.path() / "a.csv");
  ASSERT_TRUE(files_->Restore("a.csv"));
  EXPECT_EQ(Contents("a.csv"), "2");
  ASSERT_TRUE(files_->Undo("a.csv", ""));
  EXPECT_EQ(Contents("a.csv"), "1");
  EXPECT_EQ(files_->Restore("a.csv").error().code, ErrorCode::kNotFound);
}

TEST_F(DataFilesTest, WhatIsOldIsRemovedAtTheStart) {
  ASSERT_TRUE(Store("a.csv", 0, "12345", false, "old"));
  for (const auto& entry : fs::directory_iterator(directory_.path() / ".uploads")) {
    fs::last_write_time(entry.path(), fs::file_time_type::clock::now() - std::chrono::hours(25));
  }
  ASSERT_TRUE(Store("b.csv", 0, "12345", false, "new"));
  Open();
  EXPECT_EQ(Store("a.csv", 5, "6", true, "old")->state, State::kWrongOffset);
  EXPECT_EQ(Store("b.csv", 5, "6", true, "new")->state, State::kComplete);
}

TEST_F(DataFilesTest, TheLimitHoldsForAllFilesTogether) {
  Open(/*max_bytes=*/1000);
  ASSERT_TRUE(files_->Add("a.csv", std::string(400, 'a')));
  ASSERT_TRUE(files_->Delete("a.csv", ""));
  ASSERT_TRUE(files_->Add("b.csv", std::string(400, 'b')));
  const Result<UploadProgress> none = Store("c.csv", 0, std::string(700, 'c'), true);
  EXPECT_EQ(none->state, State::kNoRoom);
  EXPECT_THAT(none->problem, testing::HasSubstr("--max-data-mb"));
  EXPECT_TRUE(files_->Restore("a.csv")) << "nothing is removed for what has no room anyway";
  ASSERT_TRUE(files_->Delete("a.csv", ""));
  ASSERT_EQ(Store("c.csv", 0, std::string(500, 'c'), true)->state, State::kComplete);
  EXPECT_EQ(files_->Restore("a.csv").error().code, ErrorCode::kNotFound) << "the trash has made room";
  EXPECT_EQ(files_->List()->used_bytes, 900u);
}

TEST_F(DataFilesTest, LinksAndDirectoriesAreNoDataFiles) {
  ASSERT_TRUE(WriteFileAtomically(directory_.path() / "real.csv", "x"));
  fs::create_symlink("/etc/passwd", directory_.path() / "link.csv");
  fs::create_directory(directory_.path() / "folder");
  const DataFiles::Listing listing = files_->List().value();
  ASSERT_EQ(listing.files.size(), 1u);
  EXPECT_EQ(listing.files[0].name, "real.csv");
  EXPECT_EQ(listing.others, 2u);
  EXPECT_EQ(files_->PathOf("link.csv").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(Store("link.csv", 0, "x", true, "a", true).error().code, ErrorCode::kExists);
  EXPECT_EQ(Store("folder", 0, "x", true, "a", true).error().code, ErrorCode::kExists);
}

TEST_F(DataFilesTest, OfTwoThreadsThatReplaceOneVersionOneSucceeds) {
  const std::string version = files_->Add("a.csv", "0")->version;
  std::atomic<int> done = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      const fs::path temporary = files_->NewTemporary("a.csv");
      ASSERT_TRUE(WriteFileAtomically(temporary, std::to_string(i)));
      if (files_->Replace("a.csv", temporary, version)) ++done;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(done, 1);
}

}  // namespace
}  // namespace winnow
