#include "workspace/file_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "base/temporary_directory.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

TEST(FileName, NamesOfLettersDigitsAndAFewSignsAreAccepted) {
  for (const char* name : {"sms.tsv", "a", "My data-2_final.csv.gz", "Käse.csv", "данные.jsonl", "数据.txt", "-x"}) {
    EXPECT_TRUE(CheckDataFileName(name)) << name;
  }
  EXPECT_TRUE(CheckDataFileName(std::string(100, 'a')));
}

TEST(FileName, OtherNamesAreRefused) {
  for (const std::string name : {"", ".", "..", ".hidden", " a", "a ", "a/b", "../a", "a\\b", "a:b", "a\nb", "a%b",
                                 "\xFF", "a\xE2\x80\xAE.csv", "\xE2\x80\x8B", "a*"}) {
    EXPECT_FALSE(CheckDataFileName(name)) << name;
  }
  EXPECT_FALSE(CheckDataFileName(std::string_view("a\0b", 3)));
  EXPECT_FALSE(CheckDataFileName(std::string(101, 'a')));
}

TEST(FileName, ANameLeadsNowhereElse) {
  const ScopedTemporaryDirectory directory = ScopedTemporaryDirectory::Make("names").value();
  const fs::path data = directory.path() / "data";
  fs::create_directories(data / "more");
  fs::create_directories(data / ".trash");
  ASSERT_TRUE(WriteFileAtomically(data / "a.csv", "x"));
  ASSERT_TRUE(WriteFileAtomically(data / "more" / "b.csv", "x"));
  ASSERT_TRUE(WriteFileAtomically(data / ".trash" / "c.csv", "x"));
  ASSERT_TRUE(WriteFileAtomically(directory.path() / "secret", "x"));
  fs::create_symlink(directory.path() / "secret", data / "link");
  EXPECT_EQ(FindInDirectory(data, "a.csv", "data file").value(), fs::canonical(data / "a.csv"));
  EXPECT_TRUE(FindInDirectory(data, "more/b.csv", "data file"));
  for (const std::string name : {"", "..", "../secret", "/etc/passwd", ".trash/c.csv", "more/../a.csv"}) {
    EXPECT_EQ(FindInDirectory(data, name, "data file").error().code, ErrorCode::kInvalidArgument) << name;
  }
  EXPECT_EQ(FindInDirectory(data, "link", "data file").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(FindInDirectory(data, "none", "data file").error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace winnow
