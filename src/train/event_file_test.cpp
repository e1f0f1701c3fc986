#include "train/event_file.h"

#include <gmock/gmock.h>

#include <cstring>

#include "base/files.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

TEST(Crc32c, EqualsKnownOnes) {
  // RFC 3720, appendix B.4, and the check value that catalogues of CRCs give.
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  EXPECT_EQ(Crc32c(""), 0u);
}

TEST(EventFile, IsAListOfRecords) {
  const TemporaryDirectory dir;
  {
    auto events = EventFile::Create(dir.path() / "runs");
    ASSERT_TRUE(events) << events.error().Text();
    ASSERT_TRUE(events->AddScalar("train/loss", 0.5, 300));
    ASSERT_TRUE(events->AddScalar("eval/f1_macro", 0.25, 301));
    ASSERT_TRUE(events->AddRestart(300));
  }
  std::filesystem::path file;
  for (const auto& entry : std::filesystem::directory_iterator(dir.path() / "runs")) file = entry.path();
  EXPECT_THAT(file.filename().string(), testing::StartsWith("events.out.tfevents."));
  const std::string bytes = ReadFile(file).value();
  std::vector<std::string> records;
  for (size_t at = 0; at < bytes.size();) {
    uint64_t length = 0;
    ASSERT_LE(at + 12, bytes.size());
    std::memcpy(&length, bytes.data() + at, 8);
    ASSERT_LE(at + 16 + length, bytes.size());
    const auto masked = [](uint32_t crc) { return (crc >> 15 | crc << 17) + 0xa282ead8u; };
    uint32_t of_length = 0, of_data = 0;
    std::memcpy(&of_length, bytes.data() + at + 8, 4);
    std::memcpy(&of_data, bytes.data() + at + 12 + length, 4);
    records.push_back(bytes.substr(at + 12, length));
    EXPECT_EQ(of_length, masked(Crc32c(bytes.substr(at, 8))));
    EXPECT_EQ(of_data, masked(Crc32c(records.back())));
    at += 16 + length;
  }
  ASSERT_EQ(records.size(), 4u);
  EXPECT_THAT(records[0], testing::EndsWith("\x1a\x0d"
                                            "brain.Event:2"));
  // After the time: step 300; a summary of one value with its tag and 0.5 as a float.
  EXPECT_EQ(records[1].substr(9), std::string("\x10\xac\x02"
                                              "\x2a\x13"
                                              "\x0a\x11"
                                              "\x0a\x0a"
                                              "train/loss"
                                              "\x15\x00\x00\x00\x3f",
                                              24));
  // After the time: step 300; a session that starts.
  EXPECT_EQ(records[3].substr(9), std::string("\x10\xac\x02"
                                              "\x3a\x02"
                                              "\x08\x01",
                                              7));
}

}  // namespace
}  // namespace winnow
