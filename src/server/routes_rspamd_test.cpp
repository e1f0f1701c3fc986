#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/served_routes.h"

namespace winnow {
namespace {

using testing::HasSubstr;
using Headers = std::vector<std::pair<std::string, std::string>>;

std::string Mail(const std::string& subject, const std::string& body) {
  return "From: Joe <joe@example.com>\r\nSubject: " + subject + "\r\nMessage-ID: <1@example.com>\r\n\r\n" + body +
         "\r\n";
}

HttpResponse Post(const std::string& path, const std::string& body, Headers headers = {}) {
  headers.emplace_back("content-type", "text/plain");
  headers.emplace_back("content-length", std::to_string(body.size()));
  return DefaultRoutes().Ask("POST", path, body, std::move(headers));
}

Json CheckMail(const std::string& body, const Headers& headers = {}) {
  const HttpResponse response = Post("/checkv2", body, headers);
  EXPECT_EQ(response.status, 200) << response.body;
  return ParsedJson(response.body);
}

TEST(RoutesRspamd, AnswerAsTheMessageRouteDecides) {
  const Json reply = CheckMail(Mail("a prize", "win a prize now"));
  const Json verdict =
      DefaultRoutes().AskJson("POST", "/v1/messages/check",
                              R"({"subject": "a prize", "body": "win a prize now", "sender": "joe@example.com"})");
  EXPECT_EQ(reply["winnow"]["score"], verdict["score"]);
  EXPECT_EQ(reply["action"], verdict["isSpam"].get<bool>() ? "add header" : "no action");
  EXPECT_EQ(reply["message-id"], "1@example.com");
  EXPECT_EQ(reply["is_skipped"], false);
}

TEST(RoutesRspamd, ThePreferencesAreThoseOfTheUser) {
  EXPECT_EQ(DefaultRoutes().Ask("PUT", "/v1/users/anna@example.net/preferences", R"({"mode": "strict"})").status, 200);
  const std::string mail = Mail("lunch", "at noon");
  EXPECT_EQ(CheckMail(mail)["winnow"]["modeFrom"], "default");
  EXPECT_EQ(CheckMail(mail, {{"deliver-to", "Anna@example.net"}})["winnow"]["mode"], "strict");
  EXPECT_EQ(CheckMail(mail, {{"rcpt", "<anna@example.net>"}, {"rcpt", "bob"}})["winnow"]["mode"], "strict");
  EXPECT_EQ(CheckMail(mail, {{"rcpt", "bob"}, {"user", "anna@example.net"}})["winnow"]["modeFrom"], "default");
  const Json asked = CheckMail(mail, {{"deliver-to", "anna@example.net"}, {"settings-id", "lenient"}});
  EXPECT_EQ(asked["winnow"]["mode"], "lenient");
  EXPECT_EQ(asked["winnow"]["modeFrom"], "request");
  EXPECT_EQ(CheckMail(mail, {{"settings-id", "12"}})["winnow"]["modeFrom"], "default");
}

TEST(RoutesRspamd, ALearnedMessageDecidesTheNextNearDuplicate) {
  const Headers carl = {{"deliver-to", "carl"}};
  const std::string text = "The reading circle of the library meets on Thursday in the small hall, bring the book ";
  EXPECT_EQ(Post("/learnspam", Mail("Reading circle", text + "and a chair"), carl).body, R"({"success":true})");
  const Json reply = CheckMail(Mail("Reading circle", text + "and a friend"), carl);
  EXPECT_EQ(reply["action"], "add header");
  EXPECT_EQ(reply["score"].get<double>(), 12);
  EXPECT_TRUE(reply["symbols"].contains("MEMORY_SPAM"));
  EXPECT_FALSE(CheckMail(Mail("Reading circle", text + "and a friend"), {{"deliver-to", "dora"}})["symbols"].contains(
      "MEMORY_SPAM"));

  const HttpResponse again = Post("/learnspam", Mail("Reading circle", text + "and a chair"), carl);
  EXPECT_EQ(again.status, 208);
  EXPECT_EQ(ParsedJson(again.body)["error"], "<1@example.com> has been already learned as spam, ignore it");
  EXPECT_EQ(Post("/learnham", Mail("Reading circle", text + "and a chair"), carl).body, R"({"success":true})");
  EXPECT_EQ(CheckMail(Mail("Reading circle", text + "and a friend"), carl)["action"], "no action");
}

TEST(RoutesRspamd, WithoutAUserAnAdministratorLearnsForEverybody) {
  const std::string text = "Our choir rehearses the mass in the parish hall this evening, all voices please be there ";
  EXPECT_EQ(Post("/learnspam", Mail("Choir", text + "by seven")).body, R"({"success":true})");
  EXPECT_TRUE(CheckMail(Mail("Choir", text + "at eight"), {{"deliver-to", "dora"}})["symbols"].contains("MEMORY_SPAM"));
}

TEST(RoutesRspamd, SayWhatIsWrong) {
  for (const char* const path : {"/checkv2", "/learnspam", "/learnham"}) {
    EXPECT_EQ(Post(path, "").status, 400) << path;
    EXPECT_EQ(Post(path, Mail("a", "b"), {{"compression", "zstd"}}).status, 415) << path;
  }
  const HttpResponse blank = Post("/learnham", "Subject: \r\n\r\n \r\n");
  EXPECT_EQ(blank.status, 422);
  EXPECT_THAT(blank.body, HasSubstr("no text"));
  const HttpResponse got = DefaultRoutes().Ask("GET", "/checkv2");
  EXPECT_EQ(got.status, 405);
  EXPECT_THAT(got.body, testing::Not(testing::HasSubstr("does not implement")));
  EXPECT_EQ(DefaultRoutes().Ask("GET", "/ping").body, "pong\r\n");
}

TEST(RoutesRspamd, PagesOfOtherSitesAreRefused) {
  EXPECT_EQ(Post("/learnham", Mail("a", "b"), {{"origin", "https://evil.example"}}).status, 403);
  EXPECT_EQ(Post("/checkv2", Mail("a", "b"), {{"sec-fetch-site", "cross-site"}}).status, 403);
}

}  // namespace
}  // namespace winnow
