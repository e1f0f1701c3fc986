#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "store/sql_connection.h"
#include "store/store_url.h"
#include "support/served_routes.h"

namespace winnow {
namespace {

using testing::HasSubstr;

Json Ask(const std::string& method, const std::string& path, const Json& body = {}) {
  return DefaultRoutes().AskJson(method, path, body.is_null() ? "" : body.dump());
}

Json Check(Json body) { return Ask("POST", "/v1/messages/check", body); }

std::vector<std::string> NamesOf(const Json& verdict) {
  std::vector<std::string> names;
  for (const Json& symbol : verdict["symbols"]) names.push_back(symbol["name"].str());
  return names;
}

/// Waits for the history, which is written in the background. Returns the messages.
Json History(const std::string& query, size_t count) {
  Json found;
  for (int i = 0; i < 30000; ++i) {
    const auto request = DefaultRoutes().Ask("GET", "/v1/history?" + query);
    found = ParsedJson(request.body);
    if (found["messages"].size() >= count) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return found;
}

TEST(RoutesMessages, AVerdictHasThePromisedFields) {
  const Json verdict = Check({{"text", "win a prize now"}, {"model", "words"}});
  std::vector<std::string> names;
  for (const auto& [name, value] : verdict.items()) names.push_back(name);
  EXPECT_THAT(names, testing::ElementsAre("id", "isSpam", "confidence", "score", "modelVersion", "source", "symbols",
                                          "mode", "modeFrom", "threshold"));
  EXPECT_EQ(verdict["source"], "classifier");
  EXPECT_EQ(verdict["modelVersion"], "1.0.0");
  EXPECT_EQ(verdict["id"].str().size(), 32u);
  EXPECT_NE(verdict["id"], Check({{"text", "win a prize now"}})["id"]);
}

TEST(RoutesMessages, BodiesAreChecked) {
  const auto status = [](const std::string& body) {
    return DefaultRoutes().Ask("POST", "/v1/messages/check", body).status;
  };
  EXPECT_EQ(status(R"({"text": ""})"), 200);
  EXPECT_EQ(status(R"({"subject": "a", "body": "b"})"), 200);
  EXPECT_EQ(status("{}"), 422);
  EXPECT_EQ(status(R"({"text": 7})"), 422);
  EXPECT_EQ(status(R"({"text": "a", "mode": "harsh"})"), 422);
  EXPECT_EQ(status(R"({"text": "a", "mode": "strict", "threshold": 0.5})"), 422);
  EXPECT_EQ(status(R"({"text": "a", "threshold": 1})"), 422);
  EXPECT_EQ(status(R"({"text": "a", "model": "none"})"), 404);
  EXPECT_EQ(status(R"({"text": "a", "user": ")" + std::string(1025, 'u') + "\"}"), 422);
  EXPECT_EQ(status(R"({"text": "a", "user": "a\u0000b"})"), 422);
  EXPECT_EQ(status("{\"text\": \"" + std::string((1 << 20) + 1, 'a') + "\"}"), 413);
}

TEST(RoutesMessages, PreferencesDecideFromTheNextMessageOn) {
  const std::string path = "/v1/users/anna%20b/preferences";
  EXPECT_EQ(Ask("GET", path).dump(), R"({"mode":"moderate"})");
  EXPECT_EQ(Check({{"text", "lunch"}, {"user", "anna b"}})["modeFrom"], "default");
  EXPECT_EQ(Ask("PUT", path, {{"mode", "strict"}}).dump(), R"({"mode":"strict"})");
  const Json strict = Check({{"text", "lunch"}, {"user", "anna b"}});
  EXPECT_EQ(strict["mode"], "strict");
  EXPECT_EQ(strict["modeFrom"], "preferences");
  EXPECT_NEAR(strict["threshold"].get<double>(), 0.3, 1e-6);
  EXPECT_EQ(Check({{"text", "lunch"}, {"user", "anna b"}, {"mode", "lenient"}})["modeFrom"], "request");
  EXPECT_EQ(Ask("PUT", path, {{"threshold", 0.8}}).dump(), R"({"threshold":0.8})");
  EXPECT_EQ(Ask("PUT", path, {{"threshold", 0.25}}).dump(), R"({"threshold":0.25})");
  EXPECT_TRUE(Check({{"text", "lunch"}, {"user", "anna b"}})["mode"].is_null());
  EXPECT_EQ(Ask("GET", path).dump(), R"({"threshold":0.25})");
  for (const char* const body :
       {"{}", R"({"mode": "harsh"})", R"({"threshold": 2})", R"({"mode": "strict", "threshold": 0.4})"}) {
    EXPECT_EQ(DefaultRoutes().Ask("PUT", path, body).status, 422) << body;
  }
}

TEST(RoutesMessages, AUserIsTheSameInAllSpellingsOfTheAddress) {
  EXPECT_EQ(Ask("PUT", "/v1/users/Uma@Example.org/preferences", {{"mode", "strict"}}).dump(), R"({"mode":"strict"})");
  EXPECT_EQ(Ask("GET", "/v1/users/uma@example.org/preferences").dump(), R"({"mode":"strict"})");
  EXPECT_EQ(Check({{"text", "lunch"}, {"user", "UMA@example.org"}})["modeFrom"], "preferences");
  const auto mail =
      DefaultRoutes().Ask("POST", "/checkv2", "From: a@b.example\r\n\r\nlunch\r\n", {{"rcpt", "<Uma@Example.org>"}});
  EXPECT_EQ(ParsedJson(mail.body)["winnow"]["modeFrom"], "preferences");
  Ask("PUT", "/v1/senders/s@spelt.example", {{"list", "deny"}, {"user", "UMA@EXAMPLE.ORG"}});
  EXPECT_EQ(Ask("GET", "/v1/senders/s@spelt.example?user=Uma@example.org")["list"], "deny");
  EXPECT_EQ(Check({{"text", "lunch"}, {"sender", "s@spelt.example"}, {"user", "uma@example.org"}})["source"],
            "reputation");
  EXPECT_EQ(History("user=UMA@Example.org", 3)["messages"].size(), 3u);
}

TEST(RoutesMessages, ListedSendersAreDecidedByReputation) {
  const std::string path = "/v1/senders/%40listed.example";
  EXPECT_EQ(Ask("GET", path)["list"], "none");
  EXPECT_EQ(Ask("PUT", path, {{"list", "deny"}})["list"], "deny");
  const Json denied = Check({{"text", "lunch"}, {"sender", "Joe <joe@LISTED.example>"}, {"user", "bob"}});
  EXPECT_TRUE(denied["isSpam"].get<bool>());
  EXPECT_EQ(denied["source"], "reputation");
  EXPECT_THAT(NamesOf(denied), testing::ElementsAre("SENDER_DENIED"));
  EXPECT_EQ(Ask("PUT", "/v1/senders/joe@listed.example", {{"list", "allow"}, {"user", "bob"}})["user"], "bob");
  EXPECT_FALSE(Check({{"text", "lunch"}, {"sender", "joe@listed.example"}, {"user", "bob"}})["isSpam"].get<bool>());
  EXPECT_TRUE(Check({{"text", "lunch"}, {"sender", "joe@listed.example"}, {"user", "eve"}})["isSpam"].get<bool>());
  EXPECT_EQ(Ask("PUT", path, {{"list", "none"}})["list"], "none");
  EXPECT_EQ(DefaultRoutes().Ask("PUT", path, R"({"list": "grey"})").status, 422);
  EXPECT_EQ(Ask("PUT", path, {{"list", "block"}})["list"], "deny");
  const std::string long_address = std::string(310, 'a') + "@listed.example";
  EXPECT_EQ(Check({{"text", "lunch"}, {"sender", long_address}})["source"], "reputation") << "the domain counts";
  EXPECT_EQ(DefaultRoutes().Ask("PUT", "/v1/senders/" + long_address, R"({"list": "allow"})").status, 422);
  EXPECT_EQ(Ask("PUT", path, {{"list", "none"}})["list"], "none");
  const HttpResponse domain = DefaultRoutes().Ask("PUT", "/v1/senders/listed.example", R"({"list": "deny"})");
  EXPECT_EQ(domain.status, 422);
  EXPECT_THAT(domain.body, HasSubstr("begin it with @: @listed.example"));
  EXPECT_EQ(DefaultRoutes().Ask("PUT", "/v1/senders/listed.example", R"({"list": "none"})").status, 200);
  for (const char* const nothing : {"@", "@*", "*@listed.example"})
    EXPECT_EQ(DefaultRoutes().Ask("PUT", "/v1/senders/" + std::string(nothing), R"({"list": "deny"})").status, 422)
        << nothing;
}

TEST(RoutesMessages, FeedbackTeachesTheSenderOfItsUser) {
  const std::string sender = "+447700900001";
  const auto check = [&](const std::string& user) {
    return Check({{"text", "call me later"}, {"sender", sender}, {"user", user}, {"model", "words"}});
  };
  const Json before = check("carl");
  const Json body = {{"id", before["id"]}, {"is_spam", true}, {"user", "carl"}};
  const auto send = [&](const Json& said, const std::string& key) {
    return ParsedJson(DefaultRoutes().Ask("POST", "/v1/feedback", said.dump(), {{"idempotency-key", key}}).body);
  };
  const Json stored = send(body, "k1");
  EXPECT_EQ(stored["status"], "stored") << stored;
  EXPECT_EQ(stored["label"], "spam");
  EXPECT_EQ(send(body, "k1")["status"], "duplicate");
  const Json after = check("carl");
  EXPECT_GT(after["score"].get<double>(), before["score"].get<double>());
  EXPECT_THAT(NamesOf(after), testing::Contains("SENDER_USER"));
  EXPECT_EQ(check("dora")["score"], before["score"]) << "one user does not teach others";
  // The last word counts: ham in place of spam.
  send({{"id", before["id"]}, {"is_spam", false}, {"user", "carl"}}, "k2");
  EXPECT_LT(check("carl")["score"].get<double>(), before["score"].get<double>());
  const Json score = Ask("GET", "/v1/senders/%2B447700900001");
  EXPECT_EQ(score["score"], 0.0);
  const auto own = ParsedJson(DefaultRoutes().Ask("GET", "/v1/senders/%2B447700900001?user=carl").body);
  EXPECT_NEAR(own["score"].get<double>(), -1, 1e-3);
}

TEST(RoutesMessages, RepeatedFeedbackTeachesWhatAProcessThatEndedDidNot) {
  const Json verdict = Check({{"text", "call me later"}, {"sender", "x@ended.example"}, {"user", "emma"}});
  const std::string body = Json({{"id", verdict["id"]}, {"is_spam", true}, {"user", "emma"}}).dump();
  const auto send = [&] {
    return DefaultRoutes().Ask("POST", "/v1/feedback", body, {{"idempotency-key", "ended"}}).status;
  };
  const auto score = [] { return Ask("GET", "/v1/senders/x%40ended.example?user=emma")["score"].get<double>(); };
  EXPECT_EQ(send(), 200);
  EXPECT_NEAR(score(), 1, 1e-3);
  // As it is if the process ends between the two.
  const StoreAddress address = ParseStoreUrl(DefaultRoutes().store()).value();
  const auto connection = OpenSqlConnection(address, {}).value();
  ASSERT_TRUE(connection->Run("DELETE FROM reputation WHERE user_id = $1", {std::string("emma")}));
  ASSERT_TRUE(connection->Run("DELETE FROM idempotency_keys WHERE digest = 'reputation'", {}));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(send(), 200);
    EXPECT_NEAR(score(), 1, 1e-3);
  }
}

TEST(RoutesMessages, WhatIsForgottenTeachesNothing) {
  const Json id = Check({{"text", "gardening tips"}, {"sender", "news@garden.example"}, {"user", "gus"}})["id"];
  const auto score = [] { return Ask("GET", "/v1/senders/news@garden.example?user=gus")["score"].get<double>(); };
  for (int i = 0; i < 3; ++i) {
    Ask("POST", "/v1/feedback", {{"id", id}, {"is_spam", true}, {"user", "gus"}});
    EXPECT_NEAR(score(), 1, 1e-3);
    Ask("POST", "/v1/feedback", {{"id", id}, {"forget", true}, {"user", "gus"}});
    EXPECT_NEAR(score(), 0, 1e-3);
  }
}

TEST(RoutesMessages, ReportsOfSeveralThreadsAboutOneMessageCountOnce) {
  const Json id = Check({{"text", "gardening tips"}, {"sender", "once@garden.example"}, {"user", "gus"}})["id"];
  std::vector<std::jthread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] {
      EXPECT_EQ(Ask("POST", "/v1/feedback", {{"id", id}, {"is_spam", true}, {"user", "gus"}})["status"], "stored");
    });
  }
  threads.clear();
  EXPECT_NEAR(Ask("GET", "/v1/senders/once@garden.example?user=gus")["score"].get<double>(), 1, 1e-3);
}

