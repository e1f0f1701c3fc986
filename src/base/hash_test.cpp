#include "base/hash.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

// FIPS 180-4's example vectors.
constexpr char kEmpty[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr char kAbc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Hash, MatchesTheStandardsExamples) {
  EXPECT_EQ(Sha256(""), kEmpty);
  EXPECT_EQ(Sha256("abc"), kAbc);
  Hasher hasher(Hasher::Kind::kSha1);
  hasher.Update("a");
  hasher.Update("bc");
  EXPECT_EQ(hasher.Hex(), "a9993e364706816aba3e25717850c26c9cd0d89d");
}

TEST(Hash, FilesOfEverySizeAroundTheBufferMatchMemory) {
  const TemporaryDirectory dir;
  for (const size_t size : {size_t{0}, size_t{1}, (size_t{1} << 20) - 1, size_t{1} << 20, (size_t{1} << 20) + 1}) {
    const std::string contents(size, 'x');
    ASSERT_TRUE(WriteFileAtomically(dir.path() / "f", contents));
    EXPECT_EQ(Sha256OfFile(dir.path() / "f").value(), Sha256(contents)) << size;
  }
}

TEST(Hash, GitBlobNameIsGits) {
  const TemporaryDirectory dir;
  ASSERT_TRUE(WriteFileAtomically(dir.path() / "f", "hello\n"));
  EXPECT_EQ(GitBlobSha1OfFile(dir.path() / "f").value(),
            "ce013625030ba8dba906f756967f9e9ca394464a");  // git hash-object
}

TEST(Hash, MissingFileAndDirectoryAreErrors) {
  const TemporaryDirectory dir;
  EXPECT_EQ(Sha256OfFile(dir.path() / "none").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(Sha256OfFile(dir.path()).error().code, ErrorCode::kIo);
  EXPECT_FALSE(GitBlobSha1OfFile(dir.path() / "none"));
}

TEST(Hash, RecognizesHexDigests) {
  EXPECT_TRUE(IsHexDigest(kAbc, 64));
  EXPECT_FALSE(IsHexDigest(kAbc, 40));
  EXPECT_FALSE(IsHexDigest("XY", 2));
}

}  // namespace
}  // namespace winnow
