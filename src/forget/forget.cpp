#include "forget/forget.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <thread>

#include "base/hash.h"
#include "base/machine.h"
#include "base/secret.h"
#include "bundle/calibration_texts.h"
#include "bundle/manifest.h"
#include "data/remove_rows.h"
#include "feedback/campaign_text.h"
#include "feedback/feedback_log.h"
#include "feedback/read_training_set.h"
#include "filter/spam_filter.h"
#include "forget/forget_bundle.h"
#include "forget/forgotten_texts.h"
#include "store/feedback_json.h"
#include "store/spool.h"
#include "store/store.h"
#include "text/redaction.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

/// A server that runs delivers its spool, and drops what was forgotten, every two seconds.
constexpr std::chrono::seconds kServerTakes(15);

struct ExportDigest {
  size_t rows = 0;
  std::string sha256;
};

Result<ExportDigest> DigestOfExport(Store& store) {
  const TrainingSet set = TRY(ReadTrainingSet(store, {}));
  return ExportDigest{set.rows.size(), Sha256(JsonLinesOf(set.rows))};
}

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

/// A bundle, and the texts that it must not have: those of the plan, and what its template makes of the rows of users.
struct Bundle {
  fs::path path;
  std::optional<TextTemplate> text_template;
  ForgottenTexts texts;     // go in any case
  ForgottenTexts of_users;  // go unless somebody else has contributed them
};

std::string_view FieldOf(const Row& row, std::string_view name) {
  const auto found = std::ranges::find(row.fields, name, &Field::name);
  return found == row.fields.end() ? std::string_view() : std::string_view(found->value.text);
}

/// Adds a text, and what the template of a bundle makes of it.
void AddForms(const std::string& text, const Bundle& bundle, ForgottenTexts& texts) {
  texts.Add(text);
  if (!bundle.text_template) return;
  FilterMessage message;
  message.text = text;
  texts.Add(TextForModel(message, &*bundle.text_template).joined());
}

/// One call of Forget.
class Forgetting {
 public:
  explicit Forgetting(const ForgetPlan& plan) : plan_(plan), texts_(plan.texts) {}

  Result<ForgetResult> Run() {
    TRY(Begin());
    TRY(FindTextsOfIds());
    for (const std::string& text : texts_) forgotten_.Add(text);
    TRY(ReadBundles());
    TRY(LookIntoData());
    TRY(LookIntoStore());
    TRY(ForgetInBundles());
    TRY(ForgetInData());
    TRY(ForgetInStore());
    TRY(ForgetInSpool());
    TRY(Finish());
    return std::move(result_);
  }

 private:
  Result<void> Begin();
  Result<void> FindTextsOfIds();
  Result<void> ReadBundles();
  Result<void> LookIntoData();
  Result<void> LookIntoFeedback(std::vector<ForgottenTexts>& staying);
  Result<void> LookIntoStore();
  Result<void> ForgetInBundles();
  Result<void> ForgetInData();
  Result<void> ForgetInStore();
  Result<void> ForgetInSpool();
  Result<void> Finish();

  bool Goes(const Row& row) const;
  bool OfUser(const Row& row) const;
  bool GoesFromSpool(std::string_view record) const;
  void Note(std::string line) { result_.notes.push_back(std::move(line)); }
  void Incomplete(std::string line) {
    result_.complete = false;
    Note(std::move(line));
  }

  const ForgetPlan& plan_;
  std::vector<std::string> texts_;  // those of the plan and of its messages
  ForgottenTexts forgotten_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Tombstones> tombstones_;
  ForgetSelection selection_;
  std::vector<Bundle> bundles_;
  ExportDigest export_before_;
  ForgetResult result_;
};

Result<void> Forgetting::Begin() {
  if (plan_.texts.empty() && plan_.message_ids.empty() && plan_.users.empty())
    return Fail(ErrorCode::kInvalidArgument, "there is nothing to forget", "specify --text, --message or --user");
  if (plan_.store.empty() && plan_.spool.empty() && plan_.data.empty() && plan_.bundles.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "there is no place to forget in",
                "specify --store, --spool, --data or --bundle");
  }
  if (!plan_.users.empty() && !plan_.data.empty() && plan_.user_field.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "--user and --data require --user-field, which names the user of a row",
                "specify --user-field NAME, or run the command without --data if no file names users");
  }
  if (!plan_.store.empty()) {
    store_ = TRY(Store::Open({.url = plan_.store}));
    TRY(store_->ReadTombstones(tombstones_));
    export_before_ = TRY(DigestOfExport(*store_));
  }
  return {};
}

