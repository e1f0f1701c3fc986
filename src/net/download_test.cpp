#include "net/download.h"

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

/// Retries at once, and as often as the real ones; a server that is slow is waited for.
HttpOptions QuickOptions() {
  HttpOptions options;
  options.backoff = milliseconds(1);
  options.connect_timeout = options.stall_timeout = std::chrono::minutes(5);
  return options;
}

std::string LargeBody() {
  std::string body;
  for (int i = 0; body.size() < 300'000; ++i) body += std::to_string(i) + ",";
  return body;
}

TEST(HttpDownload, CutConnectionGoesOnWhereItStopped) {
  const TemporaryDirectory dir;
  const std::string body = LargeBody();
  std::atomic<int> count = 0;
  const TestServer server([&](const TestRequest& request) {
    TestReply reply = ReplyWithRange(request, body, "\"v1\"");
    if (count++ < 2) reply.cut_after = 100'000;
    return reply;
  });
  DownloadOptions options{QuickOptions(), body.size(), Sha256(body)};
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
  const TestServer server([&](const TestRequest& request) {
    TestReply reply = ReplyWithRange(request, body, "\"v1\"");
    if (cut) reply.cut_after = 50'000;
    return reply;
  });
  DownloadOptions options{QuickOptions(), std::nullopt, ""};
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
  const TestServer server([&](const TestRequest& request) {
    if (count++ == 0) return TestReply{200, std::string(1000, 'x'), {"ETag: \"v1\""}, 500};
    return ReplyWithRange(request, body, "\"v2\"");
  });
  ASSERT_TRUE(HttpDownload(server.url(), dir.path() / "f", {QuickOptions(), std::nullopt, ""}));
  EXPECT_EQ(ReadFile(dir.path() / "f").value(), body);
}

TEST(HttpDownload, WrongDigestIsTriedOnceMoreAndThenAnError) {
  const TemporaryDirectory dir;
  const TestServer server([](const TestRequest& request) { return ReplyWithRange(request, "tampered", "\"v1\""); });
  const auto response = HttpDownload(server.url(), dir.path() / "f", {QuickOptions(), std::nullopt, Sha256("genuine")});
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
  const TestServer server([&](const TestRequest& request) { return ReplyWithRange(request, body, "\"v1\""); });
  ASSERT_TRUE(HttpDownload(server.url(), dir.path() / "f", {QuickOptions(), body.size(), Sha256(body)}));
  EXPECT_EQ(ReadFile(dir.path() / "f").value(), body);
}

TEST(HttpDownload, PartOfFullSizeOrMoreIsJudgedAgain) {
  const TemporaryDirectory dir;
  const std::string body = LargeBody();
  const TestServer server([&](const TestRequest& request) { return ReplyWithRange(request, body, "\"v1\""); });
  std::ofstream(dir.path() / "a.incomplete") << body;
  ASSERT_TRUE(HttpDownload(server.url(), dir.path() / "a", {QuickOptions(), body.size(), Sha256(body)}));
  EXPECT_EQ(server.requests().size(), 0u);
  std::ofstream(dir.path() / "b.incomplete") << body << "more";
  std::ofstream(dir.path() / "b.incomplete.etag") << "\"v1\"";
  ASSERT_TRUE(HttpDownload(server.url(), dir.path() / "b", {QuickOptions(), std::nullopt, ""}));
  EXPECT_EQ(ReadFile(dir.path() / "b").value(), body);
}

TEST(HttpDownload, ErrorPageNeverBecomesTheFile) {
  const TemporaryDirectory dir;
  const TestServer server([](const TestRequest&) { return TestReply{404, "<html>", {}}; });
  const auto response = HttpDownload(server.url() + "/x", dir.path() / "f", {QuickOptions(), std::nullopt, ""});
  EXPECT_EQ(response.error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(std::filesystem::is_empty(dir.path()));
}

TEST(HttpDownload, CancelKeepsThePart) {
  const TemporaryDirectory dir;
  const std::string body = LargeBody();
  const TestServer server([&](const TestRequest& request) { return ReplyWithRange(request, body, "\"v1\""); });
  DownloadOptions options{QuickOptions(), std::nullopt, ""};
  options.http.progress = [](uint64_t done, uint64_t) { return done == 0; };
  EXPECT_EQ(HttpDownload(server.url(), dir.path() / "f", options).error().code, ErrorCode::kCancelled);
  EXPECT_FALSE(std::filesystem::exists(dir.path() / "f"));
  EXPECT_TRUE(std::filesystem::exists(dir.path() / "f.incomplete"));
}

}  // namespace
}  // namespace winnow
