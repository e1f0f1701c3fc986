#include "filter/spam_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "filter/message_sources.h"
#include "mail/mail_fields.h"
#include "support/error_of.h"

namespace winnow {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kFilterRules[] = R"([actions]
spam = 6
ham = -6
[[rule]]
name = "PRIZE"
score = 2.0
pattern = 'prize'
[[rule]]
name = "SURE"
score = 9.0
pattern = 'viagra'
[[rule]]
name = "SAFE"
score = -9.0
pattern = 'invoice 42'
)";

SpamFilter Filter() { return SpamFilter({}, RuleSet::Parse(kFilterRules, "rules.toml").value()); }

FilterMessage Message(const std::string& text) {
  FilterMessage message;
  message.text = text;
  return message;
}

std::vector<std::string> NamesOf(const Verdict& verdict) {
  std::vector<std::string> names;
  for (const Symbol& symbol : verdict.symbols) names.push_back(symbol.name);
  return names;
}

KnownState Listed(SenderReputation::List list) {
  KnownState state;
  state.sender.list = list;
  return state;
}

TEST(SpamFilter, TheModelDecidesWithWhatRulesFound) {
  const SpamFilter filter = Filter();
  FilterProgress progress = filter.Begin(Message("a prize"), {});
  ASSERT_FALSE(progress.decided);
  const Verdict verdict = filter.Decide(progress, {.probability = 0.4, .threshold = 0.5, .version = "1.2.0"});
  EXPECT_TRUE(verdict.is_spam);
  EXPECT_NEAR(LogOdds(verdict.score), LogOdds(0.4) + 4 * std::tanh(0.25), 1e-6);
  EXPECT_EQ(verdict.confidence(), verdict.score);
  EXPECT_EQ(verdict.source, VerdictSource::kClassifier);
  EXPECT_EQ(verdict.model_version, "1.2.0");
  EXPECT_THAT(NamesOf(verdict), ElementsAre("PRIZE", "CLASSIFIER"));
}

TEST(SpamFilter, WithoutEvidenceTheVerdictIsThatOfTheModel) {
  const SpamFilter filter = Filter();
  for (const double probability : {0.1, 0.69, 0.7, 0.9}) {
    const Verdict verdict = filter.Decide(filter.Begin(Message("lunch"), {}), {probability, 0.7F, "1"});
    EXPECT_EQ(verdict.score, probability);
    EXPECT_EQ(verdict.is_spam, probability >= 0.7) << probability;
    EXPECT_EQ(verdict.confidence(), verdict.is_spam ? probability : 1 - probability);
  }
}

TEST(SpamFilter, RulesDecideAloneFromTheirThresholds) {
  const SpamFilter filter = Filter();
  const std::optional<Verdict> spam = filter.Begin(Message("viagra"), {}).decided;
  ASSERT_TRUE(spam);
  EXPECT_TRUE(spam->is_spam);
  EXPECT_EQ(spam->source, VerdictSource::kRules);
  EXPECT_GE(spam->confidence(), 0.5);
  EXPECT_FALSE(spam->model_version);
  const std::optional<Verdict> ham = filter.Begin(Message("invoice 42"), {}).decided;
  ASSERT_TRUE(ham);
  EXPECT_FALSE(ham->is_spam);
  EXPECT_GT(ham->confidence(), 0.9);
}

TEST(SpamFilter, ListedSendersAreDecidedBeforeRules) {
  const SpamFilter filter = Filter();
  const std::optional<Verdict> allowed =
      filter.Begin(Message("viagra"), Listed(SenderReputation::List::kAllowed)).decided;
  ASSERT_TRUE(allowed);
  EXPECT_FALSE(allowed->is_spam);
  EXPECT_EQ(allowed->source, VerdictSource::kReputation);
  EXPECT_THAT(NamesOf(*allowed), ElementsAre("SENDER_ALLOWED"));
  const std::optional<Verdict> denied = filter.Begin(Message("lunch"), Listed(SenderReputation::List::kDenied)).decided;
  ASSERT_TRUE(denied);
  EXPECT_TRUE(denied->is_spam);
  EXPECT_GT(denied->confidence(), 0.99);
}