/// A message is identified by its text, so all that has the text is about the message.
Result<void> Forgetting::FindTextsOfIds() {
  for (const std::string& id : plan_.message_ids) {
    bool known = false, redacted = false;
    if (store_ != nullptr) {
      if (const auto message = TRY(store_->FindMessage(id))) {
        known = true;
        redacted = message->message.redacted;
        if (!redacted) texts_.push_back(message->message.text);
      }
      for (const StoredFeedback& stored : TRY(store_->ListFeedback({.message_id = id, .limit = 1000}))) {
        known = true;
        if (stored.event.text.empty()) continue;
        redacted = false;
        texts_.push_back(stored.event.text);
      }
    }
    if (!plan_.spool.empty()) {
      TRY(CountInSpool(plan_.spool, [&](std::string_view record) {
        const Result<FeedbackEvent> event = ParseFeedbackLine(record);
        if (!event || event->message_id != id) return false;
        known = true;
        if (!event->text.empty()) texts_.push_back(event->text);
        return true;
      }));
    }
    if (!known) Note("a message of --message is unknown in the store and in the spool; specify its text with --text");
    if (redacted) {
      Note(
          "of a message of --message only the redacted text is known, which is removed from the history; for "
          "feedback, data and bundles specify the text with --text");
    }
  }
  std::ranges::sort(texts_);
  const auto repeats = std::ranges::unique(texts_);
  texts_.erase(repeats.begin(), repeats.end());
  return {};
}

Result<void> Forgetting::ReadBundles() {
  for (const fs::path& path : plan_.bundles) {
    Bundle bundle{.path = path, .text_template = {}, .texts = {}, .of_users = {}};
    const Manifest manifest = TRY(ReadManifest(path));
    if (!manifest.text_template.empty()) {
      bundle.text_template = TRY(TextTemplate::Parse(manifest.text_template));
    }
    for (const std::string& text : texts_) AddForms(text, bundle, bundle.texts);
    bundles_.push_back(std::move(bundle));
  }
  return {};
}

bool Forgetting::OfUser(const Row& row) const {
  if (plan_.user_field.empty() || plan_.users.empty()) return false;
  return std::ranges::find(plan_.users, FieldOf(row, plan_.user_field)) != plan_.users.end();
}

/// A row of a mail is known by its subject and body, too.
bool Forgetting::Goes(const Row& row) const {
  if (OfUser(row) || forgotten_.Contains(row.text)) return true;
  if (forgotten_.empty()) return false;
  FilterMessage message;
  message.subject = FieldOf(row, "subject");
  message.body = FieldOf(row, "body");
  return forgotten_.Contains(FieldOf(row, "text")) || forgotten_.Contains(TextForModel(message, nullptr).joined());
}

/// What the templates of the bundles make of the rows that go; and of those that stay, which are not the users' alone.
Result<void> Forgetting::LookIntoData() {
  if (bundles_.empty()) return {};
  const auto text_for = [](const Row& row, const Bundle& bundle) {
    if (!bundle.text_template) return std::string(row.text);
    std::string text;
    bundle.text_template->Render([&](std::string_view name) { return FieldOf(row, name); }, text);
    return text;
  };
  std::vector<ForgottenTexts> staying(bundles_.size());
  for (const fs::path& file : plan_.data) {
    TRY(RemoveRows(file, plan_.reading, /*dry_run=*/true, [&](const Row& row) {
      const bool of_user = OfUser(row), goes = of_user || Goes(row);
      for (size_t i = 0; i < bundles_.size(); ++i) {
        const std::string text = text_for(row, bundles_[i]);
        if (goes) {
          (of_user ? bundles_[i].of_users : bundles_[i].texts).Add(text);
        } else if (!plan_.users.empty()) {
          staying[i].Add(text);
        }
      }
      return goes;
    }));
  }
  if (!plan_.users.empty() && store_ != nullptr) TRY(LookIntoFeedback(staying));
  for (size_t i = 0; i < bundles_.size(); ++i) bundles_[i].of_users.Remove(staying[i]);
  return {};
}

