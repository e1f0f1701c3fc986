#include "artifacts/s3_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "support/error_of.h"
#include "support/http_server.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string ErrorDocument(const std::string& code) {
  return "<Error><Code>" + code + "</Code><Message>of the test</Message></Error>";
}

/// Stores against a server that answers as each test says. tools/conformance/artifacts.py has real ones.
class S3StoreTest : public ::testing::Test {
 protected:
  S3StoreTest() {
    for (const char* name : {"AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL",
                             "AWS_ENDPOINT_URL_S3", "AWS_SESSION_TOKEN", "AWS_CONTAINER_CREDENTIALS_FULL_URI"})
      ::unsetenv(name);
    ::setenv("HOME", directory_.path().c_str(), 1);
    ::setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE", 1);
    ::setenv("AWS_SECRET_ACCESS_KEY", "theSecretOfTheTest", 1);
  }
  std::unique_ptr<ArtifactStore> Open(const TestServer& server, const std::string& more = "") {
    ArtifactOptions options;
    options.http.backoff = std::chrono::milliseconds(1);
    options.http.connect_timeout = options.http.stall_timeout = std::chrono::minutes(5);  // a slow machine passes
    return ArtifactStore::Open("s3://models/team?endpoint=" + server.url() + more, options).value();
  }
  fs::path File(const std::string& contents) {
    std::ofstream(directory_.path() / "file", std::ios::binary) << contents;
    return directory_.path() / "file";
  }

  TemporaryDirectory directory_;
};

TEST_F(S3StoreTest, RequestsOfAPut) {
  const TestServer server([](const TestRequest& request) {
    return request.method == "HEAD" ? TestReply{404, "", {}} : TestReply{200, "", {"ETag: \"e\""}};
  });
  ASSERT_TRUE(Open(server)->Put("spam/1/a b+é", File("hello"), Sha256("hello")));
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[1].method, "PUT");
  EXPECT_EQ(requests[1].path, "/models/team/spam/1/a%20b%2B%C3%A9");
  EXPECT_EQ(requests[1].body, "hello");
  const auto& headers = requests[1].headers;
  EXPECT_EQ(headers.at("if-none-match"), "*");
  EXPECT_EQ(headers.at("x-amz-meta-sha256"), Sha256("hello"));
  EXPECT_EQ(headers.at("x-amz-content-sha256"), Sha256("hello"));
  EXPECT_EQ(headers.count("content-md5"), 0u);
  EXPECT_EQ(headers.at("x-amz-checksum-sha256"), "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=");
  EXPECT_THAT(headers.at("authorization"), HasSubstr("Credential=AKIAEXAMPLE/"));
  EXPECT_THAT(headers.at("authorization"), HasSubstr("/us-east-1/s3/aws4_request"));
}

TEST_F(S3StoreTest, BucketIsInTheHostNameOnRequest) {
  // The name does not resolve, and the message says which one was looked for.
  const TestServer server([](const TestRequest&) { return TestReply{404, "", {}}; });
  const Error error = ErrorOf(Open(server, "&addressing=virtual")->Remove("a"));
  EXPECT_EQ(error.code, ErrorCode::kNetwork);
  EXPECT_THAT(error.message, HasSubstr("models.127.0.0.1"));
}

TEST_F(S3StoreTest, LostAnswerToAPutIsNoConflict) {
  std::atomic<int> puts = 0;
  std::string stored;
  const TestServer server([&](const TestRequest& request) {
    if (request.method == "HEAD" && stored.empty()) return TestReply{404, "", {}};
    if (request.method == "HEAD") return TestReply{200, stored, {"X-Amz-Meta-Sha256: " + Sha256(stored)}};
    if (++puts > 1) return TestReply{412, ErrorDocument("PreconditionFailed"), {}};
    stored = request.body;
    return TestReply{500, "", {}};
  });
  EXPECT_TRUE(Open(server)->Put("a", File("hello"), Sha256("hello")));
  EXPECT_EQ(puts, 2);
  EXPECT_EQ(ErrorOf(Open(server)->Put("a", File("other"), Sha256("other"))).code, ErrorCode::kExists);
  EXPECT_EQ(puts, 2);
}

TEST_F(S3StoreTest, FileWithAnotherDigestIsNotSent) {
  const TestServer server([](const TestRequest&) { return TestReply{404, "", {}}; });
  EXPECT_EQ(ErrorOf(Open(server)->Put("a", File("one"), Sha256("other"))).code, ErrorCode::kInvalidData);
  EXPECT_EQ(ErrorOf(Open(server)->Put("a", directory_.path() / "none", Sha256("other"))).code, ErrorCode::kNotFound);
  const std::vector<TestRequest> requests = server.requests();
  for (const TestRequest& request : requests) EXPECT_EQ(request.method, "HEAD");
}

