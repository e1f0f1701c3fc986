#include "artifacts/s3_xml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "support/error_of.h"

namespace winnow {
namespace {

using ::testing::HasSubstr;

TEST(S3Xml, TreeOfElements) {
  const XmlElement root =
      ParseXml(
          "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<s3:A xmlns:s3=\"urn:x\"><B>1 &amp; &#233;</B><B>2</B>"
          "<C><D><![CDATA[<x>]]></D></C></s3:A>")
          .value();
  EXPECT_EQ(root.name, "A");
  ASSERT_EQ(root.children.size(), 3u);
  EXPECT_EQ(root.Text("B"), "1 & é");
  EXPECT_EQ(root.children[1].text, "2");
  EXPECT_EQ(root.Child("C")->Text("D"), "<x>");
  EXPECT_EQ(root.Child("E"), nullptr);
  EXPECT_EQ(root.Text("E"), "");
}

TEST(S3Xml, DocumentsThatAreNotValidAreRefused) {
  for (const std::string document : {"", "no xml", "<A>", "<A></B>", "<A/><B/>", "<A>\x01</A>", "<A>\xff</A>",
                                     "{\"a\": 1}", "<A>&unknown;</A>", "<a:/>", "<A><b:>c</b:></A>"})
    EXPECT_EQ(ErrorOf(ParseXml(document)).code, ErrorCode::kNetwork) << document;
  std::string deep;
  for (int i = 0; i < 9; ++i) deep += "<A>";
  for (int i = 0; i < 9; ++i) deep += "</A>";
  EXPECT_THAT(ErrorOf(ParseXml(deep)).message, HasSubstr("nested too deeply"));
  EXPECT_TRUE(ParseXml(deep.substr(3, deep.size() - 7)));
  std::string wide = "<A>";
  for (int i = 0; i < 100'000; ++i) wide += "<B/>";
  EXPECT_THAT(ErrorOf(ParseXml(wide + "</A>")).message, HasSubstr("100,000"));
}

TEST(S3Xml, EntitiesOfADocumentTypeAreRefused) {
  const std::string document =
      "<?xml version=\"1.0\"?><!DOCTYPE A [<!ENTITY a \"xxxxxxxxxx\"><!ENTITY b \"&a;&a;&a;\">"
      "<!ENTITY c SYSTEM \"file:///etc/passwd\">]><A>&b;&c;</A>";
  EXPECT_THAT(ErrorOf(ParseXml(document)).message, HasSubstr("document type"));
}

TEST(S3Xml, ErrorAnswers) {
  const auto error = ParseS3Error(
      "<?xml version=\"1.0\"?><Error><Code>AuthorizationHeaderMalformed</Code><Message>The region 'us-east-1' is wrong"
      "</Message><Region>eu-central-1</Region><RequestId>1</RequestId></Error>");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, "AuthorizationHeaderMalformed");
  EXPECT_EQ(error->message, "The region 'us-east-1' is wrong");
  EXPECT_EQ(error->region, "eu-central-1");
  EXPECT_FALSE(ParseS3Error("<html><body>Bad Gateway</body></html>"));
  EXPECT_FALSE(ParseS3Error(""));
}

TEST(S3Xml, PagesOfObjects) {
  const std::string document =
      "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>b</Name><EncodingType>url</EncodingType>"
      "<Contents><Key>a+b%2Bc/%C3%A9</Key><LastModified>2026-11-29T07:00:00.000Z</LastModified><Size>12</Size></Contents>"
      "<Contents><Key>d</Key><LastModified>2026-11-29T07:00:00.000Z</LastModified><Size>0</Size></Contents>"
      "<IsTruncated>true</IsTruncated><NextContinuationToken>t/1+</NextContinuationToken></ListBucketResult>";
  const S3ObjectPage page = ParseObjectPage(document).value();
  ASSERT_EQ(page.objects.size(), 2u);
  EXPECT_EQ(page.objects[0].key, "a b+c/é");
  EXPECT_EQ(page.objects[0].bytes, 12u);
  EXPECT_EQ(page.objects[0].modified, ParseIsoTime("2026-11-29T07:00:00Z"));
  EXPECT_EQ(page.next, "t/1+");
  // A server that does not know encoding-type sends keys as they are.
  const std::string plain =
      "<ListBucketResult><Contents><Key>a+b%20</Key><LastModified>2026-11-29T07:00:00Z"
      "</LastModified><Size>1</Size></Contents></ListBucketResult>";
  EXPECT_EQ(ParseObjectPage(plain).value().objects[0].key, "a+b%20");
  EXPECT_EQ(ParseObjectPage(plain).value().next, "");
}

TEST(S3Xml, PagesThatContradictThemselvesAreRefused) {
  for (const std::string document :
       {"<Other/>", "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
        "<ListBucketResult><Contents><Key>a</Key><Size>-1</Size><LastModified>2026-11-29T07:00:00Z</LastModified>"
        "</Contents></ListBucketResult>",
        "<ListBucketResult><Contents><Key>a</Key><Size>1</Size></Contents></ListBucketResult>",
        "<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>a%zz</Key><Size>1</Size>"
        "<LastModified>2026-11-29T07:00:00Z</LastModified></Contents></ListBucketResult>"})
    EXPECT_EQ(ErrorOf(ParseObjectPage(document)).code, ErrorCode::kNetwork) << document;
}

TEST(S3Xml, UploadsAndTheirParts) {
  const S3UploadPage uploads =
      ParseUploadPage(
          "<ListMultipartUploadsResult><NextKeyMarker>k</NextKeyMarker><NextUploadIdMarker>i"
          "</NextUploadIdMarker><IsTruncated>true</IsTruncated><Upload><Key>a/b</Key><UploadId>1</UploadId>"
          "</Upload></ListMultipartUploadsResult>")
          .value();
  ASSERT_EQ(uploads.uploads.size(), 1u);
  EXPECT_EQ(uploads.uploads[0].key, "a/b");
  EXPECT_EQ(uploads.uploads[0].id, "1");
  EXPECT_EQ(uploads.next_key, "k");
  EXPECT_EQ(uploads.next_id, "i");
  const S3PartPage parts =
      ParsePartPage(
          "<ListPartsResult><IsTruncated>false</IsTruncated><Part><PartNumber>2</PartNumber><ETag>&quot;e&quot;"
          "</ETag><Size>5</Size><ChecksumSHA256>c=</ChecksumSHA256></Part></ListPartsResult>")
          .value();
  ASSERT_EQ(parts.parts.size(), 1u);
  EXPECT_EQ(parts.parts[0].number, 2u);
  EXPECT_EQ(parts.parts[0].bytes, 5u);
  EXPECT_EQ(parts.parts[0].etag, "\"e\"");
  EXPECT_EQ(parts.parts[0].sha256, "c=");
  EXPECT_EQ(ErrorOf(ParsePartPage("<html/>")).code, ErrorCode::kNetwork);
  EXPECT_EQ(ErrorOf(ParsePartPage("<ListPartsResult><Part/></ListPartsResult>")).code, ErrorCode::kNetwork);
  EXPECT_EQ(ParseUploadId("<InitiateMultipartUploadResult><UploadId>x</UploadId></InitiateMultipartUploadResult>"),
            "x");
  EXPECT_EQ(ErrorOf(ParseUploadId("<InitiateMultipartUploadResult/>")).code, ErrorCode::kNetwork);
}

TEST(S3Xml, CompletedUploadIsWellFormed) {
  const std::string document = CompleteUploadDocument({{1, 5, "\"a<&\"", "c="}, {2, 1, "\"b\"", ""}});
  const XmlElement root = ParseXml(document).value();
  ASSERT_EQ(root.children.size(), 2u);
  EXPECT_EQ(root.children[0].Text("ETag"), "\"a<&\"");
  EXPECT_EQ(root.children[0].Text("ChecksumSHA256"), "c=");
  EXPECT_EQ(root.children[1].Child("ChecksumSHA256"), nullptr);
}

}  // namespace
}  // namespace winnow