/// The texts of the users' feedback, and those of others', which stay in the bundles.
Result<void> Forgetting::LookIntoFeedback(std::vector<ForgottenTexts>& staying) {
  for (const std::string& text : TRY(store_->FindForgotten({.users = plan_.users})).user_texts) {
    for (Bundle& bundle : bundles_) AddForms(text, bundle, bundle.of_users);
  }
  for (const FeedbackEvent& event : TRY(ReadAllFeedback(*store_))) {
    const bool of_user = event.user_id && std::ranges::find(plan_.users, *event.user_id) != plan_.users.end();
    if (of_user || forgotten_.Contains(event.text)) continue;
    for (size_t i = 0; i < bundles_.size(); ++i) AddForms(event.text, bundles_[i], staying[i]);
  }
  return {};
}

Result<void> Forgetting::LookIntoStore() {
  if (store_ == nullptr) return {};
  selection_ = {
      .texts = texts_, .redacted_texts = RedactedForms(texts_), .message_ids = plan_.message_ids, .users = plan_.users};
  for (const std::string& text : texts_) selection_.campaign_digests.push_back(CampaignDigest(text));
  for (const std::string& text : TRY(store_->FindForgotten(selection_)).user_texts)
    selection_.campaign_digests.push_back(CampaignDigest(text));
  return {};
}

Result<void> Forgetting::ForgetInBundles() {
  Json& list = result_.receipt["bundles"] = Json::array();
  for (Bundle& bundle : bundles_) {
    bundle.texts.Add(bundle.of_users);
    const BundleRemoval removal = TRY(ForgetInBundle(bundle.path, bundle.texts, plan_.dry_run));
    std::vector<std::string> others = TRY(FilesThatContain(bundle.path, texts_));
    if (plan_.dry_run) std::erase(others, std::string(kCalibrationTextsFile));
    if (!others.empty()) {
      Incomplete(
          fmt::format("{}: a text is also in {}, which no command of Winnow rewrites; remove such files yourself",
                      bundle.path.string(), fmt::join(others, ", ")));
    }
    const auto digest = [](const std::string& sha256) { return sha256.empty() ? Json() : Json(sha256); };
    list.push_back(
        {{"path", bundle.path.string()},
         {"texts", removal.texts},
         {"removed", removal.removed},
         {"other_files", others},
         {"calibration_sha256", {{"before", digest(removal.texts_before)}, {"after", digest(removal.texts_after)}}},
         {"manifest_sha256", {{"before", removal.manifest_before}, {"after", removal.manifest_after}}}});
    if (removal.signature_removed)
      Note(fmt::format("{}: the signature is removed, since it was that of the former files", bundle.path.string()));
    Note(fmt::format("{}: the weights are those that were trained before; winnow retrain makes new ones",
                     bundle.path.string()));
  }
  return {};
}

Result<void> Forgetting::ForgetInData() {
  Json& list = result_.receipt["data"] = Json::array();
  for (const fs::path& file : plan_.data) {
    const RowRemoval removal =
        TRY(RemoveRows(file, plan_.reading, plan_.dry_run, [&](const Row& row) { return Goes(row); }));
    list.push_back({{"path", file.string()},
                    {"rows", removal.rows},
                    {"removed", removal.removed},
                    {"sha256", {{"before", removal.sha256_before}, {"after", removal.sha256_after}}}});
  }
  return {};
}

Json CountsJson(const ForgottenRows& rows) {
  return {{"feedback", rows.feedback},         {"idempotency_keys", rows.idempotency_keys},
          {"messages", rows.messages},         {"verdict_samples", rows.verdict_samples},
          {"blind_labels", rows.blind_labels}, {"reputation", rows.reputation},
          {"preferences", rows.preferences},   {"campaign_uses", rows.campaign_uses},
          {"experiments", rows.experiments},   {"audit_entries", rows.audit_entries}};
}

