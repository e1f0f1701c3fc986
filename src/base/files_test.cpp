#include "base/files.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
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

}  // namespace
}  // namespace winnow