TEST(RoutesMessages, FeedbackWithALabelThatNoModelHasIsRefused) {
  const auto send = [](const std::string& label) {
    return DefaultRoutes().Ask("POST", "/v1/feedback", Json({{"text", "call me"}, {"label", label}}).dump());
  };
  EXPECT_EQ(send("zzz").status, 422);
  EXPECT_THAT(send("zzz").body, HasSubstr("the labels are ham, spam"));
  EXPECT_THAT(send("spamm").body, HasSubstr("did you mean 'spam'?"));
  for (const char* label : {"spam", "ham", "junk", "not_spam"}) EXPECT_EQ(send(label).status, 200) << label;
}

TEST(RoutesMessages, FeedbackOfAdministratorsTeachesAllUsers) {
  const Json before = Check({{"text", "call me later"}, {"sender", "x@admin.example"}, {"user", "u1"}});
  Ask("POST", "/v1/feedback",
      {{"text", "call me"}, {"sender", "x@admin.example"}, {"label", "spam"}, {"feedback_type", "admin"}});
  const Json after = Check({{"text", "call me later"}, {"sender", "x@admin.example"}, {"user", "u2"}});
  EXPECT_GT(after["score"].get<double>(), before["score"].get<double>());
  EXPECT_THAT(NamesOf(after), testing::Contains("SENDER_ALL"));
}