Result<void> Forgetting::ForgetInStore() {
  if (store_ == nullptr) return {};
  const ForgottenRows rows = TRY(plan_.dry_run ? store_->FindForgotten(selection_) : store_->Forget(selection_));
  bool scrubbed = false;
  if (!plan_.dry_run) {
    TRY(store_->ReadTombstones(tombstones_));
    const Result<void> done = store_->Scrub();
    scrubbed = done.has_value();
    if (!done) Incomplete(fmt::format("deleted rows were not overwritten: {}", done.error().Text()));
  }
  const ExportDigest after = TRY(DigestOfExport(*store_));
  result_.receipt["store"] = {{"store", store_->name()},
                              {"removed", CountsJson(rows)},
                              {"overwritten", scrubbed},
                              {"export_rows", {{"before", export_before_.rows}, {"after", after.rows}}},
                              {"export_sha256", {{"before", export_before_.sha256}, {"after", after.sha256}}}};
  return {};
}

bool Forgetting::GoesFromSpool(std::string_view record) const {
  const Result<FeedbackEvent> event = ParseFeedbackLine(record);
  if (!event) {  // of a damaged file: a part of a line
    return std::ranges::any_of(texts_, [&](const std::string& text) {
      const std::string quoted = Json(text).dump();
      return text.size() > 3 && record.find(std::string_view(quoted).substr(1, quoted.size() - 2)) != std::string::npos;
    });
  }
  const auto among = [](const std::vector<std::string>& names, const std::optional<std::string>& name) {
    return name && std::ranges::find(names, *name) != names.end();
  };
  return among(plan_.users, event->user_id) || among(plan_.message_ids, event->message_id) ||
         forgotten_.Contains(event->text) || (tombstones_ != nullptr && tombstones_->Cover(*event));
}

/// A spool that a server uses is rewritten by the server, as soon as it has read the tombstones of the store.
Result<void> Forgetting::ForgetInSpool() {
  if (plan_.spool.empty()) return {};
  const auto goes = [this](std::string_view record) { return GoesFromSpool(record); };
  int64_t removed = TRY(CountInSpool(plan_.spool, goes));
  std::error_code ignored;
  if (!plan_.dry_run && fs::exists(plan_.spool, ignored)) {
    Result<std::unique_ptr<Spool>> spool = Spool::Open(plan_.spool);
    if (spool) {
      removed = TRY((*spool)->Forget(goes));
    } else if (spool.error().code != ErrorCode::kExists || store_ == nullptr) {
      return std::unexpected(spool.error());
    } else {
      const auto until = std::chrono::steady_clock::now() + kServerTakes;
      int64_t left = removed;
      while (left > 0 && std::chrono::steady_clock::now() < until) {
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        left = TRY(CountInSpool(plan_.spool, goes));
      }
      if (left > 0) {
        Incomplete(
            fmt::format("{}: the server that uses the spool has not removed {} records; run the command again "
                        "when it has the store of --store, or has ended",
                        plan_.spool.string(), left));
      }
      removed -= left;
    }
  }
  result_.receipt["spool"] = {{"path", plan_.spool.string()}, {"removed", removed}};
  return {};
}

/// The receipt begins with who, when and what; what was forgotten can be recognized by those who know it.
Result<void> Forgetting::Finish() {
  const std::string salt = TRY(RandomHex(16));
  Json digests = Json::array();
  for (const auto& [kind, name, values] : {std::tuple(ForgottenKind::kText, "text", &std::as_const(texts_)),
                                           std::tuple(ForgottenKind::kMessage, "message", &plan_.message_ids),
                                           std::tuple(ForgottenKind::kUser, "user", &plan_.users)}) {
    for (const std::string& value : *values)
      digests.push_back({{"of", name}, {"hmac_sha256", TombstoneDigest(salt, kind, value)}});
  }
  Json receipt = {{"receipt", "forget"},      {"time", TimestampUtc()},       {"winnow_version", WINNOW_VERSION},
                  {"dry_run", plan_.dry_run}, {"complete", result_.complete}, {"salt", salt},
                  {"forgotten", digests}};
  receipt.update(result_.receipt);
  result_.receipt = std::move(receipt);
  if (store_ != nullptr && !plan_.dry_run) {
    const Json& store = result_.receipt["store"];
    TRY(store_->AppendAudit({.actor = "winnow forget",
                             .action = "store.forget",
                             .details = Json{{"removed", store["removed"]}, {"salt", salt}}.dump()}));
  }
  return {};
}

}  // namespace

Result<ForgetResult> Forget(const ForgetPlan& plan) { return Forgetting(plan).Run(); }

}  // namespace winnow
