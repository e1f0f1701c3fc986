#include "filter/backtest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "filter/history.h"
#include "filter/message_truth.h"
#include "filter/spam_filter.h"
#include "filter/verdict.h"
#include "support/temporary_directory.h"

namespace winnow {
namespace {

using testing::HasSubstr;

constexpr std::string_view kOld = R"([actions]
spam = 6
[[rule]]
name = "PRIZE"
score = 2
pattern = 'prize'
[[rule]]
name = "CODE"
score = -1
pattern = '7\d'
)";
constexpr std::string_view kNew = R"([actions]
spam = 6
[[rule]]
name = "PRIZE"
score = 8
pattern = 'prize'
[[rule]]
name = "LUNCH"
score = -4
pattern = 'lunch'
[[rule]]
name = "CODE"
score = -1
pattern = '7\d'
)";

/// The record of a message as a server with the old rules makes it, of a model that says `probability`.
MessageRecord Checked(const RuleSet::Pointer& rules, const std::string& text, double probability) {
  const SpamFilter filter({}, rules);
  FilterMessage message;
  message.text = text;
  message.user = "anna";
  FilterProgress progress = filter.Begin(message, {});
  const Verdict verdict = progress.decided
                              ? *progress.decided
                              : filter.Decide(std::move(progress), {.probability = probability, .version = "1.0.0"});
  return RecordOf(message, verdict);
}

class BacktestTest : public testing::Test {
 protected:
  const RuleSet::Pointer old_ = RuleSet::Parse(kOld, "old.toml").value(),
                         new_ = RuleSet::Parse(kNew, "new.toml").value();
};

TEST_F(BacktestTest, TellsWhichVerdictsWouldChangeAndWhy) {
  Backtest backtest(*new_, *old_, {.examples = 1});
  backtest.Add(Checked(old_, "a prize at the fair", 0.1), true);  // ham; the new rules alone decide spam
  backtest.Add(Checked(old_, "lunch at noon", 0.7), false);       // spam; LUNCH makes it ham
  backtest.Add(Checked(old_, "lunch", 0.999), std::nullopt);      // stays spam
  backtest.Add(Checked(old_, "nothing of it", 0.9), true);        // no rule hits
  const Json json = backtest.ToJson();
  EXPECT_EQ(json["messages"], 4);
  EXPECT_EQ(json["to_spam"], 1);
  EXPECT_EQ(json["to_ham"], 1);
  EXPECT_EQ(json["open"], 0);
  EXPECT_EQ(json["mended"], 2);
  EXPECT_EQ(json["broken"], 0);
  EXPECT_EQ(json["known"], 3);
  ASSERT_EQ(json["examples"].size(), 1u);
  EXPECT_EQ(json["examples"][0]["causes"], Json({"-PRIZE", "+PRIZE"}));
  for (const Json& rule : json["rules"]) {
    if (rule["name"] != "LUNCH") continue;
    EXPECT_EQ(rule["hits"], 2);
    EXPECT_EQ(rule["changes"], 1);
    EXPECT_EQ(rule["precision"], 1.0) << "the one known message is ham, as the score below 0 says";
  }
  EXPECT_THAT(backtest.Text(), HasSubstr("4 messages: 1 would become spam, 1 would become ham"));
}

TEST_F(BacktestTest, CountsTheHitsOfTheWatchedRule) {
  Backtest backtest(*new_, *old_, {.examples = 2, .watched = "LUNCH"});
  backtest.Add(Checked(old_, "lunch at noon", 0.9), false);              // people say that it is ham
  backtest.Add(Checked(old_, "lunch with a prize", 0.9), std::nullopt);  // judged spam
  backtest.Add(Checked(old_, "lunch", 0.1), std::nullopt);
  backtest.Add(Checked(old_, "a prize", 0.9), true);
  const WatchedRule& watched = backtest.watched();
  EXPECT_EQ(watched.hits, 3u);
  EXPECT_EQ(watched.spam, 1u);
  EXPECT_EQ(watched.ham, 2u);
  EXPECT_EQ(watched.known.ham, 1u);
  EXPECT_THAT(watched.examples, testing::ElementsAre("lunch at noon", "lunch with a prize"));
}

TEST_F(BacktestTest, TheSameRulesChangeNothing) {
  Backtest backtest(*old_, *old_, {});
  for (const double probability : {0.01, 0.4, 0.499, 0.5, 0.6, 0.99})
    backtest.Add(Checked(old_, "a prize 71", probability), std::nullopt);
  EXPECT_EQ(backtest.changed(), 0u);
  EXPECT_EQ(backtest.open(), 0u);
}

