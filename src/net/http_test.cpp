#include "net/http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>

#include "base/files.h"
#include "base/hash.h"
#include "support/http_server.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;

/// Quick enough for tests; retries as the real ones.
HttpOptions Quick() {
  HttpOptions options;
  options.backoff = milliseconds(1);
  options.stall_timeout = milliseconds(1000);
  return options;
}

std::string LargeBody() {
  std::string body;
  for (int i = 0; body.size() < 300'000; ++i) body += std::to_string(i) + ",";
  return body;
}

TEST(Http, AnswersAndTheirHeadersArrive) {
  const HttpServer server([](const TestRequest& request) {
    return TestReply{request.path == "/there" ? 200 : 404, "hello", {"X-Kind:  greeting  "}};
  });
  const auto response = HttpGet(server.url() + "/there", Quick());
  ASSERT_TRUE(response) << response.error().Text();
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, "hello");
  EXPECT_EQ(response->LastHeader("x-kind"), "greeting");
  EXPECT_EQ(response->LastHeader("none"), std::nullopt);
  const auto missing = HttpGet(server.url() + "/missing?token=secret", Quick());
  ASSERT_TRUE(missing);
  EXPECT_EQ(missing->status, 404);
  const auto required = RequireOk(server.url() + "/missing?token=secret", *missing);
  ASSERT_FALSE(required);
  EXPECT_EQ(required.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(required.error().message, HasSubstr("/missing: the server answered 404"));
  EXPECT_THAT(required.error().message, Not(HasSubstr("secret")));
  const auto head = HttpHead(server.url() + "/there", Quick());
  ASSERT_TRUE(head);
  EXPECT_EQ(head->body, "");
  EXPECT_EQ(head->LastHeader("content-length"), "5");
}

TEST(Http, ServerErrorsAreRetriedAndClientErrorsAreNot) {
  std::atomic<int> count = 0;
  const HttpServer server([&](const TestRequest& request) {
    if (request.path == "/401") return TestReply{401, "no", {}};
    return TestReply{++count <= 2 ? 503 : 200, "ok", {}};
  });
  const auto response = HttpGet(server.url() + "/busy", Quick());
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(count, 3);
  EXPECT_EQ(HttpGet(server.url() + "/401", Quick())->status, 401);
  EXPECT_EQ(server.requests().size(), 4u);
}

TEST(Http, RetriesEndSomeTime) {
  const HttpServer server([](const TestRequest&) { return TestReply{500, "broken", {}}; });
  const auto response = HttpGet(server.url(), Quick());
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 500);
  EXPECT_EQ(server.requests().size(), 5u);
}

TEST(Http, TokenGoesToTheGivenHostAlone) {
  const HttpServer other([](const TestRequest&) { return TestReply{200, "data", {}}; });
  const HttpServer server([&](const TestRequest&) {
    return TestReply{302, "", {"Location: " + other.url() + "/elsewhere", "X-Linked-Etag: \"abc\""}};
  });
  HttpOptions options = Quick();
  options.bearer_token = "secret";
  const auto response = HttpGet(server.url() + "/file", options);
  ASSERT_TRUE(response) << response.error().Text();
  EXPECT_EQ(response->body, "data");
  EXPECT_EQ(response->FirstHeader("x-linked-etag"), "\"abc\"");
  ASSERT_EQ(server.requests().size(), 1u);
  EXPECT_EQ(server.requests()[0].headers.at("authorization"), "Bearer secret");
  ASSERT_EQ(other.requests().size(), 1u);
  EXPECT_FALSE(other.requests()[0].headers.contains("authorization"));
  options.follow_redirects = false;
  EXPECT_EQ(HttpGet(server.url() + "/file", options)->status, 302);
}

TEST(Http, RedirectsInACircleEnd) {
  const HttpServer server([](const TestRequest&) { return TestReply{302, "", {"Location: /again"}}; });
  const auto response = HttpGet(server.url(), Quick());
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kNetwork);
}

