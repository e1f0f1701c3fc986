#include "artifacts/s3_xml.h"

#include <expat.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/parse_number.h"
#include "base/percent_encoding.h"

namespace winnow {
namespace {

constexpr size_t kMaxDepth = 8, kMaxElements = 100'000;
constexpr size_t kMaxDocumentBytes = 64 << 20;

std::unexpected<Error> Invalid(std::string_view what) {
  return Fail(ErrorCode::kNetwork, fmt::format("the storage service sent an answer that is not valid: {}", what),
              "check that the endpoint is that of an S3-compatible service, and that no proxy changes its answers");
}

/// Builds the tree while expat reads.
class TreeBuilder {
 public:
  explicit TreeBuilder(XML_Parser parser) : parser_(parser) {}

  static void OnStart(void* user, const XML_Char* name, const XML_Char**) {
    static_cast<TreeBuilder*>(user)->Start(name);
  }
  static void OnEnd(void* user, const XML_Char*) {
    auto& open = static_cast<TreeBuilder*>(user)->open_;
    if (!open.empty()) open.pop_back();
  }
  static void OnText(void* user, const XML_Char* text, int size) {
    auto& open = static_cast<TreeBuilder*>(user)->open_;
    if (!open.empty()) open.back()->text.append(text, static_cast<size_t>(size));
  }
  static void OnDoctype(void* user, const XML_Char*, const XML_Char*, const XML_Char*, int) {
    static_cast<TreeBuilder*>(user)->Stop("it has a document type");
  }

  const char* problem() const { return problem_; }
  XmlElement TakeRoot() { return std::move(root_); }

 private:
  void Start(std::string_view name) {
    if (++elements_ > kMaxElements) return Stop("it has more than 100,000 elements");
    if (open_.size() >= kMaxDepth) return Stop("its elements are nested too deeply");
    XmlElement* element = &root_;
    if (!open_.empty()) element = &open_.back()->children.emplace_back();
    element->name = name.substr(name.rfind(':') + 1);
    if (element->name.empty()) return Stop("an element has a prefix but no name");
    open_.push_back(element);
  }
  void Stop(const char* problem) {
    problem_ = problem;
    XML_StopParser(parser_, XML_FALSE);
  }

