#include "bundle/stored_zip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/pytorch_writer.h"

namespace winnow {
namespace {

using ::testing::HasSubstr;

std::string TextOf(const StoredEntry& entry) {
  return {reinterpret_cast<const char*>(entry.data.data()), entry.data.size()};
}

Result<std::vector<StoredEntry>> Read(const std::string& zip) {
  return ReadStoredZip(std::as_bytes(std::span(zip)), "file");
}

const std::string& SmallZip() {
  static const std::string zip = ZipOf({{"a/one", "first"}, {"a/two", ""}, {"three", std::string(300, 'x')}});
  return zip;
}

/// SmallZip(), its first entry's numbers and those of the directory in ZIP64's fields.
std::string Small64() {
  const std::string ones(4, '\xff');
  const auto little = [](uint64_t value, int bytes) { return PickleText::Little(value, bytes); };
  std::string zip = SmallZip();
  const size_t begin = zip.find("PK\x01\x02");
  const size_t end = zip.find("PK\x05\x06");
  zip.replace(begin + 20, 8, ones + ones);
  zip.replace(begin + 42, 4, ones);
  zip.replace(begin + 30, 2, little(34, 2));
  zip.insert(begin + 46 + 5, little(0x4246, 2) + little(2, 2) + "ZZ" + little(1, 2) + little(24, 2) + little(5, 8) +
                                 little(5, 8) + little(0, 8));
  const size_t end64 = end + 34;
  zip.insert(end64, little(0x06064b50, 4) + little(44, 8) + std::string(12, '\0') + little(3, 8) + little(3, 8) +
                        little(end64 - begin, 8) + little(begin, 8) + little(0x07064b50, 4) + little(0, 4) +
                        little(end64, 8) + little(1, 4));
  zip.replace(zip.size() - 12, 10, std::string(10, '\xff'));
  zip.replace(zip.size() - 2, 2, std::string(2, '\0'));
  return zip;
}

TEST(StoredZip, EntriesLieInTheFile) {
  for (const std::string& zip : {SmallZip(), Small64()}) {
    const auto entries = Read(zip);
    ASSERT_TRUE(entries) << entries.error().Text();
    ASSERT_EQ(entries->size(), 3u);
    EXPECT_EQ((*entries)[0].name, "a/one");
    EXPECT_EQ(TextOf((*entries)[0]), "first");
    EXPECT_EQ(TextOf((*entries)[1]), "");
    EXPECT_EQ(TextOf((*entries)[2]), std::string(300, 'x'));
    EXPECT_EQ(static_cast<const void*>((*entries)[0].data.data()), zip.data() + 30 + 5);
    for (const StoredEntry& entry : *entries) EXPECT_TRUE(CheckSum(entry, "file"));
  }
}

TEST(StoredZip, CommentMayFollow) {
  std::string zip = SmallZip();
  zip.replace(zip.size() - 2, 2, std::string("\x03\x00", 2));
  EXPECT_EQ(Read(zip + "PK!").value().size(), 3u);
  EXPECT_FALSE(Read(zip + "PK"));
}

TEST(StoredZip, DamagedContentsAreNoticed) {
  std::string zip = SmallZip();
  zip[30 + 5] = 'F';
  const auto entries = Read(zip).value();
  EXPECT_THAT(CheckSum(entries[0], "file").error().message, HasSubstr("'a/one' is damaged"));
  EXPECT_TRUE(CheckSum(entries[2], "file"));
}

TEST(StoredZip, CompressedAndEncryptedEntriesAreRefused) {
  for (const int offset : {8, 10}) {
    std::string zip = SmallZip();
    zip[zip.find("PK\x01\x02") + static_cast<size_t>(offset)] |= 1;
    EXPECT_EQ(Read(zip).error().code, ErrorCode::kUnsupported);
  }
}

TEST(StoredZip, EveryTruncationIsRefused) {
  for (const std::string& zip : {SmallZip(), Small64()}) {
    for (size_t size = 0; size < zip.size(); ++size) EXPECT_FALSE(Read(zip.substr(0, size))) << size;
  }
}

TEST(StoredZip, FlippedBytesStayWithinTheFile) {
  size_t sound = 0, damaged = 0;
  for (const std::string& original : {SmallZip(), Small64()}) {
    for (size_t at = 0; at < original.size(); ++at) {
      for (const int flip : {0x01, 0x80, 0xff}) {
        std::string zip = original;
        zip[at] = static_cast<char>(zip[at] ^ flip);
        const auto entries = Read(zip);
        if (!entries) continue;
        for (const StoredEntry& entry : *entries) ++(CheckSum(entry, "file") ? sound : damaged);  // touches every byte
      }
    }
  }
  EXPECT_GT(sound, 0u);
  EXPECT_GT(damaged, 0u);  // flips in the data
}

}  // namespace
}  // namespace winnow
