#include "base/files.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "support/temporary_directory.h"

namespace winnow {
namespace {

TEST(Files, AWrittenFileReadsBackAndLeavesNoTemporary) {
  TemporaryDirectory directory;
  const auto path = directory.path() / "file";
  ASSERT_TRUE(WriteFileAtomically(path, "first"));
  ASSERT_TRUE(WriteFileAtomically(path, std::string("sec\0nd", 6)));
  EXPECT_EQ(ReadFile(path).value(), std::string("sec\0nd", 6));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory.path()), {}), 1);
}

TEST(Files, AWriterThatFailsLeavesTheOldContents) {
  TemporaryDirectory directory;
  const auto path = directory.path() / "file";
  ASSERT_TRUE(WriteFileAtomically(path, "old"));
  const auto result = WriteFileAtomically(path, [](const FileSink& sink) -> Result<void> {
    TRY(sink(std::as_bytes(std::span("half", 4))));
    return Fail(ErrorCode::kInvalidData, "stopped in the middle");
  });
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message, "stopped in the middle");
  EXPECT_EQ(ReadFile(path).value(), "old");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory.path()), {}), 1);
}

/// In a container, each process that was killed had the same id.
TEST(Files, FilesThatKilledWritersLeftAreInNobodysWay) {
  TemporaryDirectory directory;
  const auto path = directory.path() / "file";
  for (int i = 0; i < 200; ++i) {
    const std::string left = path.string() + ".tmp" + std::to_string(::getpid()) + "." + std::to_string(i);
    std::ofstream(left) << "half";
  }
  ASSERT_TRUE(WriteFileAtomically(path, "whole"));
  EXPECT_EQ(ReadFile(path).value(), "whole");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory.path()), {}), 201);
}

TEST(Files, ATreeIsMadeDurableWithoutPipesAndLinks) {
  TemporaryDirectory directory;
  const auto root = directory.path() / "tree";
  std::filesystem::create_directories(root / "a" / "b");
  std::ofstream(root / "a" / "b" / "file") << "text";
  ASSERT_EQ(::mkfifo((root / "pipe").c_str(), 0600), 0);
  std::filesystem::create_symlink("missing", root / "link");
  EXPECT_TRUE(SyncTree(root));
  EXPECT_EQ(SyncTree(directory.path() / "missing").error().code, ErrorCode::kNotFound);
  SyncDirectory("");
  SyncDirectory(directory.path() / "missing");
}

TEST(Files, AMissingDirectoryIsAnErrorThatNamesTheFile) {
  TemporaryDirectory directory;
  const auto result = WriteFileAtomically(directory.path() / "missing" / "file", "x");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kNotFound);
  EXPECT_NE(result.error().message.find("missing"), std::string::npos);
}

TEST(Files, AMapHoldsTheFilesBytesAfterTheFileIsReplaced) {
  TemporaryDirectory directory;
  const auto path = directory.path() / "file";
  ASSERT_TRUE(WriteFileAtomically(path, "mapped"));
  const MappedFile file = MappedFile::Open(path).value();
  ASSERT_TRUE(WriteFileAtomically(path, "other"));
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()), "mapped");
}

