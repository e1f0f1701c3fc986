#include "forget/forget.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/machine.h"
#include "base/secret.h"
#include "bundle/calibration_texts.h"
#include "bundle/manifest.h"
#include "data/remove_rows.h"
#include "feedback/feedback_log.h"
#include "forget/forget_bundle.h"
#include "forget/forget_spool.h"
#include "forget/forget_store.h"
#include "forget/forget_subject.h"
#include "forget/forget_workspace.h"
#include "forget/quotations.h"
#include "store/feedback_json.h"
#include "store/spool.h"
#include "store/store_url.h"

namespace winnow {
namespace {

namespace fs = std::filesystem;

/// A data file, of the command line or of the workspace.
struct DataPlace {
  DataVersion version;
  bool of_workspace = false;  // one that cannot be read is no error then
};

/// One call of Forget.
class Forgetting {
 public:
  explicit Forgetting(const ForgetPlan& plan) : plan_(plan) {}

  Result<ForgetResult> Run() {
    TRY(Begin());
    TRY(FindTextsOfIds());
    TRY(FindPlaces());
    TRY(LookIntoData());
    if (store_) TRY(store_->LookFor(subject_));
    TRY(ForgetInBundles());
    if (workspace_ != nullptr) TRY(workspace_->Forget(subject_));
    TRY(ForgetInDataFiles());
    TRY(ForgetInStore());
    TRY(ForgetInSpools());
    TRY(SearchWorkspace());
    TRY(Finish());
    return std::move(result_);
  }

 private:
  Result<void> Begin();
  Result<void> FindTextsOfIds();
  Result<void> FindPlaces();
  Result<void> LookIntoData();
  Result<void> LookIntoFeedback(std::vector<ForgottenTexts>& staying);
  Result<void> ForgetInBundles();
  Result<void> ForgetInDataFiles();
  Result<void> ForgetInStore();
  Result<void> ForgetInSpools();
  Result<void> SearchWorkspace();
  Result<void> Finish();

  Result<RowRemoval> RemoveRowsOf(const DataPlace& place, bool dry_run, const std::function<bool(const Row&)>& remove);
  std::vector<TextsOfPlace*> Places();
  void Note(std::string line) { result_.notes.push_back(std::move(line)); }
  void Incomplete(std::string line) {
    result_.complete = false;
    Note(std::move(line));
  }

  const ForgetPlan& plan_;
  ForgetSubject subject_;
  std::optional<ForgettingStore> store_;
  std::unique_ptr<ForgettingWorkspace> workspace_;
  std::vector<TextsOfPlace> bundles_;
  std::vector<DataPlace> data_;
  ForgetResult result_;
};

Result<void> Forgetting::Begin() {
  if (plan_.texts.empty() && plan_.message_ids.empty() && plan_.users.empty())
    return Fail(ErrorCode::kInvalidArgument, "there is nothing to forget", "specify --text, --message or --user");
  if (plan_.store.empty() && plan_.spool.empty() && plan_.data.empty() && plan_.bundles.empty() &&
      plan_.workspace.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "there is no place to forget in",
                "specify --workspace, --store, --spool, --data or --bundle");
  }
  if (!plan_.users.empty() && !plan_.data.empty() && plan_.user_field.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "--user and --data require --user-field, which names the user of a row",
                "specify --user-field NAME, or run the command without --data if no file names users");
  }
  subject_.texts = plan_.texts;
  subject_.message_ids = plan_.message_ids;
  subject_.users = SpellingsOf(plan_.users);
  subject_.user_field = plan_.user_field;
  if (!plan_.workspace.empty()) {
    workspace_ = TRY(ForgettingWorkspace::Open(plan_.workspace, plan_.dry_run));
    if (!plan_.users.empty() && plan_.user_field.empty()) {
      Note(
          "without --user-field no rows of users are looked for in the data files of the workspace; specify it if "
          "files name users");
    }
  }
  if (!plan_.store.empty()) store_ = TRY(ForgettingStore::Open(plan_.store));
  return {};
}