TEST(SpamFilter, LearntScoresAreEvidenceAndDoNotDecideAlone) {
  const SpamFilter filter = Filter();
  KnownState state;
  state.sender.user_score = 1;
  state.sender.common_score = -3;
  const FilterProgress progress = filter.Begin(Message("lunch"), state);
  ASSERT_FALSE(progress.decided);
  const Verdict verdict = filter.Decide(progress, {0.5, 0.5, "1"});
  EXPECT_NEAR(LogOdds(verdict.score), 3 * std::tanh(-2.0 / 3), 1e-6);
  EXPECT_THAT(NamesOf(verdict), ElementsAre("SENDER_USER", "SENDER_ALL", "CLASSIFIER"));
}

TEST(SpamFilter, WithoutAModelRulesAnswer) {
  const SpamFilter filter = Filter();
  const Verdict unknown = filter.FallBack(filter.Begin(Message("lunch"), {}, FilterMode{.mode = Mode::kStrict}));
  EXPECT_FALSE(unknown.is_spam);
  EXPECT_EQ(unknown.source, VerdictSource::kFallback);
  EXPECT_FALSE(unknown.model_version);
  KnownState state;
  state.sender.user_score = 4;
  EXPECT_TRUE(filter.FallBack(filter.Begin(Message("a prize"), state)).is_spam);
}

TEST(SpamFilter, RequestsPrecedePreferencesAndPreferencesTheDefault) {
  const SpamFilter filter({.mode = {.mode = Mode::kLenient}}, nullptr);
  KnownState state;
  EXPECT_EQ(filter.Begin(Message("a"), state).verdict.mode, (FilterMode{.mode = Mode::kLenient}));
  state.preferences = Preferences{.mode = "strict"};
  const FilterProgress preferred = filter.Begin(Message("a"), state);
  EXPECT_EQ(preferred.verdict.mode.origin, FilterMode::Origin::kPreferences);
  EXPECT_EQ(preferred.options().mode, Mode::kStrict);
  EXPECT_NEAR(preferred.verdict.threshold, 0.3, 1e-6);
  const FilterMode requested{.threshold = 0.42F, .origin = FilterMode::Origin::kRequest};
  EXPECT_EQ(filter.Begin(Message("a"), state, requested).verdict.mode, requested);
  EXPECT_EQ(filter.Begin(Message("a"), state, requested).options().threshold, 0.42F);
}

TEST(SpamFilter, PreferencesThatAreNotValidAreIgnored) {
  EXPECT_FALSE(ModeOf({}));
  EXPECT_FALSE(ModeOf({.mode = "harsh"}));
  EXPECT_FALSE(ModeOf({.threshold = 0}));
  EXPECT_FALSE(ModeOf({.threshold = 1.5}));
  EXPECT_EQ(ModeOf({.threshold = 0.25})->threshold, 0.25F);
}

TEST(SpamFilter, AnEmptyMessageIsHamAndNotClassified) {
  const SpamFilter filter = Filter();
  for (const char* const text : {"", " \n\t", "\xE2\x80\x8B"}) {  // the last one: a zero-width space
    const std::optional<Verdict> verdict = filter.Begin(Message(text), {}).decided;
    ASSERT_TRUE(verdict) << text;
    EXPECT_FALSE(verdict->is_spam);
    EXPECT_EQ(verdict->source, VerdictSource::kRules);
    EXPECT_THAT(NamesOf(*verdict), ElementsAre("EMPTY_MESSAGE"));
  }
  for (const char* const text : {"\xF0\x9F\x98\x80", "http://a.example", "?"}) {
    EXPECT_FALSE(filter.Begin(Message(text), {}).decided) << text;
  }
}

TEST(SpamFilter, AMessageWithASubjectOrABodyIsNotEmpty) {
  const SpamFilter filter = Filter();
  FilterMessage message;
  message.subject = "Lunch";
  EXPECT_FALSE(filter.Begin(message, {}).decided);
  message.subject = " ";
  message.body = "at noon";
  EXPECT_FALSE(filter.Begin(message, {}).decided);
  message.body = "\n";
  EXPECT_TRUE(filter.Begin(message, {}).decided);
}