TEST(RoutesMessages, ACorrectionActsOnNearDuplicatesAtOnce) {
  const std::string text = "the parcel of your grandmother waits at the depot in the old town ";
  const auto check = [&](const std::string& end, const std::string& user) {
    return Check({{"text", text + end}, {"user", user}, {"model", "words"}});
  };
  const bool spam = check("one", "mia")["isSpam"].get<bool>();
  Ask("POST", "/v1/feedback", {{"text", text + "one"}, {"is_spam", !spam}, {"user", "mia"}});
  const Json corrected = check("two", "mia");
  EXPECT_EQ(corrected["isSpam"], !spam);
  EXPECT_EQ(corrected["source"], "reputation");
  EXPECT_THAT(NamesOf(corrected), testing::Contains(spam ? "MEMORY_HAM" : "MEMORY_SPAM"));
  EXPECT_EQ(check("two", "noa")["isSpam"], spam) << "one user does not teach others";
  Ask("POST", "/v1/feedback", {{"text", text + "one"}, {"is_spam", !spam}, {"feedback_type", "admin"}});
  EXPECT_EQ(check("two", "noa")["isSpam"], !spam);
}

TEST(RoutesMessages, FeedbackIsChecked) {
  const auto ask = [](const std::string& body, const std::string& key = "") {
    return DefaultRoutes().Ask("POST", "/v1/feedback", body, {{"idempotency-key", key}});
  };
  EXPECT_EQ(ask(R"({"id": "none", "is_spam": true})").status, 404);
  EXPECT_EQ(ask(R"({"id": "a", "text": "b", "is_spam": true})").status, 404) << "the text of an unknown message";
  EXPECT_EQ(ask(R"({"id": "a", "forget": true, "is_spam": true})").status, 422);
  EXPECT_EQ(ask(R"({"ids": ["a"], "text": "b", "is_spam": true})").status, 422);
  EXPECT_EQ(ask(R"({"ids": [], "is_spam": true})").status, 422);
  EXPECT_EQ(ask(R"({"is_spam": true})").status, 422);
  EXPECT_EQ(ask(R"({"text": "b"})").status, 422);
  EXPECT_EQ(ask(R"({"text": "b", "is_spam": true, "label": "ham"})").status, 422);
  EXPECT_EQ(ask(R"({"text": "b", "is_spam": true, "feedback_type": "bot"})").status, 422);
  EXPECT_EQ(ask(R"({"text": "b", "is_spam": true})", std::string(600, 'k')).status, 422);
  EXPECT_EQ(ask(R"({"text": " \n", "is_spam": true})").status, 422);
  EXPECT_EQ(ask(R"({"text": "b", "is_spam": true})", "same").status, 200);
  const HttpResponse other = ask(R"({"text": "c", "is_spam": true})", "same");
  EXPECT_EQ(other.status, 409);
  EXPECT_THAT(other.body, HasSubstr("Idempotency-Key"));
}