TEST(Http, OtherSchemesAreRefused) {
  EXPECT_FALSE(HttpGet("file:///etc/hostname", Quick()));
  const HttpServer server([](const TestRequest&) { return TestReply{302, "", {"Location: file:///etc/hostname"}}; });
  EXPECT_FALSE(HttpGet(server.url(), Quick()));
}

TEST(Http, SilentServerIsGivenUp) {
  const HttpServer server([](const TestRequest&) { return TestReply{200, "late", {}, std::string::npos, 10'000}; });
  HttpOptions options = Quick();
  options.retries = 0;
  const auto begin = std::chrono::steady_clock::now();
  const auto response = HttpGet(server.url(), options);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kNetwork);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

TEST(Http, ClosedPortIsAClearError) {
  std::string url;
  {
    const HttpServer server([](const TestRequest&) { return TestReply{}; });
    url = server.url();
  }
  const auto response = HttpGet(url, Quick());
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kNetwork);
  EXPECT_THAT(response.error().hint, HasSubstr("network"));
}

TEST(Http, MemoryIsBounded) {
  const HttpServer server([](const TestRequest&) { return TestReply{200, LargeBody(), {}}; });
  HttpOptions options = Quick();
  options.max_body_bytes = 1000;
  const auto response = HttpGet(server.url(), options);
  ASSERT_FALSE(response);
  EXPECT_THAT(response.error().message, HasSubstr("more than 1000 bytes"));
}

TEST(HttpDownload, CutConnectionGoesOnWhereItStopped) {
  const TemporaryDirectory dir;
  const std::string body = LargeBody();
  std::atomic<int> count = 0;
  const HttpServer server([&](const TestRequest& request) {
    TestReply reply = ReplyWithRange(request, body, "\"v1\"");
    if (count++ < 2) reply.cut_after = 100'000;
    return reply;
  });
  DownloadOptions options{Quick(), body.size(), Sha256(body)};
  uint64_t seen = 0;
  options.http.progress = [&](uint64_t done, uint64_t) {
    seen = std::max(seen, done);
    return true;
  };
  const auto response = HttpDownload(server.url(), dir.path() / "f", options);
  ASSERT_TRUE(response) << response.error().Text();
  EXPECT_EQ(ReadFile(dir.path() / "f").value(), body);
  EXPECT_EQ(seen, body.size());
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[1].headers.at("range"), "bytes=100000-");
  EXPECT_EQ(requests[1].headers.at("if-range"), "\"v1\"");
  EXPECT_EQ(requests[2].headers.at("range"), "bytes=200000-");
  EXPECT_FALSE(std::filesystem::exists(dir.path() / "f.incomplete"));
  EXPECT_FALSE(std::filesystem::exists(dir.path() / "f.incomplete.etag"));
}

TEST(HttpDownload, NextCallGoesOnToo) {
  const TemporaryDirectory dir;
  const std::string body = LargeBody();
  std::atomic<bool> cut = true;
  const HttpServer server([&](const TestRequest& request) {
    TestReply reply = ReplyWithRange(request, body, "\"v1\"");
    if (cut) reply.cut_after = 50'000;
    return reply;
  });
  DownloadOptions options{Quick(), std::nullopt, ""};
  options.http.retries = 0;
  EXPECT_EQ(HttpDownload(server.url(), dir.path() / "f", options).error().code, ErrorCode::kNetwork);
  EXPECT_FALSE(std::filesystem::exists(dir.path() / "f"));
  cut = false;
  ASSERT_TRUE(HttpDownload(server.url(), dir.path() / "f", options));
  EXPECT_EQ(ReadFile(dir.path() / "f").value(), body);
  EXPECT_EQ(server.requests()[1].headers.at("range"), "bytes=50000-");
}

TEST(HttpDownload, FileThatChangedMeanwhileStartsOver) {
  const TemporaryDirectory dir;
  const std::string body = LargeBody();
  std::atomic<int> count = 0;
  const HttpServer server([&](const TestRequest& request) {
    if (count++ == 0) return TestReply{200, std::string(1000, 'x'), {"ETag: \"v1\""}, 500};
    return ReplyWithRange(request, body, "\"v2\"");
  });
  ASSERT_TRUE(HttpDownload(server.url(), dir.path() / "f", {Quick(), std::nullopt, ""}));
  EXPECT_EQ(ReadFile(dir.path() / "f").value(), body);
}

TEST(HttpDownload, WrongDigestIsTriedOnceMoreAndThenAnError) {
  const TemporaryDirectory dir;
  const HttpServer server([](const TestRequest& request) { return ReplyWithRange(request, "tampered", "\"v1\""); });
  const auto response = HttpDownload(server.url(), dir.path() / "f", {Quick(), std::nullopt, Sha256("genuine")});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kNetwork);
  EXPECT_THAT(response.error().message, HasSubstr("expected " + Sha256("genuine")));
  EXPECT_EQ(server.requests().size(), 2u);
  EXPECT_TRUE(std::filesystem::is_empty(dir.path()));
}