TEST(SpamFilter, WhatSymbolsAddAreTheLogOddsOfTheScore) {
  const auto sum = [](const Verdict& verdict) {
    double log_odds = 0;
    for (const Symbol& symbol : verdict.symbols) log_odds += symbol.log_odds;
    return log_odds;
  };
  const SpamFilter filter({.weights = {.classifier = 2, .rules = 0.5, .intercept = -1}},
                          RuleSet::Parse(kFilterRules, "rules.toml").value());
  KnownState state;
  state.sender.user_score = 1;
  state.sender.common_score = 2;
  const Verdict verdict =
      filter.Decide(filter.Begin(Message("a prize"), state), {.probability = 0.8, .threshold = 0.875, .version = "1"});
  ASSERT_THAT(NamesOf(verdict), ElementsAre("SENDER_USER", "SENDER_ALL", "PRIZE", "CLASSIFIER"));
  EXPECT_NEAR(sum(verdict), LogOdds(verdict.score), 1e-6);
  EXPECT_NEAR(verdict.symbols[0].log_odds, std::tanh(1.0), 1e-9) << "a third of 3 tanh(3 / 3)";
  EXPECT_NEAR(verdict.symbols[1].log_odds, 2 * verdict.symbols[0].log_odds, 1e-9);
  EXPECT_NEAR(verdict.symbols[2].log_odds, 4 * std::tanh(0.25), 1e-9);
  EXPECT_NEAR(verdict.symbols[3].log_odds, -1 + 2 * std::log(4), 1e-9);
  EXPECT_EQ(verdict.threshold, 0.875);

  state.sender.list = SenderReputation::List::kAllowed;
  const std::optional<Verdict> settled = filter.Begin(Message("a prize"), state).decided;
  ASSERT_TRUE(settled);
  EXPECT_NEAR(sum(*settled), LogOdds(settled->score), 1e-6) << "what people have settled is all that counts";
}

TEST(SpamFilter, NewRulesCountFromTheNextMessageOn) {
  SpamFilter filter = Filter();
  FilterProgress begun = filter.Begin(Message("a prize"), {});
  filter.SetRules(nullptr);
  EXPECT_THAT(NamesOf(filter.FallBack(begun)), ElementsAre("PRIZE"));
  EXPECT_THAT(NamesOf(filter.FallBack(filter.Begin(Message("a prize"), {}))), IsEmpty());
}

TEST(SpamFilter, VerdictsAsJsonHaveThePromisedFields) {
  const SpamFilter filter = Filter();
  Verdict verdict = filter.Decide(filter.Begin(Message("a prize"), {}), {0.5, 0.5, "1.0.0"});
  verdict.id = "7";
  verdict.score = 0.75;
  const Json json = VerdictJson(verdict);
  EXPECT_EQ(json.dump(),
            R"({"id":"7","isSpam":true,"confidence":0.75,"score":0.75,"modelVersion":"1.0.0","source":"classifier",)"
            R"("symbols":[{"name":"PRIZE","score":2.0},{"name":"CLASSIFIER","score":0.0}],)"
            R"("mode":"moderate","modeFrom":"default","threshold":0.5})");
  verdict.mode.threshold = 0.5F;
  EXPECT_TRUE(VerdictJson(verdict)["mode"].is_null());
}

TEST(SpamFilter, CorrectionsOfNearDuplicatesPrecedeRulesAndTheModel) {
  const auto memory = std::make_shared<CampaignMemory>();
  const SpamFilter filter({}, RuleSet::Parse(kFilterRules, "rules.toml").value(), memory);
  FeedbackEvent event;
  event.idempotency_key = "k";
  event.text = "dear anna the invoice for viagra tablets of the zoo is ready for you today";
  event.is_spam = false;
  event.feedback_type = "user_rejection";
  event.user_id = "anna";
  event.created_at = StoreNow();
  memory->Learn(event);
  FilterMessage message = Message("dear anna the invoice for viagra tablets of the zoo is ready for you now");
  message.user = "anna";
  const std::optional<Verdict> corrected = filter.Begin(message, {}).decided;
  ASSERT_TRUE(corrected);
  EXPECT_FALSE(corrected->is_spam);
  EXPECT_EQ(corrected->source, VerdictSource::kReputation);
  EXPECT_THAT(NamesOf(*corrected), ElementsAre("SURE", "MEMORY_HAM"));
  message.user = "bob";
  EXPECT_TRUE(filter.Begin(message, {}).decided->is_spam) << "one user does not teach others";
}

TEST(SpamFilter, IdsOfMessagesAreUnique) {
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = NewMessageId();
    EXPECT_EQ(id.size(), 32u);
    EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos);
    EXPECT_TRUE(ids.insert(id).second);
  }
}

