#include "net/zip_entry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "support/temporary_directory.h"
#include "support/zip_writer.h"

namespace winnow {
namespace {

using ::testing::HasSubstr;

class ZipEntryTest : public ::testing::Test {
 protected:
  Result<void> Extract(const std::string& zip, const std::string& name, uint64_t max_bytes = 1 << 20) {
    EXPECT_TRUE(WriteFileAtomically(directory_.path() / "a.zip", zip));
    return ExtractZipEntry(directory_.path() / "a.zip", name, target(), max_bytes);
  }
  std::filesystem::path target() const { return directory_.path() / "out"; }

  TemporaryDirectory directory_;
};

TEST_F(ZipEntryTest, UnpacksTheEntryThatIsNamed) {
  ASSERT_TRUE(Extract(ZipOf({{"readme", "no"}, {"data/set", "ham\thello\n"}}), "data/set"));
  EXPECT_EQ(*ReadFile(target()), "ham\thello\n");
}

TEST_F(ZipEntryTest, RefusesWhatIsMissingTooLargeOrNoZip) {
  const std::string zip = ZipOf({{"a", "twelve bytes"}});
  EXPECT_THAT(Extract(zip, "b").error().Text(), HasSubstr("'b' is not in the archive"));
  EXPECT_THAT(Extract(zip, "a", 11).error().Text(), HasSubstr("larger than the limit of 11 bytes"));
  EXPECT_THAT(Extract("hello", "a").error().Text(), HasSubstr("zip file"));
  EXPECT_FALSE(std::filesystem::exists(target()));
  EXPECT_EQ(ExtractZipEntry(directory_.path() / "none", "a", target(), 1).error().code, ErrorCode::kNotFound);
}

TEST_F(ZipEntryTest, DamageIsFound) {
  const std::string zip = ZipOf({{"a", std::string(500, 'x')}});
  for (size_t at = 0; at < zip.size(); ++at) {
    std::string bad = zip;
    bad[at] = static_cast<char>(bad[at] ^ 0x21);
    std::filesystem::remove(target());
    const bool unpacked = Extract(bad, "a").has_value();
    EXPECT_TRUE(!unpacked || *ReadFile(target()) == std::string(500, 'x')) << at;
  }
  for (size_t size = 0; size < zip.size(); size += 7) EXPECT_FALSE(Extract(zip.substr(0, size), "a")) << size;
}

}  // namespace
}  // namespace winnow
