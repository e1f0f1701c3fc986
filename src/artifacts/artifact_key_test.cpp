#include "artifacts/artifact_key.h"

#include <gtest/gtest.h>

#include <string>

#include "support/error_of.h"

namespace winnow {
namespace {

TEST(ArtifactKey, RelativePathsAreKeys) {
  for (const std::string key : {"a", "spam/2.1.0/model.safetensors", "spam/2.1.0/onnx/model.onnx",
                                "a b/c+d/é=%41&x.txt", ".hidden", "a/...", "..a/b..", "\xef\xbf\xbd"}) {
    EXPECT_TRUE(CheckArtifactKey(key)) << key;
  }
  EXPECT_TRUE(CheckArtifactKey(std::string(255, 'a') + "/" + std::string(255, 'b')));
}

TEST(ArtifactKey, HostileKeysAreRefused) {
  const std::string zero("a\0b", 3);
  for (const std::string& key : {std::string(),
                                 std::string("/"),
                                 std::string("/etc/passwd"),
                                 std::string(".."),
                                 std::string("../a"),
                                 std::string("a/../b"),
                                 std::string("a/.."),
                                 std::string("."),
                                 std::string("a/./b"),
                                 std::string("a//b"),
                                 std::string("a/"),
                                 std::string("a\\b"),
                                 std::string("..\\a"),
                                 std::string("a\nb"),
                                 std::string("a\x7f"),
                                 zero,
                                 std::string("a\xff"),
                                 std::string("a\xc0\xaf"),
                                 std::string("\xed\xa0\x80"),
                                 std::string("a\xef\xbf\xbf"),
                                 std::string(".incoming/a"),
                                 std::string("a/.incoming"),
                                 std::string(256, 'a'),
                                 std::string(200, 'a') + "/" + std::string(200, 'a') + "/" + std::string(200, 'a') +
                                     "/" + std::string(200, 'a')}) {
    EXPECT_EQ(ErrorOf(CheckArtifactKey(key)).code, ErrorCode::kInvalidArgument) << key;
  }
}

TEST(ArtifactKey, PrefixesMayEndAnywhere) {
  for (const std::string prefix : {"", "a", "a/", "a/b.", "a/..", ".", "a/.inc"})
    EXPECT_TRUE(CheckArtifactPrefix(prefix)) << prefix;
  for (const std::string prefix : {"/", "/a", "a//", "../", "a/../b", "a/./", "a\n", ".incoming/"})
    EXPECT_EQ(ErrorOf(CheckArtifactPrefix(prefix)).code, ErrorCode::kInvalidArgument) << prefix;
}

TEST(ArtifactKey, ErrorsShowTheKeyWithoutControlCharacters) {
  EXPECT_EQ(ErrorOf(CheckArtifactKey("a\x1b[1mb")).message, "artifact key 'a\\x1b[1mb': contains a control character");
}

}  // namespace
}  // namespace winnow
