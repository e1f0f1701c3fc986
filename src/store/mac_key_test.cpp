#include "store/mac_key.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/files.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

TEST(MacKey, IsTheFileWithoutLineEnds) {
  const TemporaryDirectory directory;
  const std::filesystem::path path = directory.path() / "key";
  const std::string key(32, 'k');
  ASSERT_TRUE(WriteFileAtomically(path, key + "\r\n"));
  EXPECT_EQ(ReadMacKey(path).value(), key);
  ASSERT_TRUE(WriteFileAtomically(path, "\n" + key));
  EXPECT_EQ(ReadMacKey(path).value(), "\n" + key);
}

TEST(MacKey, ShortKeysAndForeignFilesAreRefused) {
  const TemporaryDirectory directory;
  const std::filesystem::path path = directory.path() / "key";
  for (const std::string& contents : {std::string(), std::string("\n\n"), std::string(31, 's') + "\n"}) {
    ASSERT_TRUE(WriteFileAtomically(path, contents));
    const auto read = ReadMacKey(path);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, ErrorCode::kInvalidData);
    EXPECT_EQ(read.error().Text().find("sss"), std::string::npos);
  }
  EXPECT_EQ(ReadMacKey(directory.path() / "none").error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(WriteFileAtomically(path, std::string(64, 'k')));
  std::filesystem::permissions(path, std::filesystem::perms::all);
  EXPECT_EQ(ReadMacKey(path).error().code, ErrorCode::kIo) << "others can write it";
}

}  // namespace
}  // namespace winnow
