#include "artifacts/s3_checksum.h"

#include <gtest/gtest.h>

namespace winnow {
namespace {

// The SHA-256 of no bytes, and RFC 1321's example of the MD5 of "abc".
TEST(S3Checksum, ChecksumsAndTheirBase64) {
  EXPECT_EQ(Base64OfHex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
  EXPECT_EQ(Md5("abc"), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(Base64OfHex(Md5("abc")), "kAFQmDzST7DWlj99KOF/cg==");
  EXPECT_EQ(Base64OfHex(""), "");
}

}  // namespace
}  // namespace winnow