TEST(RoutesMessages, HistoryIsSearchedAndPaged) {
  for (const char* const text : {"zebra one", "zebra two", "zebra three"}) {
    Check({{"text", text}, {"sender", "h@example.com"}, {"user", "hist"}});
  }
  ASSERT_EQ(History("text=ZEBRA&user=hist", 3)["messages"].size(), 3u);
  const Json first = History("user=hist&limit=2", 2);
  ASSERT_EQ(first["messages"].size(), 2u);
  EXPECT_EQ(first["messages"][0]["text"], "zebra three");
  EXPECT_EQ(first["messages"][0]["sender"], "h@example.com");
  const Json second = History("user=hist&limit=2&before=" + first["next"].dump(), 1);
  ASSERT_EQ(second["messages"].size(), 1u);
  EXPECT_EQ(second["messages"][0]["text"], "zebra one");
  EXPECT_TRUE(second["next"].is_null());
  EXPECT_EQ(History("user=nobody", 0)["messages"].size(), 0u);
  EXPECT_EQ(DefaultRoutes().Ask("GET", "/v1/history?usr=a").status, 422);
  EXPECT_EQ(DefaultRoutes().Ask("GET", "/v1/history?since=yesterday").status, 422);
}

TEST(RoutesMessages, MetricsCountStepsAndSources) {
  Check({{"text", "lunch"}, {"model", "words"}});
  const std::string metrics = DefaultRoutes().Ask("GET", "/metrics").body;
  EXPECT_THAT(metrics, HasSubstr(R"(winnow_filter_verdicts_total{source="classifier",verdict=)"));
  for (const char* const step : {"lookup", "rules", "classifier", "total"}) {
    EXPECT_THAT(metrics, HasSubstr("winnow_filter_step_seconds_count{step=\"" + std::string(step) + "\"}"));
  }
  EXPECT_THAT(metrics, HasSubstr("winnow_filter_store{of=\"available\"} 1"));
}

}  // namespace
}  // namespace winnow
