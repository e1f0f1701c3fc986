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

  HttpResponse Ask(const std::shared_ptr<HttpApplication>& application, const std::string& peer,
                   const std::string& forwarded, const std::string& path = "/ask") const {
    const auto request = std::make_shared<HttpRequest>();
    request->method = "POST";
    request->path = path;
    request->client = request->caller = peer;
    request->headers.emplace_back("host", "localhost");
    if (!forwarded.empty()) request->headers.emplace_back("x-forwarded-for", forwarded);
    HttpResponse answer;
    if (auto refusal = application->Admit(*request)) return *refusal;
    application->Handle(request, [&](HttpResponse response) { answer = std::move(response); });
    return answer;
  }

  ApplicationParts parts_;
};

TEST_F(ApplicationTest, WithoutTrustedProxiesTheClientIsThePeer) {
  const auto application = MakeApplication(parts_);
  EXPECT_EQ(Ask(application, "127.0.0.1", "198.51.100.1").body, "127.0.0.1 127.0.0.1");
}

TEST_F(ApplicationTest, DistinguishesClientsBehindATrustedProxy) {
  parts_.proxies = TrustedProxies::Parse({"loopback"}).value();
  const auto application = MakeApplication(parts_);
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
  const auto application = MakeApplication(parts_);
  EXPECT_EQ(Ask(application, "unix", "198.51.100.1").body, "198.51.100.1 address:198.51.100.1");
  EXPECT_EQ(Ask(application, "unix", "10.9.8.7, 198.51.100.1").status, 200);
  EXPECT_EQ(Ask(application, "unix", "10.9.8.6, 198.51.100.1").status, 429) << "whatever it puts in front";
  EXPECT_EQ(Ask(application, "unix", "198.51.100.2").status, 200);
  EXPECT_EQ(Ask(application, "unix", "198.51.100.3", "/switch").status, 403);
}

TEST_F(ApplicationTest, AKeyInThePathIsCheckedAndRemoved) {
  const auto handle = [](const SharedRequest& request, const HttpReply& reply) {
    reply(
        {.status = 200, .body = request->path + " " + request->key + " " + request->parameters.front(), .headers = {}});
  };
  parts_.routes = std::make_shared<const RouteTable>(std::vector<Route>{
      {.method = "POST", .path = "/phone/{key}", .role = Role::kClassify, .handle = handle, .key_in_path = true}});
  AddedApiKey added = AddApiKey("", "keys", {.name = "phones"}).value();
  parts_.access =
      std::make_shared<Access>(AccessOptions{.public_address = true},
                               std::make_shared<const ApiKeys>(ApiKeys::Parse(added.contents, "keys").value()));
  const auto application = MakeApplication(parts_);
  EXPECT_EQ(Ask(application, "192.0.2.1", "", "/phone/" + added.secret).body, "/phone/{key} phones ");
  EXPECT_EQ(Ask(application, "192.0.2.1", "", "/phone/wk_wrong").status, 401);
  EXPECT_EQ(Ask(application, "192.0.2.1", "", "/phone").status, 404);
}

TEST_F(ApplicationTest, TheAccessLogNamesTheClientBehindAProxyForEveryPath) {
  const TemporaryDirectory directory;
  parts_.proxies = TrustedProxies::Parse({"unix"}).value();
  parts_.log = AccessLog::Open(directory.path() / "log", /*texts=*/false).value();
  {
    const auto application = MakeApplication(std::move(parts_));  // the log is complete when it goes
    EXPECT_EQ(Ask(application, "unix", "198.51.100.1", "/nowhere").status, 404);
    EXPECT_EQ(Ask(application, "unix", "\"}\n, 198.51.100.2:80").status, 200);
  }
  std::ifstream file(directory.path() / "log");
  for (const char* client : {"198.51.100.1", "198.51.100.2"}) {
    std::string line;
    ASSERT_TRUE(std::getline(file, line));
    EXPECT_EQ(ParsedJson(line)["client"], client);
  }
}

