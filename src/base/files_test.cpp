#include "base/files.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace winnow
