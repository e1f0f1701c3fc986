#include "server/application.h"

#include <gtest/gtest.h>

#include <fstream>

#include "support/temporary_directory.h"

namespace winnow {
namespace {

/// A route that answers with whom it saw: "client caller".
class ApplicationTest : public testing::Test {
 protected:
  ApplicationTest() {
    const auto handle = [](const SharedRequest& request, const HttpReply& reply) {
      reply({.status = 200, .body = request->client + " " + request->caller, .headers = {}});
    };
    parts_.routes = std::make_shared<const RouteTable>(
        std::vector<Route>{{.method = "POST", .path = "/ask", .role = Role::kClassify, .docs = {}, .handle = handle},
                           {.method = "POST", .path = "/switch", .role = Role::kAdmin, .docs = {}, .handle = handle}});
  }

  HttpResponse Ask(const HttpApplication& application, const std::string& peer, const std::string& forwarded,
                   const std::string& path = "/ask") const {
    const auto request = std::make_shared<HttpRequest>();
    request->method = "POST";
    request->path = path;
    request->client = request->caller = peer;
    if (!forwarded.empty()) request->headers.emplace_back("x-forwarded-for", forwarded);
    HttpResponse answer;
    application(request, [&](HttpResponse response) { answer = std::move(response); });
    return answer;
  }

  ApplicationParts parts_;
};

TEST_F(ApplicationTest, WithoutTrustedProxiesTheClientIsThePeer) {
  const HttpApplication application = MakeApplication(parts_);
  EXPECT_EQ(Ask(application, "127.0.0.1", "198.51.100.1").body, "127.0.0.1 127.0.0.1");
}

TEST_F(ApplicationTest, DistinguishesClientsBehindATrustedProxy) {
  parts_.proxies = TrustedProxies::Parse({"loopback"}).value();
  const HttpApplication application = MakeApplication(parts_);
  EXPECT_EQ(Ask(application, "127.0.0.1", "203.0.113.9, 198.51.100.1").body, "198.51.100.1 198.51.100.1");
  EXPECT_EQ(Ask(application, "127.0.0.1", "").body, "127.0.0.1 127.0.0.1");
  EXPECT_EQ(Ask(application, "192.0.2.1", "198.51.100.1").body, "192.0.2.1 192.0.2.1");
}

TEST_F(ApplicationTest, RateLimitsApplyToTheClientsBehindAProxy) {
  parts_.proxies = TrustedProxies::Parse({"unix"}).value();
  parts_.access = std::make_shared<Access>(
      AccessOptions{.public_address = true,
                    .address_limit = {.per_minute = 60, .burst = 2},
                    .steady_clock = [] { return std::chrono::steady_clock::time_point(std::chrono::hours(1)); }},
      nullptr);
  const HttpApplication application = MakeApplication(parts_);
  EXPECT_EQ(Ask(application, "unix", "198.51.100.1").body, "198.51.100.1 address:198.51.100.1");
  EXPECT_EQ(Ask(application, "unix", "10.9.8.7, 198.51.100.1").status, 200);
  EXPECT_EQ(Ask(application, "unix", "10.9.8.6, 198.51.100.1").status, 429) << "whatever it puts in front";
  EXPECT_EQ(Ask(application, "unix", "198.51.100.2").status, 200);
  EXPECT_EQ(Ask(application, "unix", "198.51.100.3", "/switch").status, 403);
}

TEST_F(ApplicationTest, TheAccessLogNamesTheClientBehindAProxyForEveryPath) {
  const TemporaryDirectory directory;
  parts_.proxies = TrustedProxies::Parse({"unix"}).value();
  parts_.log = AccessLog::Open(directory.path() / "log", /*texts=*/false).value();
  const HttpApplication application = MakeApplication(parts_);
  EXPECT_EQ(Ask(application, "unix", "198.51.100.1", "/nowhere").status, 404);
  EXPECT_EQ(Ask(application, "unix", "\"}\n, 198.51.100.2:80").status, 200);
  std::ifstream file(directory.path() / "log");
  for (const char* client : {"198.51.100.1", "198.51.100.2"}) {
    std::string line;
    ASSERT_TRUE(std::getline(file, line));
    EXPECT_EQ(ParsedJson(line)["client"], client);
  }
}

}  // namespace
}  // namespace winnow
