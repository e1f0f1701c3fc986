#include "client/server_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/held_port.h"
#include "support/http_server.h"

namespace winnow {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

ServerAccess AccessTo(const TestServer& server) {
  return {.address = ServerAddress::Parse(server.url()).value(),
          .api_key = "",
          .stopped = {},
          .backoff = milliseconds(1),
          .retries = 2};
}

TEST(ServerAddress, TakesWhatPeopleWrite) {
  for (const char* url : {"http://h:8080", "http://h:8080/", "h:8080", "http://h:8080/v1/classify", "h:8080//"}) {
    const auto address = ServerAddress::Parse(url);
    ASSERT_TRUE(address) << url;
    EXPECT_EQ(address->base, "http://h:8080") << url;
    EXPECT_EQ(address->shown, "http://h:8080") << url;
  }
  EXPECT_EQ(ServerAddress::Parse("https://h/models/spam/")->base, "https://h/models/spam");
  const auto socket = ServerAddress::Parse("unix:///run/winnow.sock");
  ASSERT_TRUE(socket);
  EXPECT_EQ(socket->unix_socket, "/run/winnow.sock");
  EXPECT_EQ(socket->shown, "unix:///run/winnow.sock");
  EXPECT_EQ(ServerAddress::Parse("https://ann:secret@h/x")->shown, "https://h/x");
  for (const char* url :
       {"", "http://", "ftp://h", "unix://winnow.sock", "http://h?x", "http://h a", "http:///v1/classify"}) {
    const auto address = ServerAddress::Parse(url);
    ASSERT_FALSE(address) << url;
    EXPECT_EQ(address.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(ServerAddress, KnowsWhereOthersCouldRead) {
  EXPECT_TRUE(ServerAddress::Parse("http://example.com")->IsOpen());
  for (const char* url : {"https://example.com", "unix:///s", "http://127.0.0.1:1", "localhost:1", "http://[::1]:1"}) {
    EXPECT_FALSE(ServerAddress::Parse(url)->IsOpen()) << url;
  }
}

TEST(ServerClient, AsksWithAllThatMattersAndKeepsAnswersAsTheyAre) {
  const std::string results =
      R"({"label":"ham","score":0.25,"b":1.0,"a":1e-05,"scores":[{"label":"Ä\u0001","score":1.0}]},{})";
  const TestServer server([&](const TestRequest&) { return TestReply{200, R"({"results":[)" + results + "]}", {}}; });
  ServerAccess access = AccessTo(server);
  access.api_key = "wk_key";
  const std::vector<InputTextView> texts = {"one \"text\"", "bad \xff byte"};
  const auto answers =
      ServerClient(access).Classify({.model = "spam@best", .mode = Mode::kStrict, .top_k = 2, .explain = false}, texts);
  ASSERT_TRUE(answers) << answers.error().Text();
  ASSERT_EQ(answers->size(), 2u);
  EXPECT_EQ(answers->at(0).dump() + "," + answers->at(1).dump(), results);
  const TestRequest request = server.requests().at(0);
  EXPECT_EQ(request.path, "/v1/classify");
  EXPECT_EQ(request.headers.at("authorization"), "Bearer wk_key");
  EXPECT_EQ(
      request.body,
      "{\"texts\":[\"one \\\"text\\\"\",\"bad \uFFFD byte\"],\"mode\":\"strict\",\"model\":\"spam@best\",\"top_k\":2}");
}

TEST(ServerClient, SendsAThresholdInPlaceOfTheMode) {
  std::string result = R"({"decision": "spam", "confidence": 0.3, "threshold": 0.2})";
  const TestServer server([&](const TestRequest&) { return TestReply{200, R"({"results": [)" + result + "]}", {}}; });
  const std::vector<InputTextView> texts = {"text"};
  const ClassifyRequest request = {.model = "", .threshold = 0.2};
  EXPECT_TRUE(ServerClient(AccessTo(server)).Classify(request, texts));
  EXPECT_EQ(server.requests().at(0).body, R"({"texts":["text"],"threshold":0.2})");
  result = R"({"decision": "ham", "confidence": 0.7})";
  const auto ignored = ServerClient(AccessTo(server)).Classify(request, texts);
  ASSERT_FALSE(ignored) << "a server that does not know thresholds ignores them";
  EXPECT_EQ(ignored.error().code, ErrorCode::kUnsupported);
}

TEST(ServerClient, EachRefusalSaysWhatToDo) {
  struct Case {
    int status;
    std::string body, says;
    ErrorCode code;
    std::string hint;
  };
  const std::string why = R"({"error": "the \u001b[31m reason", "error_type": "Any"})";
  for (const Case& each : std::vector<Case>{
           {401, why, "the \\x1b[31m reason", ErrorCode::kInvalidArgument, "WINNOW_API_KEY"},
           {403, why, "reason", ErrorCode::kInvalidArgument, "API key"},
           {404, why, "reason", ErrorCode::kNotFound, "default"},
           {404, "<html>", "has no /v1/classify", ErrorCode::kNetwork, "winnow serve"},
           {405, "", "responds with status 405", ErrorCode::kNetwork, "winnow serve"},
           {413, why, "reason", ErrorCode::kInvalidArgument, "shorten the text"},
           {422, why, "reason", ErrorCode::kInvalidArgument, ""},
           {429, why, "reason", ErrorCode::kNetwork, "try again later"},
           {500, why, "reason", ErrorCode::kNetwork, "log"},
           {501, "", "cannot serve requests (status 501)", ErrorCode::kNetwork, "winnow serve"},
           {502, "", "the server failed (status 502)", ErrorCode::kNetwork, "log"},
           {503, why, "reason", ErrorCode::kNetwork, "starting"},
           {302, "", "redirects to https://h/", ErrorCode::kNetwork, "--server"},
           {200, "<html>", "does not respond in the format of winnow serve", ErrorCode::kNetwork, "winnow serve"},
           {200, R"({"results": []})", "returns 0 predictions for 1 texts", ErrorCode::kNetwork, "winnow serve"},
           {200, R"({"results": [7]})", "does not respond", ErrorCode::kNetwork, "winnow serve"},
           {200, R"({"results": )" + std::string(100000, '['), "does not respond", ErrorCode::kNetwork, "winnow serve"},
           {200, R"({"results": [{"a": )" + std::string(120, '[') + std::string(120, ']') + "}]}", "does not respond",
            ErrorCode::kNetwork, "winnow serve"}}) {
    const TestServer server([&](const TestRequest&) {
      return TestReply{each.status, each.body, {"Location: https://h/"}};
    });
    const auto answers = ServerClient(AccessTo(server)).Classify({}, std::vector<InputTextView>{"text"});
    ASSERT_FALSE(answers) << each.status;
    EXPECT_EQ(answers.error().code, each.code) << each.status << each.body;
    EXPECT_THAT(answers.error().message, AllOf(HasSubstr(each.says), HasSubstr(server.url()))) << each.status;
    EXPECT_THAT(answers.error().hint, HasSubstr(each.hint)) << each.status;
    EXPECT_THAT(answers.error().message, Not(HasSubstr("\x1b")));
  }
}

TEST(ServerClient, AServerThatIsNotThereIsTriedAgainAndThenAnError) {
  const HeldPort port;
  const std::string url = "http://127.0.0.1:" + std::to_string(port.number());
  int waits = 0;
  const ServerAccess access = {.address = ServerAddress::Parse(url).value(),
                               .api_key = "",
                               .stopped =
                                   [&] {
                                     ++waits;
                                     return false;
                                   },
                               .backoff = milliseconds(1)};
  const auto models = ServerClient(access).Models();
  ASSERT_FALSE(models);
  EXPECT_EQ(models.error().code, ErrorCode::kNetwork);
  EXPECT_THAT(models.error().message, HasSubstr(url + ": no response: "));
  EXPECT_THAT(models.error().hint, HasSubstr("winnow serve MODEL"));
  EXPECT_GE(waits, 7);
}

TEST(ServerClient, AStopEndsTheWaiting) {
  const TestServer server([](const TestRequest&) { return TestReply{503, "", {"Retry-After: 20"}}; });
  ServerAccess access = AccessTo(server);
  access.stopped = [] { return true; };
  EXPECT_EQ(ServerClient(access).Classify({}, std::vector<InputTextView>{"a"}).error().code, ErrorCode::kCancelled);
}

TEST(ServerClient, ModelsAreListedAsFarAsTheServerTells) {
  std::string body;
  int status = 200;
  const TestServer server([&](const TestRequest&) { return TestReply{status, body, {}}; });
  ServerClient client(AccessTo(server));
  body = R"({"models": [{"name": "spam", "version": "1.2.0", "default": false, "aliases": ["champion", 7]}, 3,
                        {"name": "triage", "default": true, "text_template": "{subject} {body}", "new": {}}]})";
  const auto models = client.Models();
  ASSERT_TRUE(models) << models.error().Text();
  ASSERT_EQ(models->size(), 2u);
  const ServerAddress& address = AccessTo(server).address;
  const auto found = [&](std::string_view question) { return FindModel(*models, question, address).value()->name; };
  EXPECT_EQ(found(""), "triage");
  for (const char* name : {"spam", "spam:1.2.0", "spam@champion", "champion", "spam:9.9.9"})
    EXPECT_EQ(found(name), "spam");
  EXPECT_EQ(FindModel(*models, "triage", address).value()->text_template, "{subject} {body}");
  const auto missing = FindModel(*models, "spma", address);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(missing.error().message, HasSubstr("has no model 'spma'; it has spam, triage"));
  EXPECT_THAT(missing.error().hint, HasSubstr("did you mean 'spam'"));
  status = 404;
  EXPECT_TRUE(client.Models()->empty());
  EXPECT_EQ(FindModel({}, "any", address).value(), nullptr);
  status = 200;
  body = "[]";
  EXPECT_EQ(client.Models().error().code, ErrorCode::kNetwork);
}

}  // namespace
}  // namespace winnow