  XML_Parser parser_;
  XmlElement root_;
  // The open elements, from the root on. Only the last one gets children, so no pointer to an open one becomes invalid.
  std::vector<XmlElement*> open_;
  size_t elements_ = 0;
  const char* problem_ = nullptr;
};

struct ParserDeleter {
  void operator()(XML_Parser parser) const { XML_ParserFree(parser); }
};

Result<XmlElement> ParseRoot(std::string_view document, std::string_view root) {
  XmlElement element = TRY(ParseXml(document));
  if (element.name != root)
    return Invalid(fmt::format("its root is {}, expected {}", element.name.substr(0, 60), root));
  return element;
}

/// Returns a name that was encoded for a URL, if the answer says so: then '+' is a space (as AWS encodes it).
Result<std::string> Decoded(const XmlElement& root, std::string text) {
  if (root.Text("EncodingType") != "url") return text;
  std::ranges::replace(text, '+', ' ');
  const std::optional<std::string> decoded = PercentDecoded(text);
  if (!decoded) return Invalid("a key is not valid percent-encoding");
  return *decoded;
}

bool IsTruncated(const XmlElement& root) { return root.Text("IsTruncated") == "true"; }

}  // namespace

const XmlElement* XmlElement::Child(std::string_view child) const {
  const auto found = std::ranges::find(children, child, &XmlElement::name);
  return found == children.end() ? nullptr : &*found;
}

std::string XmlElement::Text(std::string_view child) const {
  const XmlElement* const found = Child(child);
  return found == nullptr ? std::string() : found->text;
}

Result<XmlElement> ParseXml(std::string_view document) {
  if (document.size() > kMaxDocumentBytes) return Invalid("it is too long");
  // Always as UTF-8, whatever the document says: other encodings would be a way around checks of bytes.
  const std::unique_ptr<XML_ParserStruct, ParserDeleter> parser(XML_ParserCreate("UTF-8"));
  if (parser == nullptr) return Fail(ErrorCode::kInternal, "internal error: expat cannot be started");
  TreeBuilder builder(parser.get());
  XML_SetUserData(parser.get(), &builder);
  XML_SetElementHandler(parser.get(), &TreeBuilder::OnStart, &TreeBuilder::OnEnd);
  XML_SetCharacterDataHandler(parser.get(), &TreeBuilder::OnText);
  XML_SetStartDoctypeDeclHandler(parser.get(), &TreeBuilder::OnDoctype);
  const XML_Status status =
      XML_Parse(parser.get(), document.data(), static_cast<int>(document.size()), /*isFinal=*/XML_TRUE);
  if (builder.problem() != nullptr) return Invalid(builder.problem());
  if (status != XML_STATUS_OK) {
    return Invalid(fmt::format("XML, line {}: {}", XML_GetCurrentLineNumber(parser.get()),
                               XML_ErrorString(XML_GetErrorCode(parser.get()))));
  }
  return builder.TakeRoot();
}

std::optional<S3ErrorAnswer> ParseS3Error(std::string_view document) {
  const Result<XmlElement> root = ParseXml(document);
  if (!root || root->name != "Error") return std::nullopt;
  return S3ErrorAnswer{root->Text("Code"), root->Text("Message"), root->Text("Region")};
}

Result<S3ObjectPage> ParseObjectPage(std::string_view document) {
  const XmlElement root = TRY(ParseRoot(document, "ListBucketResult"));
  S3ObjectPage page;
  for (const XmlElement& element : root.children) {
    if (element.name != "Contents") continue;
    const std::optional<uint64_t> bytes = ParseNumber<uint64_t>(element.Text("Size"));
    const std::optional<S3Time> modified = ParseIsoTime(element.Text("LastModified"));
    if (!bytes || !modified) return Invalid("an entry of the listing has no valid size or time");
    page.objects.push_back({TRY(Decoded(root, element.Text("Key"))), *bytes, *modified});
  }
  if (!IsTruncated(root)) return page;
  page.next = root.Text("NextContinuationToken");
  if (page.next.empty()) return Invalid("the listing goes on, but has no NextContinuationToken");
  return page;
}

Result<S3UploadPage> ParseUploadPage(std::string_view document) {
  const XmlElement root = TRY(ParseRoot(document, "ListMultipartUploadsResult"));
  S3UploadPage page;
  for (const XmlElement& element : root.children) {
    if (element.name != "Upload") continue;
    page.uploads.push_back({TRY(Decoded(root, element.Text("Key"))), element.Text("UploadId")});
  }
  if (!IsTruncated(root)) return page;
  page.next_key = TRY(Decoded(root, root.Text("NextKeyMarker")));
  page.next_id = root.Text("NextUploadIdMarker");
  if (page.next_key.empty()) return Invalid("the listing of uploads goes on, but has no NextKeyMarker");
  return page;
}

Result<S3PartPage> ParsePartPage(std::string_view document) {
  XmlElement root = TRY(ParseXml(document));
  if (root.name == "ListPartsResponse") root.name = "ListPartsResult";  // as moto 5 calls it
  if (root.name != "ListPartsResult") return Invalid(fmt::format("its root is {}", root.name.substr(0, 60)));
  S3PartPage page;
  for (const XmlElement& element : root.children) {
    if (element.name != "Part") continue;
    const std::optional<uint64_t> number = ParseNumber<uint64_t>(element.Text("PartNumber")),
                                  bytes = ParseNumber<uint64_t>(element.Text("Size"));
    if (!number || !bytes) return Invalid("a part of the upload has no valid number or size");
    page.parts.push_back({*number, *bytes, element.Text("ETag"), element.Text("ChecksumSHA256")});
  }
  if (!IsTruncated(root)) return page;
  page.next = root.Text("NextPartNumberMarker");
  if (!ParseNumber<uint64_t>(page.next))
    return Invalid("the listing of parts goes on, but has no NextPartNumberMarker");
  return page;
}

Result<std::string> ParseUploadId(std::string_view document) {
  const XmlElement root = TRY(ParseRoot(document, "InitiateMultipartUploadResult"));
  std::string id = root.Text("UploadId");
  if (id.empty()) return Invalid("it has no UploadId");
  return id;
}

std::string CompleteUploadDocument(const std::vector<S3Part>& parts) {
  std::string document = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  for (const S3Part& part : parts) {
    document += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag>", part.number, XmlEscape(part.etag));
    if (!part.sha256.empty()) document += fmt::format("<ChecksumSHA256>{}</ChecksumSHA256>", XmlEscape(part.sha256));
    document += "</Part>";
  }
  return document + "</CompleteMultipartUpload>";
}

std::string XmlEscape(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '&') {
      escaped += "&amp;";
    } else if (c == '<') {
      escaped += "&lt;";
    } else if (c == '>') {
      escaped += "&gt;";
    } else if (c == '"') {
      escaped += "&quot;";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

}  // namespace winnow
