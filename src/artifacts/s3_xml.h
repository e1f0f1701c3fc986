/// The XML documents that S3 answers with, read by expat.
/// Documents: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "artifacts/s3_time.h"
#include "base/result.h"

namespace winnow {

/// An element with its text and the elements in it. Names are without their namespaces; attributes are not kept.
struct XmlElement {
  std::string name;
  std::string text;
  std::vector<XmlElement> children;

  /// Returns the first child of that name, or nullptr.
  const XmlElement* Child(std::string_view child) const;
  /// Returns the text of the first child of that name, or an empty text.
  std::string Text(std::string_view child) const;
};

/// Parses a whole document. A document type (and with it every entity of its own), more than 8 levels and more than
/// 100,000 elements are refused. Errors: kNetwork.
Result<XmlElement> ParseXml(std::string_view document);

/// What a server says about a request that it refused.
struct S3ErrorAnswer {
  std::string code;     ///< such as "NoSuchKey"; empty if the answer has none
  std::string message;  ///< for people, in the server's words
  std::string region;   ///< where the bucket is, if the request was sent elsewhere
};

/// Reads a document whose root is Error; nothing for any other answer, such as the page of a proxy.
std::optional<S3ErrorAnswer> ParseS3Error(std::string_view document);

struct S3Object {
  std::string key;
  uint64_t bytes = 0;
  S3Time modified;
};

/// A page of ListObjectsV2.
struct S3ObjectPage {
  std::vector<S3Object> objects;
  std::string next;  ///< the continuation token of the next page; empty after the last one
};
Result<S3ObjectPage> ParseObjectPage(std::string_view document);

struct S3Upload {
  std::string key;
  std::string id;
};

/// A page of ListMultipartUploads.
struct S3UploadPage {
  std::vector<S3Upload> uploads;
  std::string next_key;  ///< what the next page begins after; both empty after the last one
  std::string next_id;
};
Result<S3UploadPage> ParseUploadPage(std::string_view document);

struct S3Part {
  uint64_t number = 0;
  uint64_t bytes = 0;
  std::string etag;    ///< with its quotes
  std::string sha256;  ///< in base64, or empty if the server does not keep it
};

/// A page of ListParts.
struct S3PartPage {
  std::vector<S3Part> parts;
  std::string next;  ///< the number after which the next page begins; empty after the last one
};
Result<S3PartPage> ParsePartPage(std::string_view document);

/// Returns the id of a new multipart upload (CreateMultipartUpload).
Result<std::string> ParseUploadId(std::string_view document);

/// Returns the body of CompleteMultipartUpload.
std::string CompleteUploadDocument(const std::vector<S3Part>& parts);

/// Returns the text with the characters escaped that have a meaning in XML.
std::string XmlEscape(std::string_view text);

}  // namespace winnow
