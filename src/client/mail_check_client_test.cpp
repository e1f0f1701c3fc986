#include "client/mail_check_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "support/held_port.h"
#include "support/http_server.h"

namespace winnow {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

constexpr char kSpam[] =
    R"({"is_skipped": false, "score": 7.5, "required_score": 6.0, "action": "add header", "symbols":
  {"PRIZE": {"name": "PRIZE", "score": 2.0, "options": []}, "CLASSIFIER": {"name": "CLASSIFIER", "score": 5.5}}, "more": 1})";

MailCheckOptions OptionsFor(const std::string& url, milliseconds timeout = std::chrono::minutes(5)) {
  return {.server = ServerAddress::Parse(url).value(), .api_key = "wk_key", .timeout = timeout};
}

TEST(MailCheckClient, SendsTheMessageWithWhatIsKnownAboutIt) {
  const TestServer server([](const TestRequest&) { return TestReply{200, kSpam, {}}; });
  const auto verdict = MailCheckClient(OptionsFor(server.url()))
                           .Check("Subject: a\r\n\r\nb\r\n", {.sender = "joe@example.com",
                                                              .recipients = {"anna@example.org"},
                                                              .client_address = "192.0.2.1",
                                                              .client_name = "mx.example.com",
                                                              .helo = "h",
                                                              .queue_id = "4A",
                                                              .user = "joe"});
  ASSERT_TRUE(verdict) << verdict.error().message;
  EXPECT_TRUE(verdict->is_spam);
  EXPECT_EQ(verdict->action, "add header");
  EXPECT_EQ(verdict->score, 7.5);
  EXPECT_EQ(verdict->required_score, 6);
  EXPECT_THAT(verdict->symbols, ElementsAre(Pair("PRIZE", 2.0), Pair("CLASSIFIER", 5.5)));
  const TestRequest request = server.requests().at(0);
  EXPECT_EQ(request.path, "/checkv2");
  EXPECT_EQ(request.body, "Subject: a\r\n\r\nb\r\n");
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, std::string>>{{"from", "joe@example.com"},
                                                        {"rcpt", "anna@example.org"},
                                                        {"ip", "192.0.2.1"},
                                                        {"hostname", "mx.example.com"},
                                                        {"helo", "h"},
                                                        {"queue-id", "4A"},
                                                        {"user", "joe"},
                                                        {"authorization", "Bearer wk_key"},
                                                        {"content-type", "message/rfc822"}}) {
    EXPECT_EQ(request.headers.at(name), value) << name;
  }
}

TEST(MailCheckClient, HeadersCannotBeForgedByAnEnvelope) {
  const std::vector<std::string> headers = DeliveryHeaders({.sender = "a@b\r\nDeliver-To: x",
                                                            .recipients = std::vector<std::string>(1000, "c@d"),
                                                            .helo = std::string(9000, 'h'),
                                                            .user = "\n"});
  EXPECT_EQ(headers.front(), "From: a@bDeliver-To: x");
  EXPECT_LT(headers.size(), 300u);
  EXPECT_EQ(headers.back(), "Helo: " + std::string(500, 'h'));
  for (const std::string& header : headers) EXPECT_THAT(header, Not(HasSubstr("\n")));
}

TEST(MailCheckClient, ManyRecipientsDoNotMakeTheHeaderTooLarge) {
  std::vector<std::string> recipients(1000, std::string(300, 'a') + "@example.org");
  size_t bytes = 0;
  for (const std::string& header : DeliveryHeaders({.recipients = recipients})) bytes += header.size() + 2;
  EXPECT_LT(bytes, 4000u);
  EXPECT_GT(bytes, 2000u);
  recipients = {std::string(9000, 'a'), "b@example.org"};
  EXPECT_THAT(DeliveryHeaders({.recipients = recipients}), ElementsAre("Rcpt: " + std::string(500, 'a')));
}

