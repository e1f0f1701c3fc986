#include "forget/forget_store.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "feedback/campaign_text.h"
#include "feedback/read_training_set.h"
#include "text/redaction.h"

namespace winnow {
namespace {

/// All forms that redaction may have given a text in the history.
std::vector<std::string> RedactedForms(const std::vector<std::string>& texts) {
  std::vector<std::string> forms;
  for (const std::string& text : texts) {
    for (unsigned choice = 1; choice < 8; ++choice)
      forms.push_back(Redact(text, {(choice & 1) != 0, (choice & 2) != 0, (choice & 4) != 0}));
  }
  return forms;
}

std::string CampaignDigest(std::string_view text) {
  const CampaignText prepared = PrepareCampaignText(text);
  return fmt::format("{:016x}{:016x}", prepared.digest[0], prepared.digest[1]);
}

Json CountsJson(const ForgottenRows& rows) {
  return {{"feedback", rows.feedback},         {"idempotency_keys", rows.idempotency_keys},
          {"messages", rows.messages},         {"verdict_samples", rows.verdict_samples},
          {"blind_labels", rows.blind_labels}, {"reputation", rows.reputation},
          {"preferences", rows.preferences},   {"campaign_uses", rows.campaign_uses},
          {"experiments", rows.experiments},   {"audit_entries", rows.audit_entries}};
}

}  // namespace

Result<ForgettingStore> ForgettingStore::Open(const std::string& url) {
  ForgettingStore opened;
  opened.store_ = TRY(Store::Open({.url = url}));
  TRY(opened.store_->ReadTombstones(opened.tombstones_));
  opened.before_ = TRY(opened.DigestOfExport());
  return opened;
}

Result<ForgettingStore::ExportDigest> ForgettingStore::DigestOfExport() {
  const TrainingSet set = TRY(ReadTrainingSet(*store_, {}));
  return ExportDigest{set.rows.size(), Sha256(JsonLinesOf(set.rows))};
}

Result<void> ForgettingStore::LookFor(const ForgetSubject& subject) {
  selection_ = {.texts = subject.texts,
                .redacted_texts = RedactedForms(subject.texts),
                .message_ids = subject.message_ids,
                .users = subject.users};
  for (const std::string& text : subject.texts) selection_.campaign_digests.push_back(CampaignDigest(text));
  const ForgottenRows found = TRY(store_->FindForgotten(selection_));
  for (const std::string& text : found.user_texts) selection_.campaign_digests.push_back(CampaignDigest(text));
  return {};
}

Result<ForgettingStore::Outcome> ForgettingStore::Forget(bool dry_run) {
  const ForgottenRows rows = TRY(dry_run ? store_->FindForgotten(selection_) : store_->Forget(selection_));
  Outcome outcome;
  bool scrubbed = false;
  if (!dry_run) {
    TRY(store_->ReadTombstones(tombstones_));
    const Result<void> done = store_->Scrub();
    scrubbed = done.has_value();
    if (!done) outcome.problem = fmt::format("deleted rows were not overwritten: {}", done.error().Text());
  }
  const ExportDigest after = TRY(DigestOfExport());
  outcome.receipt = {{"store", store_->name()},
                     {"removed", CountsJson(rows)},
                     {"overwritten", scrubbed},
                     {"export_rows", {{"before", before_.rows}, {"after", after.rows}}},
                     {"export_sha256", {{"before", before_.sha256}, {"after", after.sha256}}}};
  return outcome;
}

}  // namespace winnow
