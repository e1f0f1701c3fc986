#include "data/gzip_reader.h"

#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <sstream>
#include <string>

#include "support/gzip_file.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

class GzipReaderTest : public ::testing::Test {
 protected:
  /// What a file of these bytes reads as, or the error.
  std::string Read(const std::string& bytes, size_t piece) const {
    const auto path = directory_.path() / "read";
    std::ofstream(path, std::ios::binary) << bytes;
    GzipReader reader = GzipReader::Open(path).value();
    std::string all, buffer(piece, '\0');
    for (;;) {
      const Result<size_t> got = reader.Read(buffer.data(), piece);
      if (!got) return got.error().message;
      all.append(buffer, 0, *got);
      if (*got < piece) return all;
    }
  }
  std::string Packed(const std::string& text) const {
    const auto path = directory_.path() / "packed";
    WriteGzip(path, text);
    std::ostringstream contents;
    contents << std::ifstream(path, std::ios::binary).rdbuf();
    return contents.str();
  }
  TemporaryDirectory directory_;
};

TEST_F(GzipReaderTest, OtherFilesAreReadAsTheyAre) {
  for (const size_t piece : {1U, 3U, 100'000U}) {
    for (const std::string& text :
         {std::string(), std::string("\x1f"), std::string("plain"), std::string(200'000, 'x')})
      EXPECT_EQ(Read(text, piece), text) << text.size();
  }
}

TEST_F(GzipReaderTest, MembersAreReadAsOneAndWhatFollowsIsIgnored) {
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += std::to_string(i * 7919 % 10'007) + ' ';
  for (const size_t piece : {7U, 1U << 16, 1U << 20}) {
    EXPECT_EQ(Read(Packed(text), piece), text);
    EXPECT_EQ(Read(Packed(text) + Packed("") + Packed("end"), piece), text + "end");
    EXPECT_EQ(Read(Packed("a") + std::string(1024, '\0'), piece), "a") << "padding of tapes";
    EXPECT_EQ(Read(Packed(""), piece), "");
  }
}

TEST_F(GzipReaderTest, DamageIsTold) {
  const std::string packed = Packed(std::string(1000, 'a') + "some text");
  for (size_t size = 2; size < packed.size(); ++size) {
    EXPECT_NE(Read(packed.substr(0, size), 4096).find("damaged or incomplete gzip"), std::string::npos) << size;
  }
  for (const size_t at : {packed.size() - 1, packed.size() - 8, size_t{2}}) {  // the length, the checksum, the method
    std::string changed = packed;
    changed[at] = static_cast<char>(changed[at] ^ 0x55);
    EXPECT_NE(Read(changed, 4096).find("damaged or incomplete gzip"), std::string::npos) << at;
  }
}

}  // namespace
}  // namespace winnow
