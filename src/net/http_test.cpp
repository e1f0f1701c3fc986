#include "net/http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <optional>
#include <string>

#include "support/held_port.h"
#include "support/http_server.h"

namespace winnow {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;

/// Retries at once, and as often as the real ones; a server that is slow is waited for.
HttpOptions Quick() {
  HttpOptions options;
  options.backoff = milliseconds(1);
  options.connect_timeout = options.stall_timeout = std::chrono::minutes(5);
  return options;
}

/// Answers in an hour, or not at all if the test is over before.
TestReply Late(const TestRequest&) {
  TestReply reply{200, "late", {}};
  reply.hang_ms = 3'600'000;
  return reply;
}

TEST(Http, AnswersAndTheirHeadersArrive) {
  const TestServer server([](const TestRequest& request) {
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
  EXPECT_THAT(required.error().message, HasSubstr("/missing: the server responded with status 404"));
  EXPECT_THAT(required.error().message, Not(HasSubstr("secret")));
  const auto head = HttpHead(server.url() + "/there", Quick());
  ASSERT_TRUE(head);
  EXPECT_EQ(head->body, "");
  EXPECT_EQ(head->LastHeader("content-length"), "5");
}

TEST(Http, ServerErrorsAreRetriedAndClientErrorsAreNot) {
  std::atomic<int> count = 0;
  const TestServer server([&](const TestRequest& request) {
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
  const TestServer server([](const TestRequest&) { return TestReply{500, "broken", {}}; });
  const auto response = HttpGet(server.url(), Quick());
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 500);
  EXPECT_EQ(server.requests().size(), 5u);
}

TEST(Http, TokenGoesToTheGivenHostAlone) {
  const TestServer other([](const TestRequest&) { return TestReply{200, "data", {}}; });
  const TestServer server([&](const TestRequest&) {
    return TestReply{302, "", {"Location: " + other.url() + "/elsewhere", "X-Linked-Etag: \"abc\""}};
  });
  HttpOptions options = Quick();
  options.bearer_token = "secret";
  const auto response = HttpGet(server.url() + "/file", options);
  ASSERT_TRUE(response) << response.error().Text();
  EXPECT_EQ(response->body, "data");
  EXPECT_THAT(response->headers, testing::Contains(testing::Pair("x-linked-etag", "\"abc\"")));
  ASSERT_EQ(server.requests().size(), 1u);
  EXPECT_EQ(server.requests()[0].headers.at("authorization"), "Bearer secret");
  ASSERT_EQ(other.requests().size(), 1u);
  EXPECT_FALSE(other.requests()[0].headers.contains("authorization"));
  options.follow_redirects = false;
  EXPECT_EQ(HttpGet(server.url() + "/file", options)->status, 302);
}

TEST(Http, RedirectsInACircleEnd) {
  const TestServer server([](const TestRequest&) { return TestReply{302, "", {"Location: /again"}}; });
  const auto response = HttpGet(server.url(), Quick());
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kNetwork);
}

TEST(Http, OtherSchemesAreRefused) {
  EXPECT_FALSE(HttpGet("file:///etc/hostname", Quick()));
  const TestServer server([](const TestRequest&) { return TestReply{302, "", {"Location: file:///etc/hostname"}}; });
  EXPECT_FALSE(HttpGet(server.url(), Quick()));
}

TEST(Http, SilentServerIsGivenUp) {
  const TestServer server(Late);
  HttpOptions options = Quick();
  options.retries = 0;
  options.stall_timeout = milliseconds(1000);
  const auto response = HttpGet(server.url(), options);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kNetwork);
}

TEST(Http, AnAttemptEndsAfterItsTimeout) {
  const TestServer server(Late);
  HttpOptions options = Quick();
  options.retries = 0;
  options.attempt_timeout = milliseconds(100);
  EXPECT_FALSE(HttpGet(server.url(), options));
}

TEST(Http, APostHasHeadersOfItsOwn) {
  const TestServer server([](const TestRequest& request) { return TestReply{200, request.headers.at("x-a"), {}}; });
  HttpClient client(Quick());
  for (const std::string value : {"one", "two"}) {
    const auto response = client.Post(server.url(), "body", "text/plain", {"X-A: " + value});
    ASSERT_TRUE(response) << response.error().Text();
    EXPECT_EQ(response->body, value);
  }
}

TEST(Http, ClosedPortIsAClearError) {
  const HeldPort port;
  const auto response = HttpGet("http://127.0.0.1:" + std::to_string(port.number()), Quick());
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kNetwork);
  EXPECT_THAT(response.error().hint, HasSubstr("network"));
}

Result<HttpAnswer> HttpPost(const std::string& url, std::string_view body, const std::string& content_type,
                            const HttpOptions& options) {
  return HttpClient(options).Post(url, body, content_type);
}

TEST(Http, ABodyIsPostedAndARedirectOfItIsAnAnswer) {
  const TestServer server([](const TestRequest& request) {
    if (request.path == "/moved") return TestReply{302, "", {"Location: /there"}};
    return TestReply{200, request.method + " " + request.body, {}};
  });
  const std::string body = "{\"text\": \"" + std::string(2 << 20, 'a') + "\"}";  // more than curl sends unasked
  const auto response = HttpPost(server.url() + "/there", body, "application/json", Quick());
  ASSERT_TRUE(response) << response.error().Text();
  EXPECT_EQ(response->body, "POST " + body);
  EXPECT_EQ(server.requests()[0].headers.at("content-type"), "application/json");
  EXPECT_EQ(HttpPost(server.url() + "/empty", "", "text/plain", Quick())->body, "POST ");
  EXPECT_EQ(HttpPost(server.url() + "/moved", body, "application/json", Quick())->status, 302);
  EXPECT_EQ(server.requests().size(), 3u);
}

TEST(Http, APostIsRepeatedWithItsWholeBodyWhenTheServerIsBusyOrCutsIt) {
  std::atomic<int> count = 0;
  const TestServer server([&](const TestRequest& request) {
    const int number = ++count;
    if (number == 1) return TestReply{429, "later", {"Retry-After: 0"}};
    if (number == 2) return TestReply{503, "loading", {}};
    return TestReply{200, request.body, {}, number == 3 ? 2 : std::string::npos};
  });
  const auto response = HttpPost(server.url(), "the body", "text/plain", Quick());
  ASSERT_TRUE(response) << response.error().Text();
  EXPECT_EQ(response->body, "the body");
  EXPECT_EQ(count, 4);
}

TEST(Http, AClientKeepsItsConnection) {
  const TestServer server([](const TestRequest& request) {
    TestReply reply{request.path == "/missing" ? 404 : 200, request.body, {}};
    reply.keep_alive = true;
    return reply;
  });
  HttpOptions options = Quick();
  options.bearer_token = "secret";
  {
    HttpClient client(options);
    EXPECT_EQ(client.Get(server.url() + "/models")->status, 200);
    EXPECT_EQ(client.Post(server.url(), "one", "text/plain")->body, "one");
    EXPECT_EQ(client.Get(server.url() + "/missing")->status, 404);
    HttpClient moved = std::move(client);
    EXPECT_EQ(moved.Post(server.url(), "two", "text/plain")->body, "two");
  }
  EXPECT_EQ(HttpGet(server.url(), options)->status, 200);
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 5u);
  for (const TestRequest& request : requests) EXPECT_EQ(request.headers.at("authorization"), "Bearer secret");
  EXPECT_EQ(requests[2].method, "GET");
  EXPECT_FALSE(requests[2].headers.contains("content-type"));
  EXPECT_EQ(requests[3].connection, 1);
  EXPECT_EQ(requests[4].connection, 2);
}