TEST(TextForModel, FillsTheTemplateOfTheModel) {
  FilterMessage mail;
  mail.subject = "Hello";
  mail.body = "How are you?";
  const TextTemplate both = TextTemplate::Parse("{subject} [SEP] {body:400}").value();
  EXPECT_EQ(TextForModel(mail, nullptr).joined(), "Hello\nHow are you?");
  EXPECT_EQ(TextForModel(Message("win\x1e"
                                 "a prize"),
                         nullptr)
                .joined(),
            "win a prize");
  EXPECT_EQ(TextForModel(mail, &both).segments(), 2u);
  EXPECT_THAT(TextForModel(Message("plain"), &both).joined(), HasSubstr("plain"));
  const TextTemplate other = TextTemplate::Parse("{title}").value();
  EXPECT_EQ(TextForModel(mail, &other).joined(), "Hello\nHow are you?");
}

TEST(TextForModel, FindsInAMailWhatImportedTrainingDataContain) {
  const MailMessage mail = ReadMail(
                               "From: Joe <joe@example.com>\nSender: list@example.org\nTo: a@example.net, "
                               "Bob <b@example.net>\nSubject: Dinner at six\n\nShall we?\n")
                               .value();
  const MailFields fields(mail);
  const FilterMessage message = MessageOfMail(mail);
  for (const std::string name : {"subject", "body", "from", "sender", "to", "text"}) {
    const TextTemplate field = TextTemplate::Parse("{" + name + "}").value();
    EXPECT_FALSE(fields.Find(name).empty()) << name;
    EXPECT_EQ(TextForModel(message, &field).joined(), fields.Find(name));
  }
  EXPECT_EQ(TextForModel(message, nullptr).joined(), fields.text);
  const TextTemplate both = TextTemplate::Parse("{subject} [SEP] {body:5}").value();
  EXPECT_EQ(TextForModel(message, &both).segments(), 2u);
}

TEST(MessageOfMail, HasTheWebAddressesBehindTheText) {
  const std::string html =
      "<a href='HTTPS:/\\bit.ly/x'>a</a><a href='mailto:a@b.example'>b</a><a href='ht\ntp://c.example/ d'>c</a>"
      "<a href='//d.example'>d</a><a href='javascript:x'>e</a><a href='page.html'>f</a>";
  const FilterMessage message =
      MessageOfMail(ReadMail("From: a@b.example\nContent-Type: text/html\n\n" + html).value());
  EXPECT_THAT(message.links, ElementsAre("https://bit.ly/x", "http://c.example/ d", "https://d.example"));
}

TEST(SpamFilter, AnAllowedAuthorDoesNotSpeakForOthers) {
  KnownState known;
  known.sender.list = SenderReputation::List::kAllowed;
  FilterMessage message = Message("hello");
  const SpamFilter filter({}, nullptr);
  EXPECT_TRUE(filter.Begin(message, known).decided);
  message.several_authors = true;
  EXPECT_FALSE(filter.Begin(message, known).decided);
  known.sender.list = SenderReputation::List::kDenied;
  EXPECT_TRUE(filter.Begin(message, known).decided);
}

TEST(MessageOfJson, ReadsTheFieldsOfAMessage) {
  const FilterMessage message =
      MessageOfJson(R"({"text": "a", "sender": "b", "user": "c", "label": 1, "subject": null})", "f, line 1").value();
  EXPECT_EQ(message.text, "a");
  EXPECT_EQ(message.sender, "b");
  EXPECT_EQ(message.user, "c");
  EXPECT_TRUE(MessageOfJson(R"({"text": ""})", "f"));
}

TEST(MessageOfJson, SaysWhereAndWhatIsWrong) {
  EXPECT_THAT(ErrorOf(MessageOfJson("[1]", "f, line 3")).message, HasSubstr("f, line 3: a JSON object was expected"));
  EXPECT_THAT(ErrorOf(MessageOfJson(R"({"text": 7})", "f")).message, HasSubstr("'text' must be a string"));
  EXPECT_THAT(ErrorOf(MessageOfJson(R"({"sender": "b"})", "f")).message, HasSubstr("none of the fields"));
  EXPECT_THAT(ErrorOf(MessageOfJson("{", "f, line 9")).message, HasSubstr("f, line 9"));
}

}  // namespace
}  // namespace winnow