/// A message is identified by its text, so all that has the text is about the message.
Result<void> Forgetting::FindTextsOfIds() {
  std::vector<std::string>& texts = subject_.texts;
  for (const std::string& id : plan_.message_ids) {
    bool known = false, redacted = false;
    if (store_) {
      if (const auto message = TRY(store_->store().FindMessage(id))) {
        known = true;
        redacted = message->message.redacted;
        if (!redacted) texts.push_back(message->message.text);
      }
      for (const StoredFeedback& stored : TRY(store_->store().ListFeedback({.message_id = id, .limit = 1000}))) {
        known = true;
        if (stored.event.text.empty()) continue;
        redacted = false;
        texts.push_back(stored.event.text);
      }
    }
    if (!plan_.spool.empty()) {
      TRY(CountInSpool(plan_.spool, [&](std::string_view record) {
        const Result<FeedbackEvent> event = ParseFeedbackLine(record);
        if (!event || event->message_id != id) return false;
        known = true;
        if (!event->text.empty()) texts.push_back(event->text);
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
  std::ranges::sort(texts);
  const auto repeats = std::ranges::unique(texts);
  texts.erase(repeats.begin(), repeats.end());
  for (const std::string& text : texts) subject_.forgotten.Add(text);
  return {};
}

Result<void> Forgetting::FindPlaces() {
  std::vector<fs::path> bundles = plan_.bundles;
  for (const fs::path& file : plan_.data) data_.push_back({{file, file.filename().string()}, false});
  if (workspace_ != nullptr) {
    bundles.insert(bundles.end(), workspace_->models().begin(), workspace_->models().end());
    for (const DataVersion& version : workspace_->data()) data_.push_back({version, true});
  }
  for (const fs::path& path : bundles) {
    TextsOfPlace bundle{.path = path};
    const Manifest manifest = TRY(ReadManifest(path));
    if (!manifest.text_template.empty()) {
      bundle.text_template = TRY(TextTemplate::Parse(manifest.text_template));
    }
    bundles_.push_back(std::move(bundle));
  }
  for (TextsOfPlace* const place : Places()) {
    for (const std::string& text : subject_.texts) place->AddForms(text, place->texts);
  }
  return {};
}

/// The bundles, and the workspace as a whole.
std::vector<TextsOfPlace*> Forgetting::Places() {
  std::vector<TextsOfPlace*> places;
  for (TextsOfPlace& bundle : bundles_) places.push_back(&bundle);
  if (workspace_ != nullptr) places.push_back(&workspace_->texts());
  return places;
}

Result<RowRemoval> Forgetting::RemoveRowsOf(const DataPlace& place, bool dry_run,
                                            const std::function<bool(const Row&)>& remove) {
  if (!place.of_workspace) return RemoveRows(place.version.path, plan_.reading, dry_run, remove);
  RowRemoval removal;
  TRY(UseByName(place.version, [&](const fs::path& path) -> Result<void> {
    removal = TRY(RemoveRows(path, plan_.reading, dry_run, remove));
    return {};
  }));
  return removal;
}

/// What the templates of the bundles make of the rows that go; and of those that stay, which are not the users' alone.
Result<void> Forgetting::LookIntoData() {
  const std::vector<TextsOfPlace*> places = Places();
  if (places.empty()) return {};
  std::vector<ForgottenTexts> staying(places.size());
  for (const DataPlace& file : data_) {
    const Result<RowRemoval> looked = RemoveRowsOf(file, /*dry_run=*/true, [&](const Row& row) {
      const bool of_user = subject_.OfUser(row), goes = of_user || subject_.Goes(row);
      for (size_t i = 0; i < places.size(); ++i) {
        if (goes) {
          (of_user ? places[i]->of_users : places[i]->texts).Add(places[i]->TextOf(row));
        } else if (!plan_.users.empty()) {
          staying[i].Add(places[i]->TextOf(row));
        }
      }
      return goes;
    });
    if (!looked && !file.of_workspace) return std::unexpected(looked.error());
  }
  if (!plan_.users.empty() && store_) TRY(LookIntoFeedback(staying));
  for (size_t i = 0; i < places.size(); ++i) places[i]->of_users.Remove(staying[i]);
  return {};
}

/// The texts of the users' feedback, and those of others', which stay in the bundles.
Result<void> Forgetting::LookIntoFeedback(std::vector<ForgottenTexts>& staying) {
  const std::vector<TextsOfPlace*> places = Places();
  const ForgottenRows found = TRY(store_->store().FindForgotten({.users = plan_.users}));
  for (const std::string& text : found.user_texts) {
    for (TextsOfPlace* const place : places) place->AddForms(text, place->of_users);
  }
  for (const FeedbackEvent& event : TRY(ReadAllFeedback(store_->store()))) {
    const bool of_user = event.user_id && IsAmong(subject_.users, *event.user_id);
    if (of_user || subject_.forgotten.Contains(event.text)) continue;
    for (size_t i = 0; i < places.size(); ++i) places[i]->AddForms(event.text, staying[i]);
  }
  return {};
}

Result<void> Forgetting::ForgetInBundles() {
  Json& list = result_.receipt["bundles"] = Json::array();
  for (TextsOfPlace& bundle : bundles_) {
    bundle.texts.Add(bundle.of_users);
    const BundleRemoval removal = TRY(ForgetInBundle(bundle.path, bundle.texts, plan_.dry_run));
    std::vector<std::string> others = TRY(FilesThatContain(bundle.path, subject_.texts));
    if (std::erase(others, std::string(kCalibrationTextsFile)) > 0 && !plan_.dry_run) {
      Note(fmt::format("{}: longer texts that contain a text are other texts and stay: in {}", bundle.path.string(),
                       kCalibrationTextsFile));
    }
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

Result<void> Forgetting::ForgetInDataFiles() {
  const TextFinder finder(subject_.texts), names(subject_.users, /*shortest=*/1);
  Json& list = result_.receipt["data"] = Json::array();
  for (const DataPlace& file : data_) {
    bool longer = false;
    const Result<RowRemoval> removal = RemoveRowsOf(file, plan_.dry_run, [&](const Row& row) {
      const bool goes = subject_.Goes(row);
      const auto contains = [&](const Field& field) { return finder.In(field.value.text); };
      longer = longer || (file.of_workspace && !goes && std::ranges::any_of(row.fields, contains));
      return goes;
    });
    if (!removal && !file.of_workspace) return std::unexpected(removal.error());
    if (file.of_workspace) workspace_->NoteData(file.version, removal.has_value(), longer);
    if (!removal) {
      // The error is not told, since it may quote the file. The search of the workspace finds a text in it.
      list.push_back({{"path", file.version.path.string()}, {"read", false}});
      if (TRY(names.InFile(file.version.path))) {
        Incomplete(
            fmt::format("{}: rows cannot be removed from this file, which has a name of --user; specify "
                        "--text-field or --format, or change it yourself",
                        file.version.path.string()));
      }
      continue;
    }
    list.push_back({{"path", file.version.path.string()},
                    {"rows", removal->rows},
                    {"removed", removal->removed},
                    {"sha256", {{"before", removal->sha256_before}, {"after", removal->sha256_after}}}});
  }
  return {};
}

Result<void> Forgetting::ForgetInStore() {
  if (!store_) return {};
  ForgettingStore::Outcome outcome = TRY(store_->Forget(plan_.dry_run));
  if (!outcome.problem.empty()) Incomplete(std::move(outcome.problem));
  result_.receipt["store"] = std::move(outcome.receipt);
  return {};
}

Result<void> Forgetting::ForgetInSpools() {
  if (plan_.spool.empty()) return {};
  const SpoolRemoval removal =
      TRY(ForgetInSpool(plan_.spool, subject_, store_ ? store_->tombstones() : nullptr, plan_.dry_run));
  if (removal.left > 0) {
    Incomplete(
        fmt::format("{}: the server that uses the spool has not removed {} records; run the command again "
                    "when it has the store of --store, or has ended",
                    plan_.spool.string(), removal.left));
  }
  result_.receipt["spool"] = {{"path", plan_.spool.string()}, {"removed", removal.removed}};
  return {};
}

/// The store and its spool have been treated; they may lie in the workspace.
Result<void> Forgetting::SearchWorkspace() {
  if (workspace_ == nullptr) return {};
  std::vector<fs::path> others;
  const auto add = [&](const fs::path& path) {
    std::error_code error;
    others.push_back(fs::weakly_canonical(path, error));
  };
  if (!plan_.spool.empty()) add(plan_.spool);
  if (!plan_.store.empty()) {
    const StoreAddress address = TRY(ParseStoreUrl(plan_.store));
    for (const char* const end : {"", "-wal", "-shm", "-journal"}) {
      if (address.kind == StoreAddress::kSqlite) add(address.path.string() + end);
    }
  }
  TRY(workspace_->Search(subject_, others));
  for (const std::string& note : workspace_->notes()) Note(note);
  for (const std::string& problem : workspace_->problems()) Incomplete(problem);
  result_.receipt["workspace"] = workspace_->receipt();
  return {};
}

/// The receipt begins with who, when and what; what was forgotten can be recognized by those who know it.
Result<void> Forgetting::Finish() {
  const std::string salt = TRY(RandomHex(16));
  Json digests = Json::array();
  for (const auto& [kind, name, values] : {std::tuple(ForgottenKind::kText, "text", &std::as_const(subject_.texts)),
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
  if (store_ && !plan_.dry_run) {
    const Json& store = result_.receipt["store"];
    TRY(store_->store().AppendAudit({.actor = "winnow forget",
                                     .action = "store.forget",
                                     .details = Json{{"removed", store["removed"]}, {"salt", salt}}.dump()}));
  }
  return {};
}

}  // namespace

Result<ForgetResult> Forget(const ForgetPlan& plan) { return Forgetting(plan).Run(); }

}  // namespace winnow