TEST(Http, AServerThatComesBackWithinTheRetriesAnswers) {
  const HeldPort port;
  std::optional<TestServer> server;
  HttpOptions options = Quick();
  options.retries = options.unanswered_retries = 3;
  int asked = 0;
  options.progress = [&](uint64_t, uint64_t) {
    if (++asked == 2) server.emplace([](const TestRequest&) { return TestReply{200, "back", {}}; }, port.number());
    return true;
  };
  const auto response = HttpPost("http://127.0.0.1:" + std::to_string(port.number()), "", "text/plain", options);
  ASSERT_TRUE(response) << response.error().Text();
  EXPECT_EQ(response->body, "back");
}

TEST(Http, NoProxyStandsBeforeThisMachine) {
  const TestServer server([](const TestRequest& request) { return TestReply{200, request.path, {}}; });
  ::setenv("http_proxy", "http://192.0.2.1:9", 1);
  ::setenv("no_proxy", "none.invalid", 1);
  const auto response = HttpGet(server.url() + "/here", Quick());
  ::unsetenv("http_proxy");
  ::setenv("no_proxy", "127.0.0.1", 1);
  ASSERT_TRUE(response) << response.error().Text();
  EXPECT_EQ(response->body, "/here");
}

TEST(Http, AUnixSocketThatIsNotThereIsNamed) {
  HttpOptions options = Quick();
  options.unix_socket = "/nonexistent/winnow.sock";
  const auto response = HttpGet("http://localhost/models", options);
  ASSERT_FALSE(response);
  EXPECT_THAT(response.error().message, HasSubstr("unix:///nonexistent/winnow.sock: "));
}

TEST(Http, MemoryIsBounded) {
  const TestServer server([](const TestRequest&) { return TestReply{200, std::string(300'000, 'x'), {}}; });
  HttpOptions options = Quick();
  options.max_body_bytes = 1000;
  const auto response = HttpGet(server.url(), options);
  ASSERT_FALSE(response);
  EXPECT_THAT(response.error().message, HasSubstr("larger than 1000 bytes"));
}

}  // namespace
}  // namespace winnow