TEST(Files, AnEmptyFileMapsToNothingAndAMissingOneIsNotFound) {
  TemporaryDirectory directory;
  ASSERT_TRUE(WriteFileAtomically(directory.path() / "empty", ""));
  EXPECT_TRUE(MappedFile::Open(directory.path() / "empty").value().bytes().empty());
  EXPECT_EQ(MappedFile::Open(directory.path() / "none").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(ReadFile(directory.path() / "none").error().code, ErrorCode::kNotFound);
}

TEST(Files, LinesAreAppendedToWhatIsThere) {
  TemporaryDirectory directory;
  const auto path = directory.path() / "lines";
  ASSERT_TRUE(AppendLine(path, "first"));
  ASSERT_TRUE(AppendLine(path, "second"));
  EXPECT_EQ(ReadFile(path).value(), "first\nsecond\n");
  ASSERT_TRUE(WriteFileAtomically(path, "first\nsec"));
  ASSERT_TRUE(AppendLine(path, "third"));
  EXPECT_EQ(ReadFile(path).value(), "first\nsec\nthird\n");
  EXPECT_EQ(AppendLine(directory.path() / "missing" / "lines", "x").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(AppendLine(directory.path(), "x").error().code, ErrorCode::kIo);
}

TEST(Files, ALineThatDoesNotFitLeavesTheFileAsItWas) {
  EXPECT_EQ(AppendLine("/dev/full", "x").error().code, ErrorCode::kIo);
  TemporaryDirectory directory;
  const auto path = directory.path() / "lines";
  ASSERT_TRUE(AppendLine(path, "first"));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit small = before;
  small.rlim_cur = 20;
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto result = AppendLine(path, std::string(100, 'x'));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  ASSERT_FALSE(result);
  EXPECT_EQ(ReadFile(path).value(), "first\n");
}

TEST(Files, LinesOfManyThreadsStandWholeAndAlone) {
  TemporaryDirectory directory;
  const auto path = directory.path() / "lines";
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 10; ++i) EXPECT_TRUE(AppendLine(path, std::string(5000, static_cast<char>('a' + t))));
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::string text = ReadFile(path).value();
  ASSERT_EQ(text.size(), 40u * 5001);
  for (size_t line = 0; line < 40; ++line) {
    EXPECT_EQ(text.substr(line * 5001, 5001), std::string(5000, text[line * 5001]) + "\n");
  }
}

mode_t ModeOf(const std::filesystem::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777u : 0;
}

Result<void> Append(const std::filesystem::path& path, const std::string& text) {
  return UpdateSecretFile(path, 1 << 20, [&](const std::optional<std::string>& contents) -> Result<std::string> {
    return contents.value_or("") + text;
  });
}

TEST(Files, ASecretFileIsItsOwnersAlone) {
  TemporaryDirectory directory;
  const auto path = directory.path() / "keys";
  ASSERT_TRUE(Append(path, "a"));
  EXPECT_EQ(ModeOf(path), 0600u);
  ASSERT_TRUE(Append(path, "b"));
  EXPECT_EQ(ModeOf(path), 0600u);
  const SecretFile file = ReadSecretFile(path, 2).value();
  EXPECT_EQ(file.contents, "ab");
  EXPECT_FALSE(file.others_read);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory.path()), {}), 1) << "nothing is left behind";
}

TEST(Files, ASecretFileKeepsThatItsGroupReadsItButNobodyElse) {
  TemporaryDirectory directory;
  const auto path = directory.path() / "keys";
  ASSERT_TRUE(Append(path, "a"));
  ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
  EXPECT_TRUE(ReadSecretFile(path, 10)->others_read);
  ASSERT_TRUE(Append(path, "b"));
  EXPECT_EQ(ModeOf(path), 0640u);
}

TEST(Files, ASecretFileThatOthersCouldHaveWrittenIsRefused) {
  TemporaryDirectory directory;
  const auto path = directory.path() / "keys";
  ASSERT_TRUE(Append(path, "a"));
  for (const mode_t mode : {0620u, 0602u, 0666u}) {
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
    const auto read = ReadSecretFile(path, 10);
    ASSERT_FALSE(read);
    EXPECT_NE(read.error().hint.find("chmod go-w"), std::string::npos);
    EXPECT_FALSE(Append(path, "b"));
  }
  EXPECT_EQ(ReadFile(path).value(), "a");
}

TEST(Files, WhatIsNoSecretFileIsRefused) {
  TemporaryDirectory directory;
  EXPECT_EQ(ReadSecretFile(directory.path() / "none", 10).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(ReadSecretFile(directory.path(), 10).error().code, ErrorCode::kIo);
  const auto pipe = directory.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(ReadSecretFile(pipe, 10).error().code, ErrorCode::kIo) << "and nobody waits for its other end";
  ASSERT_TRUE(Append(directory.path() / "large", "eleven char"));
  EXPECT_EQ(ReadSecretFile(directory.path() / "large", 10).error().code, ErrorCode::kInvalidData);
  EXPECT_EQ(Append(directory.path() / "missing" / "file", "a").error().code, ErrorCode::kNotFound);
}

TEST(Files, ALinkToASecretFileStaysALink) {
  TemporaryDirectory directory;
  const auto link = directory.path() / "link";
  std::filesystem::create_symlink("real", link);
  ASSERT_TRUE(Append(link, "a"));
  ASSERT_TRUE(Append(link, "b"));
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_EQ(ReadFile(directory.path() / "real").value(), "ab");
}

TEST(Files, NoChangeOfASecretFileIsLostAmongThreads) {
  TemporaryDirectory directory;
  const auto path = directory.path() / "keys";
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 10; ++i) EXPECT_TRUE(Append(path, "x"));
      });
    }
  }
  EXPECT_EQ(ReadFile(path).value(), std::string(40, 'x'));
}

}  // namespace
}  // namespace winnow
