#include "data/tar_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "base/random.h"
#include "support/gzip_file.h"
#include "support/tar_writer.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TarReaderTest : public ::testing::Test {
 protected:
  std::filesystem::path Write(std::string_view contents) {
    EXPECT_TRUE(WriteFileAtomically(directory_.path() / "a.tar", contents));
    return directory_.path() / "a.tar";
  }
  std::filesystem::path WriteGzip(std::string_view contents) {
    const std::filesystem::path path = directory_.path() / "a.tar.gz";
    winnow::WriteGzip(path, contents);
    return path;
  }
  /// "name:contents" of each member, and at last an error's text.
  std::vector<std::string> Members(const std::filesystem::path& path, size_t limit = 1 << 20) {
    std::vector<std::string> members;
    Result<TarReader> reader = TarReader::Open(path);
    if (!reader) return {"error: " + reader.error().Text()};
    for (;;) {
      const Result<bool> more = reader->Next();
      if (!more) members.push_back("error: " + more.error().Text());
      if (!more || !*more) return members;
      const Result<std::string> contents = reader->Read(limit);
      if (!contents) members.push_back("error: " + contents.error().Text());
      if (!contents) return members;
      members.push_back(reader->name() + ":" + *contents);
    }
  }

  TemporaryDirectory directory_;
};

TEST_F(TarReaderTest, ReadsPlainFilesAndPassesOverTheRest) {
  const std::string tar = TarMember("enron1/", "", '5') + TarMember("enron1/a.txt", "one") +
                          TarMember("link", "", '2') + TarMember("b.txt", std::string(1000, 'x')) +
                          TarMember("empty", "") + std::string(1024, '\0');
  const auto expected = ElementsAre("enron1/a.txt:one", "b.txt:" + std::string(1000, 'x'), "empty:");
  EXPECT_THAT(Members(Write(tar)), expected);
  EXPECT_THAT(Members(WriteGzip(tar)), expected);
}

TEST_F(TarReaderTest, ReadsGnuLongNamesAndPassesOverPaxHeaders) {
  const std::string name = "enron1/ham/" + std::string(150, 'n') + ".txt";
  const std::string tar = TarMember("././@LongLink", name + std::string(1, '\0'), 'L') + TarMember("cut", "one") +
                          TarMember("pax", "30 mtime=1\n", 'x') + TarMember("b", "two") + std::string(1024, '\0');
  EXPECT_THAT(Members(Write(tar)), ElementsAre(name + ":one", "b:two"));
}

TEST_F(TarReaderTest, MembersThatAreNotReadArePassedOver) {
  Result<TarReader> reader = TarReader::Open(Write(TarOf({{"a", std::string(5000, 'x')}, {"b", "two"}})));
  ASSERT_TRUE(*reader->Next());
  EXPECT_EQ(reader->size(), 5000u);
  ASSERT_TRUE(*reader->Next());
  EXPECT_EQ(reader->name(), "b");
}

TEST_F(TarReaderTest, RefusesMembersOverTheLimitAndSizesThatMakeNoSense) {
  EXPECT_THAT(Members(Write(TarOf({{"a", std::string(100, 'x')}})), 99), ElementsAre(HasSubstr("more than 99")));
  std::string huge = TarMember("a", "");
  huge.replace(124, 11, "77777777777");
  EXPECT_THAT(Members(Write(huge)), ElementsAre(HasSubstr("sum is wrong")));
  EXPECT_THAT(Members(Write("")), ElementsAre(HasSubstr("empty")));
  EXPECT_THAT(Members(Write("hello")), ElementsAre(HasSubstr("cut off")));
  EXPECT_THAT(Members(Write(std::string(2000, 'a'))), ElementsAre(HasSubstr("no tar file")));
  EXPECT_THAT(Members(directory_.path() / "none"), ElementsAre(HasSubstr("none")));
}

TEST_F(TarReaderTest, EveryCutIsFound) {
  const std::string tar = TarOf({{"a", "one"}, {"b", std::string(700, 'x')}});
  for (size_t size = 0; size < tar.size() - 1023; size += 37) {
    EXPECT_THAT(Members(Write(tar.substr(0, size))).back(), HasSubstr("error")) << size;
  }
  const std::string packed = *ReadFile(WriteGzip(tar));
  for (size_t size = 0; size < packed.size() - 8; size += 3) {
    const auto path = Write(packed.substr(0, size));
    EXPECT_THAT(Members(path).back(), HasSubstr("error")) << size;
  }
}

TEST_F(TarReaderTest, FlippedBytesEndInAnErrorOrInMembers) {
  const std::string tar = TarOf({{"a", "one"}, {"b", std::string(700, 'x')}});
  const std::string packed = *ReadFile(WriteGzip(tar));
  Random random(1);
  for (int round = 0; round < 300; ++round) {
    for (const std::string& good : {tar, packed}) {
      std::string bad = good;
      for (int flips = 0; flips < 3; ++flips) {
        bad[random.Below(static_cast<uint32_t>(bad.size()))] = static_cast<char>(random.Below(256));
      }
      EXPECT_LE(Members(Write(bad)).size(), 4u);
    }
  }
}

}  // namespace
}  // namespace winnow