TEST_F(BacktestTest, LeavesToTheModelWhatRulesNoLongerDecide) {
  Backtest backtest(*old_, *new_, {});
  backtest.Add(Checked(new_, "a prize", 0.1), std::nullopt);
  EXPECT_EQ(backtest.open(), 1u);
  EXPECT_EQ(backtest.changed(), 0u);
}

TEST_F(BacktestTest, RulesThatRedactionHidesCountAsHit) {
  MessageRecord message = Checked(old_, "the code is 71", 0.6);
  message.text = "the code is 00";
  message.redacted = true;
  Backtest backtest(*old_, *old_, {});
  backtest.Add(message, std::nullopt);
  EXPECT_EQ(backtest.ToJson()["rules"][0]["hits"], 1);
  EXPECT_EQ(backtest.changed(), 0u);
}

// The history has the text, the sender's address and the user, but neither header fields nor what is behind links.
TEST_F(BacktestTest, RulesAboutWhatTheHistoryLacksCountAsHit) {
  const RuleSet::Pointer rules = RuleSet::Parse(R"([[rule]]
name = "LIST"
score = -2
exists = "header:List-Id"
[[rule]]
name = "SHORT_LINK"
score = 3
field = "link_hosts"
domains = ["bit.ly"]
[[composite]]
name = "SHORT_LINK_OF_A_LIST"
score = 1
expression = "LIST & SHORT_LINK"
)",
                                                "rules.toml")
                                     .value();
  const SpamFilter filter({}, rules);
  FilterMessage message;
  message.subject = "Hello";
  message.body = "see here";
  message.headers = {{"List-Id", "<a.example>"}};
  message.links = {"https://bit.ly/x"};
  const Verdict verdict = filter.Decide(filter.Begin(message, {}), {.probability = 0.4, .version = "1.0.0"});
  EXPECT_TRUE(verdict.is_spam);
  Backtest backtest(*rules, *rules, {});
  backtest.Add(RecordOf(message, verdict), std::nullopt);
  EXPECT_EQ(backtest.changed(), 0u);
  EXPECT_EQ(backtest.ToJson()["rules"].size(), 3u);
}

TEST_F(BacktestTest, CountsRulesOfTheHistory) {
  RuleHistory history;
  history.Add(Checked(old_, "a prize", 0.9), true);
  history.Add(Checked(old_, "a prize", 0.9), false);
  history.Add(Checked(old_, "71", 0.1), std::nullopt);
  const Json json = history.ToJson();
  ASSERT_EQ(json["rules"].size(), 2u) << "the classifier is no rule";
  EXPECT_EQ(json["rules"][1]["name"], "PRIZE");
  EXPECT_EQ(json["rules"][1]["hits"], 2);
  EXPECT_EQ(json["rules"][1]["precision"], 0.5);
  EXPECT_TRUE(json["rules"][0]["precision"].is_null());
  EXPECT_THAT(history.Text(), HasSubstr("3 messages; people know what 2 of them are"));
}

TEST(MessageTruth, IsThatOfAuditsThenAdministratorsThenUsers) {
  const TemporaryDirectory directory;
  const auto store = Store::Open({.url = (directory.path() / "store.db").string()}).value();
  int number = 0;
  const auto say = [&](const std::string& id, bool spam, const std::string& type, const std::string& user) {
    FeedbackEvent event{.idempotency_key = std::to_string(++number), .text = "text of " + id, .is_spam = spam};
    event.feedback_type = type;
    event.message_id = id;
    event.user_id = user;
    ASSERT_TRUE(store->AddFeedback(event));
  };
  say("m1", true, "user_rejection", "anna");
  say("m2", true, "user_rejection", "anna");
  say("m2", false, "user_rejection", "ben");
  say("m3", true, "user_rejection", "anna");
  say("m3", false, "admin", "root");
  say("m4", true, "user_rejection", "anna");
  ASSERT_TRUE(store->AddVerdictSample({.message_id = "m4", .text = "text of m4", .stratum = "0-1", .probability = 1}));
  ASSERT_TRUE(store->LabelVerdictSample(1, "ham", "root"));
  const MessageTruth truth = MessageTruth::Read(*store).value();
  const auto of = [&](const std::string& id) { return truth.Of({.message_id = id, .text = "?"}); };
  EXPECT_EQ(of("m1"), true);
  EXPECT_EQ(of("m2"), std::nullopt);
  EXPECT_EQ(of("m3"), false);
  EXPECT_EQ(of("m4"), false);
  EXPECT_EQ(of("m5"), std::nullopt);
  EXPECT_EQ(truth.Of({.message_id = "m6", .text = "text of m1"}), true) << "a message is known by its text";
}

}  // namespace
}  // namespace winnow
