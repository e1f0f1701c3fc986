#include "server/rspamd_reply.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "filter/spam_filter.h"

namespace winnow {
namespace {

using testing::ElementsAre;
using testing::Pair;

Verdict VerdictOf(double score, double threshold) {
  Verdict verdict;
  verdict.score = score;
  verdict.threshold = threshold;
  verdict.is_spam = static_cast<float>(score) >= static_cast<float>(threshold);
  return verdict;
}

double SumOf(const Json& symbols) {
  double sum = 0;
  for (const auto& [name, symbol] : symbols.items()) {
    EXPECT_EQ(symbol["name"], name);
    sum += symbol["score"].get<double>();
  }
  return sum;
}

TEST(RspamdReply, AScoreOfSixIsTheDecisionThreshold) {
  for (const double threshold : {0.01, 0.3, 0.5, 0.7, 0.99}) {
    for (const double score : {0.0, 0.01, 0.3, 0.5, 0.699999, 0.7, 0.70001, 0.99, 1.0}) {
      const Verdict verdict = VerdictOf(score, threshold);
      EXPECT_EQ(RspamdScore(verdict) >= kRspamdSpamScore, verdict.is_spam) << score << " " << threshold;
      EXPECT_EQ(RspamdAction(verdict, {}), verdict.is_spam ? "add header" : "no action");
    }
  }
  EXPECT_NEAR(RspamdScore(VerdictOf(0.5, 0.3)), 6 + 0.8473, 1e-4);  // ln(.7 / .3)
  EXPECT_NEAR(RspamdScore(VerdictOf(1 / (1 + std::exp(6.0)), 0.5)), 0, 1e-4);
}

TEST(RspamdReply, AStepThatDecidesEarlyIsOnItsSideOfSix) {
  Verdict denied = VerdictOf(0.6, 0.7);
  denied.is_spam = true;
  EXPECT_EQ(RspamdScore(denied), 6);
  Verdict allowed = VerdictOf(0.5, 0.3);
  allowed.is_spam = false;
  EXPECT_EQ(RspamdScore(allowed), 5.99);
}

TEST(RspamdReply, SymbolsAddUpToTheScore) {
  const SpamFilter filter({}, RuleSet::Parse(R"([group.money]
max_score = 1.5
[[rule]]
name = "PRIZE"
score = 2.0
pattern = 'prize'
group = "money"
[[rule]]
name = "CASH"
score = 1.0
pattern = 'cash'
group = "money"
[[rule]]
name = "FRIEND"
score = -0.5
pattern = 'dear friend'
)",
                                             "rules.toml")
                                  .value());
  KnownState known;
  known.sender.user_score = 2;
  known.sender.common_score = -0.5;
  FilterMessage message;
  message.subject = "a prize";
  message.body = "dear friend, cash";
  const Verdict verdict =
      filter.Decide(filter.Begin(message, known), {.probability = 0.8, .threshold = 0.4, .version = "1.0.0"});
  const Json reply = RspamdReply(message, "1@example.com", verdict, {}, 0.25);
  EXPECT_NEAR(SumOf(reply["symbols"]), reply["score"].get<double>(), 1e-9);
  EXPECT_NEAR(reply["symbols"]["CLASSIFIER"]["score"].get<double>(), std::log(4), 1e-4);
  EXPECT_NEAR(reply["symbols"]["WINNOW_THRESHOLD"]["score"].get<double>(), 6 - std::log(0.4 / 0.6), 1e-3);
  EXPECT_EQ(reply["symbols"]["PRIZE"]["metric_score"].get<double>(), 2);
  EXPECT_GT(reply["symbols"]["PRIZE"]["score"].get<double>(),
            2 * reply["symbols"]["CASH"]["score"].get<double>() - 1e-3);
  EXPECT_LT(reply["symbols"]["SENDER_ALL"]["score"].get<double>(), 0);
  EXPECT_EQ(reply["message-id"], "1@example.com");
  EXPECT_EQ(reply["time_real"].get<double>(), 0.25);
  EXPECT_EQ(reply["winnow"]["id"], verdict.id);
}

TEST(RspamdReply, WhatIsSettledIsAllThatCounts) {
  const SpamFilter filter({}, nullptr);
  KnownState known;
  known.sender.user_score = 3;
  known.sender.list = SenderReputation::List::kAllowed;
  FilterMessage message;
  message.text = "hello";
  const Json reply = RspamdReply(message, "", *filter.Begin(message, known).decided, {}, 0);
  EXPECT_EQ(reply["action"], "no action");
  EXPECT_EQ(reply["symbols"]["SENDER_ALLOWED"]["score"].get<double>(), -6);
  EXPECT_EQ(reply["symbols"]["SENDER_USER"]["score"].get<double>(), 0);
  EXPECT_NEAR(reply["score"].get<double>(), 0, 1e-9);
  EXPECT_EQ(reply["message-id"], "undef");
}

TEST(RspamdReply, OptionsRejectAndRewriteTheSubject) {
  const RspamdOptions options{.reject_score = 15, .subject = "[SPAM] %s"};
  FilterMessage message;
  message.subject = "You\r\nwon 100%";
  const Json marked = RspamdReply(message, "", VerdictOf(0.9, 0.5), options, 0);
  EXPECT_EQ(marked["action"], "rewrite subject");
  EXPECT_EQ(marked["subject"], "[SPAM] You  won 100%");
  EXPECT_EQ(marked["required_score"].get<double>(), 15);
  EXPECT_EQ(marked["thresholds"], ParsedJson(R"({"rewrite subject": 6, "reject": 15})"));
  EXPECT_EQ(RspamdReply(message, "", VerdictOf(0.9999, 0.5), options, 0)["action"], "reject");
  const Json ham = RspamdReply(message, "", VerdictOf(0.1, 0.5), options, 0);
  EXPECT_EQ(ham["action"], "no action");
  EXPECT_FALSE(ham.contains("subject"));
}

TEST(RspamdReply, AMarkInTheSubjectIsNotTheSenders) {
  EXPECT_EQ(UnmarkedSubject("*** SPAM *** %s", "*** SPAM *** Lunch"), "Lunch");
  EXPECT_EQ(UnmarkedSubject("*** SPAM *** %s", "*** SPAM *** *** SPAM *** Lunch"), "Lunch");
  EXPECT_EQ(UnmarkedSubject("*** SPAM *** %s", "*** SPAM ***"), "");
  EXPECT_EQ(UnmarkedSubject("*** SPAM *** %s", "Re: *** SPAM *** Lunch"), "Re: *** SPAM *** Lunch");
  EXPECT_EQ(UnmarkedSubject("[ %s ] ", "[ Lunch ]"), "Lunch");
  EXPECT_EQ(UnmarkedSubject("Spam", "Spam"), "");
  EXPECT_EQ(UnmarkedSubject("Spam", "Spam and eggs"), "Spam and eggs");
  for (const char* const none : {"", "%s", " %s "}) EXPECT_EQ(UnmarkedSubject(none, "Lunch"), "Lunch");
}

TEST(RspamdReply, HeadersSayTheVerdictAndReplaceThoseOfTheMessage) {
  EXPECT_THAT(SpamHeaders(VerdictOf(0.9, 0.5)),
              ElementsAre(Pair("X-Spam-Flag", "YES"), Pair("X-Spam-Level", "********"),
                          Pair("X-Spam-Status", "Yes, score=8.20 required=6.00")));
  EXPECT_THAT(SpamHeaders(VerdictOf(0.0001, 0.5)), ElementsAre(Pair("X-Spam-Status", "No, score=-3.21 required=6.00")));
  const Json milter = RspamdReply({}, "", VerdictOf(0.9, 0.5), {}, 0)["milter"];
  EXPECT_EQ(milter["add_headers"]["X-Spam-Flag"]["value"], "YES");
  EXPECT_EQ(milter["remove_headers"].dump(), R"({"X-Spam":0,"X-Spam-Flag":0,"X-Spam-Level":0,"X-Spam-Status":0})");
}

}  // namespace
}  // namespace winnow