TEST(MailCheckClient, ActionsSayWhatIsSpam) {
  const auto with = [](std::string_view action) {
    return ReadMailVerdict(R"({"score": 1, "action": ")" + std::string(action) + "\"}")->is_spam;
  };
  for (const char* action : {"add header", "rewrite subject", "reject", "quarantine"})
    EXPECT_TRUE(with(action)) << action;
  for (const char* action : {"no action", "greylist", "soft reject"}) EXPECT_FALSE(with(action)) << action;
}

TEST(MailCheckClient, BodiesThatAreNotVerdictsAreRecognized) {
  for (const std::string& body :
       {std::string(), std::string("<html>"), std::string("[]"), std::string("{}"),
        std::string(R"({"action": "reject"})"), std::string(R"({"action": 7, "score": 1})"),
        std::string(R"({"action": "reject", "score": "1"})"),
        std::string(R"({"action": "reject", "score": 1, "x": )") + std::string(200'000, '[')}) {
    EXPECT_FALSE(ReadMailVerdict(body)) << body.substr(0, 40);
  }
  EXPECT_TRUE(
      ReadMailVerdict(R"({"action": "reject", "score": 1, "symbols": {"A": 7, "B": {"score": "x"}, "C": null}})"));
}

TEST(MailCheckClient, EachFailureHasItsKind) {
  struct Case {
    int status;
    std::string body;
    MailCheckFailure kind;
    std::string says;
  };
  const std::string why = R"({"error": "the \u001b[31m reason"})";
  for (const Case& each : std::vector<Case>{{401, why, MailCheckFailure::kAccess, "the \\x1b[31m reason (status 401)"},
                                            {403, "", MailCheckFailure::kAccess, "POST /checkv2 failed (status 403)"},
                                            {404, why, MailCheckFailure::kOtherResponse, "--filter"},
                                            {413, why, MailCheckFailure::kTooLarge, "reason"},
                                            {422, why, MailCheckFailure::kServerError, "reason"},
                                            {429, why, MailCheckFailure::kBusy, "reason"},
                                            {503, why, MailCheckFailure::kServerError, "reason"},
                                            {200, "<html>", MailCheckFailure::kOtherResponse, "not a verdict"}}) {
    const TestServer server([&](const TestRequest&) { return TestReply{each.status, each.body, {}}; });
    const auto verdict = MailCheckClient(OptionsFor(server.url())).Check("a", {});
    ASSERT_FALSE(verdict) << each.status;
    EXPECT_EQ(verdict.error().kind, each.kind) << each.status;
    EXPECT_THAT(verdict.error().message, HasSubstr(each.says)) << each.status;
  }
}

TEST(MailCheckClient, AServerThatHangsCostsNoMoreThanTheTimeout) {
  const TestServer server([](const TestRequest&) {
    TestReply reply{200, kSpam, {}};
    reply.hang_ms = 3'600'000;
    return reply;
  });
  const auto verdict = MailCheckClient(OptionsFor(server.url(), milliseconds(300))).Check("a", {});
  ASSERT_FALSE(verdict);
  EXPECT_EQ(verdict.error().kind, MailCheckFailure::kTimeout);
  EXPECT_THAT(verdict.error().message, HasSubstr("within 300 ms"));
}

TEST(MailCheckClient, AServerThatIsNotThereIsAFailureAndIsUsedOnceItIs) {
  const HeldPort port;
  const auto spam = [](const TestRequest&) { return TestReply{200, kSpam, {}}; };
  auto server = std::make_unique<TestServer>(spam, port.number());
  MailCheckClient client(OptionsFor(server->url()));
  EXPECT_TRUE(client.Check("a", {}));
  server.reset();
  const auto refused = client.Check("a", {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, MailCheckFailure::kNoResponse);
  const TestServer again(spam, port.number());
  EXPECT_TRUE(client.Check("a", {}));
}

}  // namespace
}  // namespace winnow