TEST_F(ApplicationTest, RefusesToStartWorkForOtherSitesAndForLinks) {
  const auto handle = [](const SharedRequest&, const HttpReply& reply) {
    reply({.status = 200, .body = "", .headers = {}});
  };
  parts_.routes = std::make_shared<const RouteTable>(
      std::vector<Route>{{.method = "GET", .path = "/run", .role = Role::kAdmin, .handle = handle, .starts_work = true},
                         {.method = "DELETE", .path = "/thing", .role = Role::kAdmin, .handle = handle},
                         {.method = "GET", .path = "/thing", .role = Role::kAdmin, .handle = handle}});
  parts_.access = std::make_shared<Access>(AccessOptions(), nullptr);
  const auto application = MakeApplication(parts_);
  const auto status = [&](const char* method, const char* path,
                          std::vector<std::pair<std::string, std::string>> headers) {
    HttpRequest request;
    request.method = method;
    request.path = path;
    request.client = "127.0.0.1";
    request.headers = std::move(headers);
    request.headers.emplace_back("host", "localhost:8080");
    const std::optional<HttpResponse> refusal = application->Admit(request);
    return refusal ? refusal->status : 200;
  };
  EXPECT_EQ(status("GET", "/run", {}), 200) << "a program on this machine";
  EXPECT_EQ(status("HEAD", "/run", {}), 405) << "a link checker";
  EXPECT_EQ(status("HEAD", "/thing", {}), 200);
  EXPECT_EQ(status("GET", "/run", {{"sec-fetch-site", "same-origin"}, {"sec-fetch-mode", "cors"}}), 200);
  EXPECT_EQ(status("GET", "/run", {{"sec-fetch-site", "cross-site"}, {"sec-fetch-mode", "no-cors"}}), 403)
      << "a picture";
  EXPECT_EQ(status("GET", "/run", {{"sec-fetch-site", "same-site"}}), 403) << "another port of this machine";
  EXPECT_EQ(status("GET", "/run", {{"sec-fetch-site", "none"}, {"sec-fetch-mode", "navigate"}}), 403)
      << "a link in mail";
  EXPECT_EQ(status("GET", "/run", {{"origin", "http://localhost:3000"}}), 403);
  EXPECT_EQ(status("DELETE", "/thing", {{"sec-fetch-site", "cross-site"}}), 403);
  EXPECT_EQ(status("DELETE", "/thing", {{"sec-fetch-site", "same-origin"}}), 200);
  EXPECT_EQ(status("GET", "/thing", {{"sec-fetch-site", "cross-site"}}), 200) << "whose response no page can read";
}

struct HeaderCase {
  const char* description;
  std::vector<std::pair<std::string, std::string>> headers;
  int status;
};

TEST_F(ApplicationTest, RefusesWebPagesOfOtherSitesAndForms) {
  parts_.hosts = AllowedHosts({"filter.internal"});
  parts_.cors_origins = {"https://app.example"};
  const auto application = MakeApplication(std::move(parts_));
  for (const HeaderCase& c : std::vector<HeaderCase>{
           {"a program", {{"host", "localhost:8080"}}, 200},
           {"an address", {{"host", "192.0.2.7"}}, 200},
           {"an allowed name", {{"host", "Filter.Internal:8080"}}, 200},
           {"a rebound name", {{"host", "evil.example"}}, 403},
           {"a name that begins like a socket", {{"host", "unix"}}, 403},
           {"a page of this server", {{"host", "localhost:8080"}, {"origin", "http://localhost:8080"}}, 200},
           {"a page of another port", {{"host", "localhost:8080"}, {"origin", "http://localhost:3000"}}, 403},
           {"a page of another site", {{"host", "localhost"}, {"origin", "http://evil.example"}}, 403},
           {"a page without an origin", {{"host", "localhost"}, {"origin", "null"}}, 403},
           {"a browser that says so", {{"host", "localhost"}, {"sec-fetch-site", "cross-site"}}, 403},
           {"an allowed page", {{"host", "localhost"}, {"origin", "https://app.example"}}, 200},
           {"JSON", {{"host", "localhost"}, {"content-length", "2"}, {"content-type", "application/json; x=y"}}, 200},
           {"curl -d",
            {{"host", "localhost"}, {"content-length", "2"}, {"content-type", "application/x-www-form-urlencoded"}},
            200},
           {"no type", {{"host", "localhost"}, {"content-length", "2"}}, 200},
           {"a form's text", {{"host", "localhost"}, {"content-length", "2"}, {"content-type", "text/plain"}}, 415},
           {"a chunked form",
            {{"host", "localhost"}, {"transfer-encoding", "chunked"}, {"content-type", "multipart/form-data"}},
            415},
           {"a browser's form on this server",
            {{"host", "localhost"},
             {"origin", "http://localhost"},
             {"content-length", "2"},
             {"content-type", "application/x-www-form-urlencoded"}},
            415}}) {
    const auto request = std::make_shared<HttpRequest>();
    request->method = "POST";
    request->path = "/ask";
    request->client = "127.0.0.1";
    request->headers = c.headers;
    const auto refusal = application->Admit(*request);
    EXPECT_EQ(refusal ? refusal->status : 200, c.status) << c.description;
  }
}

TEST_F(ApplicationTest, EveryRefusalOfAnEncodingOrATypeHasTheDocumentedErrorType) {
  const auto handle = [](const SharedRequest&, const HttpReply& reply) {
    reply({.status = 200, .body = "", .headers = {}});
  };
  parts_.routes = std::make_shared<const RouteTable>(
      std::vector<Route>{{.method = "POST", .path = "/sign-in", .role = Role::kPublic, .docs = {}, .handle = handle},
                         {.method = "POST", .path = "/ask", .role = Role::kClassify, .docs = {}, .handle = handle}});
  const auto application = MakeApplication(parts_);
  for (const char* const path : {"/sign-in", "/ask"}) {
    HttpRequest request;
    request.method = "POST";
    request.path = path;
    request.client = "127.0.0.1";
    request.headers = {{"host", "localhost"},
                       {"content-length", "2"},
                       {"content-encoding", "gzip"},
                       {"content-type", request.path == "/ask" ? "text/plain" : "application/json"}};
    const auto refusal = application->Admit(request);
    ASSERT_TRUE(refusal) << path;
    EXPECT_EQ(refusal->status, 415) << path;
    EXPECT_EQ(ParsedJson(refusal->body)["error_type"], "Validation") << path;
  }
}

}  // namespace
}  // namespace winnow