TEST(HttpDownload, DamagedPartIsRepairedByTheDigest) {
  const TemporaryDirectory dir;
  const std::string body = LargeBody();
  std::ofstream(dir.path() / "f.incomplete") << std::string(1000, '?');
  const HttpServer server([&](const TestRequest& request) { return ReplyWithRange(request, body, "\"v1\""); });
  ASSERT_TRUE(HttpDownload(server.url(), dir.path() / "f", {Quick(), body.size(), Sha256(body)}));
  EXPECT_EQ(ReadFile(dir.path() / "f").value(), body);
}

TEST(HttpDownload, PartOfFullSizeOrMoreIsJudgedAgain) {
  const TemporaryDirectory dir;
  const std::string body = LargeBody();
  const HttpServer server([&](const TestRequest& request) { return ReplyWithRange(request, body, "\"v1\""); });
  std::ofstream(dir.path() / "a.incomplete") << body;
  ASSERT_TRUE(HttpDownload(server.url(), dir.path() / "a", {Quick(), body.size(), Sha256(body)}));
  EXPECT_EQ(server.requests().size(), 0u);
  std::ofstream(dir.path() / "b.incomplete") << body << "more";
  std::ofstream(dir.path() / "b.incomplete.etag") << "\"v1\"";
  ASSERT_TRUE(HttpDownload(server.url(), dir.path() / "b", {Quick(), std::nullopt, ""}));
  EXPECT_EQ(ReadFile(dir.path() / "b").value(), body);
}

TEST(HttpDownload, ErrorPageNeverBecomesTheFile) {
  const TemporaryDirectory dir;
  const HttpServer server([](const TestRequest&) { return TestReply{404, "<html>", {}}; });
  const auto response = HttpDownload(server.url() + "/x", dir.path() / "f", {Quick(), std::nullopt, ""});
  EXPECT_EQ(response.error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(std::filesystem::is_empty(dir.path()));
}

TEST(HttpDownload, CancelKeepsThePart) {
  const TemporaryDirectory dir;
  const std::string body = LargeBody();
  const HttpServer server([&](const TestRequest& request) { return ReplyWithRange(request, body, "\"v1\""); });
  DownloadOptions options{Quick(), std::nullopt, ""};
  options.http.progress = [](uint64_t done, uint64_t) { return done == 0; };
  EXPECT_EQ(HttpDownload(server.url(), dir.path() / "f", options).error().code, ErrorCode::kCancelled);
  EXPECT_FALSE(std::filesystem::exists(dir.path() / "f"));
  EXPECT_TRUE(std::filesystem::exists(dir.path() / "f.incomplete"));
}

TEST(Http, PathsAreEncoded) {
  EXPECT_EQ(UrlEncodePath("onnx/model 1%.onnx"), "onnx/model%201%25.onnx");
  EXPECT_EQ(UrlEncodePath("ä?#"), "%C3%A4%3F%23");
}

}  // namespace
}  // namespace winnow
