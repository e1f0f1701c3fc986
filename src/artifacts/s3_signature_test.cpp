#include "artifacts/s3_signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hash.h"

namespace winnow {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

// The examples of AWS's "Signature Calculations for the Authorization Header: Transferring Payload in a Single Chunk"
// (https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html): their keys, requests and signatures.
const S3Keys kExampleKeys = {"AKIAIOSFODNN7EXAMPLE", Secret(std::string("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")),
                             Secret()};
const S3Time kTime{std::chrono::seconds(1369353600)};  // 20130524T000000Z
const std::string kEmpty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

S3SignedRequest Example(const std::string& method, const std::string& path, const std::string& payload = kEmpty) {
  return {method,
          path,
          {},
          {{"host", "examplebucket.s3.amazonaws.com"},
           {"x-amz-date", "20130524T000000Z"},
           {"x-amz-content-sha256", payload}},
          payload};
}

TEST(S3Signature, AwsExampleGetObject) {
  S3SignedRequest request = Example("GET", "/test.txt");
  request.headers.emplace_back("range", "bytes=0-9");
  EXPECT_EQ(S3Authorization(request, kExampleKeys, "us-east-1", kTime),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
            "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
            "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(S3Signature, AwsExamplePutObject) {
  S3SignedRequest request = Example("PUT", "/test%24file.text", Sha256("Welcome to Amazon S3."));
  EXPECT_EQ(request.payload, "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072");
  request.headers.emplace_back("date", "Fri, 24 May 2013 00:00:00 GMT");
  request.headers.emplace_back("x-amz-storage-class", "REDUCED_REDUNDANCY");
  EXPECT_THAT(S3Authorization(request, kExampleKeys, "us-east-1", kTime),
              EndsWith("Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"));
}

TEST(S3Signature, AwsExampleOfAParameterWithoutValue) {
  S3SignedRequest request = Example("GET", "/");
  request.query = {{"lifecycle", ""}};
  EXPECT_THAT(S3Authorization(request, kExampleKeys, "us-east-1", kTime),
              EndsWith("Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"));
}

TEST(S3Signature, AwsExampleListObjects) {
  S3SignedRequest request = Example("GET", "/");
  request.query = {{"prefix", "J"}, {"max-keys", "2"}};
  EXPECT_THAT(S3Authorization(request, kExampleKeys, "us-east-1", kTime),
              EndsWith("Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"));
}

// "get-vanilla" and "get-vanilla-query-order-key-case" of AWS's Signature Version 4 test suite
// (https://docs.aws.amazon.com/general/latest/gr/signature-v4-test-suite.html).
TEST(S3Signature, AwsTestSuite) {
  const S3Keys keys = {"AKIDEXAMPLE", Secret(std::string("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")), Secret()};
  const S3Time time{std::chrono::seconds(1440938160)};  // 20150830T123600Z
  S3SignedRequest request = {
      "GET", "/", {}, {{"host", "example.amazonaws.com"}, {"x-amz-date", "20150830T123600Z"}}, kEmpty};
  EXPECT_THAT(S3Authorization(request, keys, "us-east-1", time, "service"),
              EndsWith("Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"));
  request.query = {{"Param2", "value2"}, {"Param1", "value1"}};
  EXPECT_THAT(S3Authorization(request, keys, "us-east-1", time, "service"),
              EndsWith("Signature=b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"));
}

TEST(S3Signature, QueryIsEncodedAndSorted) {
  EXPECT_EQ(S3Query({{"prefix", "a b/+é=&"}, {"list-type", "2"}, {"uploads", ""}}),
            "list-type=2&prefix=a%20b%2F%2B%C3%A9%3D%26&uploads=");
  EXPECT_EQ(S3Query({}), "");
}

TEST(S3Signature, ValuesOfHeadersAreTrimmed) {
  S3SignedRequest plain = Example("GET", "/"), spaced = plain;
  plain.headers.emplace_back("x-amz-meta-a", "b c");
  spaced.headers.emplace_back("x-amz-meta-a", "  b   c ");
  EXPECT_EQ(S3Authorization(plain, kExampleKeys, "us-east-1", kTime),
            S3Authorization(spaced, kExampleKeys, "us-east-1", kTime));
}

TEST(S3Signature, SecretIsNotInTheHeader) {
  EXPECT_THAT(S3Authorization(Example("GET", "/"), kExampleKeys, "eu-central-1", kTime),
              ::testing::Not(HasSubstr(kExampleKeys.secret_access_key.Reveal())));
}

}  // namespace
}  // namespace winnow