/// A bucket with one upload in parts, which ends with `status` when its third part arrives.
class Upload {
 public:
  explicit Upload(int status) : status_(status) {}

  TestReply Answer(const TestRequest& request) {
    if (request.method == "HEAD") return {404, "", {}};
    if (request.path.find("partNumber=") != std::string::npos) {
      const std::string number = request.path.substr(request.path.find("partNumber=") + 11, 1);
      if (number == "3" && status_ != 200)
        return {status_, ErrorDocument(status_ == 404 ? "NoSuchUpload" : "AccessDenied"), {}};
      parts[number] = request.body;
      return {200, "", {"ETag: \"" + number + "\""}};
    }
    if (request.method == "GET") return {200, "<ListMultipartUploadsResult/>", {}};
    if (request.method == "DELETE") return {204, "", {}};
    if (request.path.find("uploads=") != std::string::npos)
      return {200, "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>", {}};
    completed = request.body;
    return {200, "<CompleteMultipartUploadResult/>", {}};
  }

  std::map<std::string, std::string> parts;
  std::string completed;

 private:
  int status_;
};

std::string FortyMegabytes() {
  std::string contents;
  for (int i = 0; contents.size() < 40'000'000; ++i) contents += std::to_string(i) + ",";
  return contents;
}

TEST_F(S3StoreTest, ThreadsSendThePartsOfALargeFile) {
  const std::string contents = FortyMegabytes();
  Upload upload(200);
  const TestServer server([&](const TestRequest& request) { return upload.Answer(request); });
  uint64_t most = 0;
  ArtifactOptions options;
  options.progress = [&, caller = std::this_thread::get_id()](std::string_view key, uint64_t done, uint64_t total) {
    EXPECT_EQ(key, "a");
    EXPECT_EQ(std::this_thread::get_id(), caller);
    EXPECT_EQ(total, contents.size());
    most = std::max(most, done);
    return true;
  };
  const auto store = ArtifactStore::Open("s3://models?endpoint=" + server.url(), options).value();
  const Result<void> put = store->Put("a", File(contents), Sha256(contents));
  ASSERT_TRUE(put) << put.error().Text();
  EXPECT_EQ(most, contents.size());
  EXPECT_EQ(upload.parts["1"] + upload.parts["2"] + upload.parts["3"], contents);
  const size_t first = upload.completed.find("<PartNumber>1</PartNumber><ETag>&quot;1&quot;</ETag>");
  EXPECT_LT(first, upload.completed.find("<PartNumber>3</PartNumber><ETag>&quot;3&quot;</ETag>"));
}

TEST_F(S3StoreTest, ThreadsStopWhenOnePartFails) {
  const std::string contents = FortyMegabytes();
  for (const auto& [status, expected] : {std::pair(403, ErrorCode::kIo), std::pair(404, ErrorCode::kNetwork)}) {
    Upload upload(status);
    const TestServer server([&](const TestRequest& request) { return upload.Answer(request); });
    EXPECT_EQ(ErrorOf(Open(server)->Put("a", File(contents), Sha256(contents))).code, expected);
    EXPECT_EQ(upload.completed, "");
    const std::vector<TestRequest> requests = server.requests();
    EXPECT_GT(std::ranges::count(requests, "DELETE", &TestRequest::method), 0);
  }
  Upload upload(200);
  const TestServer server([&](const TestRequest& request) { return upload.Answer(request); });
  EXPECT_EQ(ErrorOf(Open(server)->Put("a", File(contents), Sha256("other"))).code, ErrorCode::kInvalidData);
  EXPECT_EQ(upload.completed, "");
}

TEST_F(S3StoreTest, ClockOfTheServerIsAdopted) {
  const TestServer server([](const TestRequest& request) {
    const bool right = request.headers.at("x-amz-date").starts_with("20310102T03");
    return right ? TestReply{204, "", {}}
                 : TestReply{403, ErrorDocument("RequestTimeTooSkewed"), {"Date: Thu, 02 Jan 2031 03:00:00 GMT"}};
  });
  const auto store = Open(server);
  EXPECT_TRUE(store->Remove("a"));
  EXPECT_TRUE(store->Remove("b"));
  EXPECT_EQ(server.requests().size(), 3u);
}

