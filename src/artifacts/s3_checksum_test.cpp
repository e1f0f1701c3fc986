#include "artifacts/s3_checksum.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

// The digest of no bytes, and RFC 1321's example of "abc".
TEST(S3Checksum, ChecksumsAndTheirBase64) {
  const S3Checksums empty = ChecksumsOf("");
  EXPECT_EQ(empty.sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Base64OfHex(empty.sha256), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
  const S3Checksums abc = ChecksumsOf("abc");
  EXPECT_EQ(abc.md5, "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(Base64OfHex(abc.md5), "kAFQmDzST7DWlj99KOF/cg==");
  EXPECT_EQ(Base64OfHex(""), "");
}

}  // namespace
}  // namespace winnow
