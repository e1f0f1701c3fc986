#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "base/json.h"
#include "store/spool.h"
#include "support/store_databases.h"

namespace winnow {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kText = "Dear Quentin, the safe opens with 771204";

class ForgetOn : public OnEveryDatabase {};
INSTANTIATE_TEST_SUITE_P(Databases, ForgetOn, testing::Values("SQLite", "PostgreSQL"), DatabaseName);

FeedbackEvent Event(const std::string& key, std::string_view text, const std::string& user) {
  FeedbackEvent event;
  event.idempotency_key = key;
  event.text = text;
  event.is_spam = true;
  event.user_id = user;
  event.feedback_type = "user_rejection";
  event.created_at = StoreNow() - std::chrono::hours(1);
  return event;
}

MessageRecord Message(const std::string& id, std::string_view text, const std::string& user) {
  MessageRecord message;
  message.message_id = id;
  message.text = text;
  message.user_id = user;
  message.source = "classifier";
  message.created_at = StoreNow() - std::chrono::hours(1);
  return message;
}

VerdictSample Sample(const std::string& id, std::string_view text, const std::string& user) {
  return {.message_id = id,
          .text = std::string(text),
          .stratum = "0-1",
          .probability = 1,
          .user_id = user,
          .created_at = StoreNow() - std::chrono::hours(1)};
}

std::vector<std::string> Texts(Store& store) {
  std::vector<std::string> texts;
  const std::vector<StoredFeedback> all = store.ListFeedback({}).value();
  for (const StoredFeedback& stored : all) texts.push_back(stored.event.text);
  return texts;
}

TEST_P(ForgetOn, RemovesATextFromAllTables) {
  const auto store = OpenStore();
  const std::string variant = "  DEAR quentin, the safe\topens with 771204";
  for (const FeedbackEvent& event :
       {Event("k1", kText, "anna"), Event("k2", variant, "ben"), Event("k3", "other", "ben")})
    ASSERT_TRUE(store->AddFeedback(event));
  const MessageRecord messages[] = {Message("m1", kText, "anna"), Message("m2", "other", "anna")};
  ASSERT_TRUE(store->RecordMessages(messages));
  ASSERT_TRUE(store->AddVerdictSample(Sample("m1", kText, "anna")));
  ASSERT_TRUE(store->AddVerdictSample(Sample("m2", "other", "anna")));
  ASSERT_TRUE(store->AppendAudit({.actor = "root",
                                  .action = "senders.set",
                                  .subject = "x",
                                  .details = Json{{"quoted", {{"text", "he wrote: " + variant}}}}.dump()}));
  ASSERT_TRUE(store->RecordCampaignUses(std::vector<CampaignUse>{{"d1", StoreNow()}, {"d2", StoreNow()}}));

  const ForgetSelection selection = {.texts = {std::string(kText)}, .campaign_digests = {"d1"}};
  const ForgottenRows found = store->FindForgotten(selection).value();
  EXPECT_EQ(Texts(*store).size(), 3u) << "nothing is removed by looking";
  const ForgottenRows rows = store->Forget(selection).value();
  for (const ForgottenRows& counts : {found, rows}) {
    EXPECT_EQ(counts.feedback, 2);
    EXPECT_EQ(counts.idempotency_keys, 2);
    EXPECT_EQ(counts.messages, 1);
    EXPECT_EQ(counts.verdict_samples, 1);
    EXPECT_EQ(counts.audit_entries, 1);
    EXPECT_EQ(counts.campaign_uses, 1);
    EXPECT_EQ(counts.total(), 8);
  }
  EXPECT_THAT(Texts(*store), ElementsAre("other"));
  EXPECT_EQ(store->ListMessages({}).value().size(), 1u);
  EXPECT_EQ(store->ListVerdictSamples({}).value().size(), 1u);
  EXPECT_EQ(store->ListCampaignUses({}).value().size(), 1u);
  EXPECT_EQ(ParseJson(store->ListAudit({}).value()[0].entry.details, "details").value(),
            (Json{{"quoted", {{"text", "(forgotten)"}}}}));
  EXPECT_EQ(Number("SELECT COUNT(*) FROM idempotency_keys"), 1);
  EXPECT_EQ(store->Forget(selection).value().total(), 0);
}

TEST_P(ForgetOn, RemovesAllThatAUserHasContributed) {
  const auto store = OpenStore();
  for (const FeedbackEvent& event :
       {Event("k1", "of both", "anna"), Event("k2", "of both", "ben"), Event("k3", "of anna", "anna")})
    ASSERT_TRUE(store->AddFeedback(event));
  const MessageRecord messages[] = {Message("m1", "to anna", "anna"), Message("m2", "to ben", "ben")};
  ASSERT_TRUE(store->RecordMessages(messages));
  ASSERT_TRUE(store->AddVerdictSample(Sample("m1", "to anna", "anna")));
  ASSERT_TRUE(store->AddVerdictSample(Sample("m2", "to ben", "ben")));
  ASSERT_TRUE(store->LabelVerdictSample(store->ListVerdictSamples({}).value()[1].id, "ham", "anna"));
  ASSERT_TRUE(store->SetPreferences("anna", {.mode = "strict"}));
  ASSERT_TRUE(store->SetReputation({"joe@example.com", "score", "anna"}, 1));
  ASSERT_TRUE(store->SetReputation({"joe@example.com", "score", ""}, 2));
  ASSERT_TRUE(store->AppendAudit({.actor = "anna", .action = "preferences.set", .subject = "anna", .details = "{}"}));

  const ForgottenRows rows = store->Forget({.users = {"anna"}}).value();
  EXPECT_EQ(rows.feedback, 2);
  EXPECT_EQ(rows.messages, 1);
  EXPECT_EQ(rows.verdict_samples, 1);
  EXPECT_EQ(rows.blind_labels, 1);
  EXPECT_EQ(rows.preferences, 1);
  EXPECT_EQ(rows.reputation, 1);
  EXPECT_EQ(rows.audit_entries, 1);
  EXPECT_THAT(rows.user_texts, ElementsAre("of anna", "to anna")) << "a text that ben has reported, too, is his";
  EXPECT_THAT(Texts(*store), ElementsAre("of both"));
  EXPECT_EQ(store->ListAudit({}).value()[0].entry.subject, "(forgotten)");
  EXPECT_EQ(store->GetReputation({"joe@example.com", "score", ""}).value()->score, 2);
  EXPECT_FALSE(store->ListVerdictSamples({}).value()[0].sample.label);
}

TEST_P(ForgetOn, FindsAllSpellingsOfAnAddress) {
  const auto store = OpenStore();
  for (const char* const user : {"anna@example.org", "Anna@Example.org", "ben@example.org"}) {
    ASSERT_TRUE(store->AddFeedback(Event(user, user, user)));
    ASSERT_TRUE(store->RecordMessages(std::array{Message(user, user, user)}));
    ASSERT_TRUE(store->SetPreferences(user, {.mode = "strict", .threshold = {}}));
  }
  const ForgottenRows rows = store->Forget({.users = {"ANNA@example.org", "anna@example.org"}}).value();
  EXPECT_EQ(rows.feedback, 2);
  EXPECT_EQ(rows.messages, 2);
  EXPECT_EQ(rows.preferences, 2);
  EXPECT_THAT(Texts(*store), ElementsAre("ben@example.org"));
  EXPECT_EQ(store->GetPreferences("anna@example.org").value(), std::nullopt);
}

TEST_P(ForgetOn, TakesNothingInAgainThatWasForgotten) {
  const auto store = OpenStore();
  const FeedbackEvent stored = Event("k1", kText, "anna");
  ASSERT_TRUE(store->AddFeedback(stored));
  const ForgetSelection selection = {.texts = {std::string(kText)}, .message_ids = {"m9"}, .users = {"anna"}};
  ASSERT_TRUE(store->Forget(selection));
  FeedbackEvent of_another_host = Event("k2", "a text of anna in a spool", "anna");
  FeedbackEvent about_the_text = Event("k3", kText, "ben");
  FeedbackEvent about_the_message = Event("k4", "another text", "ben");
  about_the_message.message_id = "m9";
  FeedbackEvent with_the_key = Event("k1", "another text", "ben");
  with_the_key.created_at = StoreNow() + std::chrono::hours(1);
  for (const FeedbackEvent& event : {stored, of_another_host, about_the_text, about_the_message, with_the_key})
    EXPECT_EQ(store->AddFeedback(event).value(), FeedbackStatus::kDuplicate) << event.idempotency_key;
  const MessageRecord messages[] = {Message("m1", kText, "ben"), Message("m2", "x", "anna"), Message("m3", "x", "ben")};
  ASSERT_TRUE(store->RecordMessages(messages));
  EXPECT_EQ(store->ListMessages({}).value().size(), 1u);
  EXPECT_FALSE(store->AddVerdictSample(Sample("m2", "x", "anna")).value());
  ASSERT_TRUE(store->ChangeReputation({.idempotency_key = "r1",
                                       .key = {"joe", "score", "anna"},
                                       .delta = 1,
                                       .at = StoreNow() - std::chrono::hours(1)}));
  EXPECT_FALSE(store->GetReputation({"joe", "score", "anna"}).value());
  EXPECT_TRUE(Texts(*store).empty());
  // What is said later is said anew.
  FeedbackEvent later = Event("k5", kText, "anna");
  later.created_at = StoreNow() + std::chrono::seconds(1);
  EXPECT_EQ(store->AddFeedback(later).value(), FeedbackStatus::kStored);
}

TEST(Tombstones, KnowEachTimeAValueIsForgotten) {
  Tombstones known("key");
  const std::string digest = TombstoneDigest("key", ForgottenKind::kText, kText);
  const StoreTime now = StoreNow();
  EXPECT_TRUE(known.Add({1, digest, now}));
  EXPECT_FALSE(known.Add({1, digest, now}));
  EXPECT_TRUE(known.Add({2, digest, now})) << "within the resolution of the clock";
  EXPECT_TRUE(known.Add({3, digest, now - std::chrono::hours(1)})) << "the clock was set back";
  EXPECT_TRUE(known.Cover(Event("k", kText, "ben")));
}

TEST_P(ForgetOn, OtherProcessesLearnOfIt) {
  const auto store = OpenStore();
  std::unique_ptr<Tombstones> known;
  EXPECT_FALSE(store->ReadTombstones(known).value());
  EXPECT_EQ(known, nullptr);
  ASSERT_TRUE(store->Forget({.texts = {std::string(kText)}}));
  EXPECT_TRUE(store->ReadTombstones(known).value());
  EXPECT_FALSE(store->ReadTombstones(known).value());
  EXPECT_TRUE(known->Cover(Event("k", kText, "ben")));
  EXPECT_FALSE(known->Cover(Event("k", "other", "ben")));
  ASSERT_TRUE(store->Forget({.texts = {std::string(kText)}}));
  EXPECT_TRUE(store->ReadTombstones(known).value()) << "the text is forgotten again";
}

TEST_P(ForgetOn, FindsRedactedRowsOfTheHistory) {
  const auto store = OpenStore();
  MessageRecord messages[] = {Message("m1", "the code is 000", "ben"), Message("m2", "the code is 000", "ben")};
  messages[0].redacted = true;
  ASSERT_TRUE(store->RecordMessages(messages));
  EXPECT_EQ(store->Forget({.texts = {"the code is 123"}, .redacted_texts = {"the code is 000"}}).value().messages, 1);
}

TEST_P(ForgetOn, FeedbackThatNamesAMessageAloneGoesWithIt) {
  const auto store = OpenStore();
  const MessageRecord messages[] = {Message("m1", kText, "ben"), Message("m2", "other", "ben")};
  ASSERT_TRUE(store->RecordMessages(messages));
  for (const char* id : {"m1", "m2"}) {
    FeedbackEvent event = Event(id, "", "anna");
    event.message_id = id;
    ASSERT_TRUE(store->AddFeedback(event));
  }
  EXPECT_EQ(store->Forget({.texts = {std::string(kText)}}).value().feedback, 1);
  EXPECT_EQ(store->ListFeedback({}).value()[0].event.message_id, "m2");
}

TEST_P(ForgetOn, ScrubKeepsWhatIsThere) {
  const auto store = OpenStore();
  ASSERT_TRUE(store->AddFeedback(Event("k1", "one", "anna")));
  const Result<void> done = store->Scrub();
  ASSERT_TRUE(done) << done.error().Text();
  EXPECT_THAT(Texts(*store), ElementsAre("one"));
}

TEST(Forget, LeavesNoBytesInASqliteFile) {
  const TemporaryDirectory directory;
  const auto store = Store::Open({.url = (directory.path() / "store.db").string()}).value();
  for (int i = 0; i < 300; ++i) {
    const std::string text = i % 7 == 0 ? std::string(kText) + std::string(static_cast<size_t>(i) * 40, 'x') : "other";
    ASSERT_TRUE(store->AddFeedback(Event("k" + std::to_string(i), text, "ben")));
  }
  std::vector<std::string> texts;
  for (int i = 0; i < 300; i += 7) texts.push_back(std::string(kText) + std::string(static_cast<size_t>(i) * 40, 'x'));
  const auto bytes = [&] {
    return ReadFile(directory.path() / "store.db").value() + ReadFile(directory.path() / "store.db-wal").value_or("");
  };
  EXPECT_THAT(bytes(), HasSubstr("Quentin"));
  EXPECT_EQ(store->Forget({.texts = texts}).value().feedback, 43);
  ASSERT_TRUE(store->Scrub());
  EXPECT_THAT(bytes(), Not(HasSubstr("Quentin")));
  EXPECT_THAT(bytes(), HasSubstr("other"));
}

TEST(SpoolForget, RemovesRecordsFromAllFiles) {
  const TemporaryDirectory directory;
  const auto has_secret = [](std::string_view record) { return record.find("secret") != std::string_view::npos; };
  const std::filesystem::path path = directory.path() / "spool";
  {
    const auto spool = Spool::Open(path, {.segment_bytes = 60}).value();
    for (const char* record : {"one", "a secret", "two", "another secret", "three"}) ASSERT_TRUE(spool->Append(record));
    ASSERT_TRUE(spool->Reject("a rejected secret", "why"));
    ASSERT_TRUE(spool->Reject("four", "why"));
    EXPECT_EQ(CountInSpool(path, has_secret).value(), 3);
    EXPECT_EQ(spool->Forget(has_secret).value(), 3);
    ASSERT_TRUE(spool->Append("five"));
    EXPECT_EQ(CountInSpool(path, has_secret).value(), 0);
  }
  const auto spool = Spool::Open(path).value();
  std::vector<std::string> records;
  while (const auto segment = spool->Oldest().value()) {
    EXPECT_FALSE(segment->damaged);
    records.insert(records.end(), segment->records.begin(), segment->records.end());
    ASSERT_TRUE(spool->Remove(*segment));
  }
  EXPECT_THAT(records, ElementsAre("one", "two", "three", "five"));
  EXPECT_THAT(ReadFile(path / "rejected.jsonl").value(), HasSubstr("four"));
  EXPECT_EQ(CountInSpool(directory.path() / "none", has_secret).value(), 0);
}

}  // namespace
}  // namespace winnow