TEST_F(S3StoreTest, RefusalsSayWhatToDoAndKeepSecrets) {
  std::string code = "AccessDenied";
  const TestServer server([&](const TestRequest&) {
    return TestReply{
        403, "<Error><Code>" + code + "</Code><Message>key theSecretOfTheTest\n is wrong</Message></Error>", {}};
  });
  const auto store = Open(server);
  Error error = ErrorOf(store->Remove("a"));
  EXPECT_EQ(error.code, ErrorCode::kIo);
  EXPECT_THAT(error.Text(), HasSubstr("s3:DeleteObject"));
  EXPECT_THAT(error.Text(), HasSubstr("s3://models/team/a"));
  EXPECT_THAT(error.Text(), HasSubstr("key ***\\n is wrong"));
  EXPECT_THAT(error.Text(), Not(HasSubstr("theSecretOfTheTest")));
  code = "SignatureDoesNotMatch";
  error = ErrorOf(store->List(""));
  EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(error.hint, HasSubstr("AWS_SECRET_ACCESS_KEY"));
}

TEST_F(S3StoreTest, KeysThatAreExchangedInTheirFileAreReadAgain) {
  ::unsetenv("AWS_ACCESS_KEY_ID");
  ::unsetenv("AWS_SECRET_ACCESS_KEY");
  const auto write = [&](const std::string& id) {
    fs::create_directories(directory_.path() / ".aws");
    std::ofstream(directory_.path() / ".aws" / "credentials")
        << "[default]\naws_access_key_id = " << id << "\naws_secret_access_key = secret\n";
  };
  write("FIRST");
  std::atomic<bool> exchanged = false;
  const TestServer server([&](const TestRequest& request) {
    const std::string& authorization = request.headers.at("authorization");
    const bool valid = authorization.find(exchanged ? "Credential=SECOND/" : "Credential=FIRST/") != std::string::npos;
    if (valid) return TestReply{204, "", {}};
    return request.method == "HEAD" ? TestReply{403, "", {}} : TestReply{403, ErrorDocument("InvalidAccessKeyId"), {}};
  });
  const auto store = Open(server);
  ASSERT_TRUE(store->Remove("a"));
  write("SECOND");
  exchanged = true;
  const Result<void> removed = store->Remove("a");
  EXPECT_TRUE(removed) << removed.error().Text();
  EXPECT_EQ(server.requests().size(), 3u);
}

TEST_F(S3StoreTest, PagesThatRepeatEndTheListing) {
  const TestServer server([](const TestRequest&) {
    return TestReply{200,
                     "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>"
                     "</ListBucketResult>",
                     {}};
  });
  EXPECT_THAT(ErrorOf(Open(server)->List("")).message, HasSubstr("repeats a page"));
  EXPECT_EQ(server.requests().size(), 2u);
}

TEST_F(S3StoreTest, KeysOfOtherProgramsAreLeftOut) {
  const TestServer server([](const TestRequest&) {
    const auto entry = [](const std::string& key) {
      return "<Contents><Key>" + key +
             "</Key><Size>1</Size><LastModified>2026-11-29T07:00:00Z</LastModified></Contents>";
    };
    return TestReply{200,
                     "<ListBucketResult>" + entry("team/spam/") + entry("team/../x") + entry("team/spam/b") +
                         entry("other/spam/a") + entry("team/spam/a") + "</ListBucketResult>",
                     {}};
  });
  const auto entries = Open(server)->List("spam/").value();
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].key, "spam/a");
  EXPECT_EQ(entries[1].key, "spam/b");
}

TEST_F(S3StoreTest, WithoutCredentialsNothingIsSent) {
  ::unsetenv("AWS_ACCESS_KEY_ID");
  ::unsetenv("AWS_SECRET_ACCESS_KEY");
  ::setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
  const TestServer server([](const TestRequest&) { return TestReply{200, "", {}}; });
  const Error error = ErrorOf(Open(server)->List(""));
  EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(error.hint, HasSubstr("AWS_ACCESS_KEY_ID"));
  EXPECT_THAT(server.requests(), IsEmpty());
  ::setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE", 1);
  EXPECT_THAT(ErrorOf(Open(server)->List("")).message, HasSubstr("AWS_SECRET_ACCESS_KEY is not"));
  ::setenv("AWS_SECRET_ACCESS_KEY", "x", 1);
  ::setenv("AWS_SESSION_TOKEN", "a\r\nX-Injected: b", 1);
  EXPECT_THAT(ErrorOf(Open(server)->List("")).message, HasSubstr("a character that it cannot have"));
}

}  // namespace
}  // namespace winnow
