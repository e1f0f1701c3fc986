#include "server/filter_service.h"

#include "base/log.h"

namespace winnow {

Result<RuleSet::Pointer> LoadRules(const std::filesystem::path& path) {
  if (path == "none") return RuleSet::Pointer();
  return path.empty() ? RuleSet::LoadBuiltIn() : RuleSet::Load(path);
}

FilterService::FilterService(const FilterServiceOptions& options, RuleSet::Pointer rules)
    : options_(options), filter_(options.filter, std::move(rules)) {}

Result<std::shared_ptr<FilterService>> FilterService::Open(const FilterServiceOptions& options) {
  std::shared_ptr<FilterService> service(new FilterService(options, TRY(LoadRules(options.rules))));
  if (options.store.empty()) return service;
  FeedbackRecorderOptions recorder;
  recorder.store.url = options.store;
  recorder.spool = options.spool;
  recorder.report = [](const std::string& line) { LogWarning("{}", line); };
  service->recorder_ = TRY(FeedbackRecorder::Open(std::move(recorder)));
  KnownStateOptions known = options.known;
  known.store.url = options.store;
  service->known_ = std::make_unique<KnownStateCache>(std::move(known));
  const History::StoreSource store = [recorder = service->recorder_] { return recorder->store(); };
  service->learner_ = std::make_unique<SenderLearner>(store, *service->known_);
  if (options.keep_history) service->history_ = std::make_unique<History>(store, options.history);
  return service;
}

FilterService::~FilterService() {
  Finish();
  if (history_ == nullptr || !recorder_->counts().up || history_->WaitUntilWritten(std::chrono::seconds(2))) return;
  if (const std::shared_ptr<Store> store = recorder_->store()) store->Shut();  // it hangs
}

Result<void> FilterService::ReloadRules() {
  filter_.SetRules(TRY(LoadRules(options_.rules)));
  return {};
}

ApiResult<std::shared_ptr<Store>> FilterService::OpenStore() const {
  std::shared_ptr<Store> store = recorder_->store();
  if (store == nullptr) return Reject(503, "Unavailable", "the store is not available; try again later");
  return store;
}

void FilterService::Measure(MetricsSnapshot& now) const {
  const FeedbackRecorder::Counts feedback = recorder_->counts();
  now.has_store = true;
  now.store_available = feedback.up;
  now.feedback_stored = feedback.stored + feedback.delivered;
  now.feedback_spooled = feedback.spooled;
  now.feedback_rejected = feedback.rejected;
  now.spool_bytes = feedback.spool_bytes;
  const KnownStateCache::Counts known = known_->counts();
  now.state_hits = known.hits;
  now.state_reads = known.reads;
  now.state_failures = known.failures;
  if (history_ == nullptr) return;
  const History::Counts history = history_->counts();
  now.history_waiting = history.waiting;
  now.history_lost = history.lost;
}

void FilterService::Finish() const {
  reads_.Finish();
  calls_.Finish();
}

}  // namespace winnow
