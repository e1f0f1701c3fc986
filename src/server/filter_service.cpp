#include "server/filter_service.h"

#include "base/background_step.h"
#include "base/log.h"
#include "server/ask_store.h"

namespace winnow {

Result<RuleSet::Pointer> LoadRules(const std::filesystem::path& path) {
  if (path == "none") return RuleSet::Pointer();
  return path.empty() ? RuleSet::LoadBuiltIn() : RuleSet::Load(path);
}

FilterService::FilterService(const FilterServiceOptions& options)
    : options_(options),
      rules_(std::make_unique<WorkspaceRules>(options.rules, options.page_rules)),
      memory_(options.store.empty() ? nullptr : std::make_shared<CampaignMemory>()),
      filter_(options.filter, nullptr, memory_) {}

Result<std::shared_ptr<FilterService>> FilterService::Open(const FilterServiceOptions& options) {
  std::shared_ptr<FilterService> service(new FilterService(options));
  TRY(service->ReloadRules());
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
  std::unique_ptr<Spool> senders = TRY(Spool::Open(options.spool / "senders"));
  // Who has something else to do while the store is down does not wait for it.
  const History::StoreSource store_if_up = [recorder = service->recorder_] {
    return recorder->counts().up ? recorder->store() : nullptr;
  };
  service->learner_ = std::make_unique<SenderLearner>(store_if_up, *service->known_, std::move(senders));
  FeedbackSink sink = SinkOf(*service->recorder_);
  sink.lookups = [self = service.get()] { return self->Lookups(); };
  service->log_ = std::make_unique<FeedbackLog>(std::move(sink), service->memory_.get());
  service->audits_ = std::make_unique<AuditQueue>(store_if_up);
  if (options.keep_history) service->history_ = std::make_unique<History>(store, options.history);
  // The last, as it uses all of the rest.
  service->catching_up_ = std::thread([self = service.get()] { self->CatchUp(); });
  return service;
}

FilterService::~FilterService() {
  Finish();
  if (recorder_ == nullptr) return;
  log_->Stop();
  {
    const MutexLock lock(mutex_);
    ending_ = true;  // before the wait for the history, which may take long
    changed_.NotifyAll();
  }
  bool written = history_ == nullptr || !recorder_->counts().up || history_->WaitUntilWritten(std::chrono::seconds(2));
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  {
    const MutexLock lock(mutex_);
    while (!caught_up_ && changed_.WaitUntil(mutex_, until)) continue;
    written = written && caught_up_;
  }
  // A store that hangs would keep those waiting who still write to it.
  const bool hangs = !written || !recorder_->counts().up;
  if (const std::shared_ptr<Store> store = recorder_->store(); hangs && store != nullptr) store->Shut();
  if (catching_up_.joinable()) catching_up_.join();
  if (recorder_->counts().up) audits_->WriteWaiting();
}

Mutex& FilterService::learning(std::string_view message_id, std::string_view user) const {
  const std::hash<std::string_view> hash;
  return learning_[(hash(message_id) * 31 + hash(user)) % learning_.size()];
}

/// Drops from memory and from the spool what a command has forgotten.
Result<void> FilterService::DropForgotten() {
  const std::shared_ptr<Store> store = recorder_->store();
  if (!forgets_ && !TRY(store->ReadTombstones(forgotten_))) return {};
  forgets_ = true;  // until all of it is done
  log_->SetForgotten(std::make_shared<const Tombstones>(*forgotten_));
  if (history_ != nullptr) history_->Forget(*forgotten_);
  known_->ForgetAll();
  TRY(log_->Relearn());
  const int64_t records = TRY(recorder_->Forget(*forgotten_));
  forgets_ = false;
  if (records > 0) LogInfo("{} events in the spool are forgotten", records);
  return {};
}

void FilterService::CatchUp() {
  constexpr int kRoundsPerTrust = 30;
  for (int round = 0;; ++round) {
    // While the store is down, the recorder says so; there is nothing to add.
    if (recorder_->store() != nullptr && recorder_->counts().up) {
      RunBackgroundStep("feedback", [&] {
        Result<void> done = DropForgotten();
        if (done) done = log_->CatchUp();
        if (done && round % kRoundsPerTrust == 0) done = log_->UpdateTrust();
        if (!done) LogDebug("the campaign memory could not be brought up to date: {}", done.error().message);
        audits_->WriteWaiting();
      });
    }
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(2);
    const MutexLock lock(mutex_);
    while (!ending_ && std::chrono::steady_clock::now() < until) changed_.WaitUntil(mutex_, until);
    if (!ending_) continue;
    caught_up_ = true;
    changed_.NotifyAll();
    return;
  }
}

Result<void> FilterService::ReloadRules() {
  TRY(ChangeRules([](WorkspaceRules& rules) { return rules.Load(); }));
  const std::string problem = rules_->problem();
  if (!problem.empty()) LogError("the rules of the workspace are not in use: {}", problem);
  return {};
}

Result<void> FilterService::ChangeRules(const std::function<Result<RuleSet::Pointer>(WorkspaceRules&)>& change) {
  const MutexLock lock(changing_rules_);
  filter_.SetRules(TRY(change(*rules_)));
  return {};
}

ApiResult<std::shared_ptr<Store>> FilterService::OpenStore() const {
  std::shared_ptr<Store> store = recorder_->store();
  if (store == nullptr) return std::unexpected(OutOfReach("the store is not available; try again later"));
  return store;
}

std::shared_ptr<Store> FilterService::Lookups() const {
  if (!recorder_->counts().up) return nullptr;
  const MutexLock lock(opening_lookups_);
  if (lookups_ != nullptr || std::chrono::steady_clock::now() < open_lookups_again_) return lookups_;
  // Together not longer than feedback waits for the store.
  StoreOptions options{.url = options_.store};
  options.limits = {
      .statement = std::chrono::seconds(1), .lock = std::chrono::seconds(1), .connect = std::chrono::seconds(1)};
  Result<std::unique_ptr<Store>> opened = Store::Open(options);
  if (opened) lookups_ = *std::move(opened);
  open_lookups_again_ = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  return lookups_;
}

void FilterService::Measure(MetricsSnapshot& now) const {
  const FeedbackRecorder::Counts feedback = recorder_->counts();
  now.has_store = true;
  now.store_available = feedback.up;
  now.feedback_stored = feedback.stored + feedback.delivered;
  now.feedback_spooled = feedback.spooled;
  now.feedback_rejected = feedback.rejected;
  now.feedback_refused = feedback.refused;
  now.spool_bytes = feedback.spool_bytes;
  const KnownStateCache::Counts known = known_->counts();
  now.state_hits = known.hits;
  now.state_reads = known.reads;
  now.state_failures = known.failures;
  now.sender_changes_lost = learner_->lost();
  if (history_ == nullptr) return;
  const History::Counts history = history_->counts();
  now.history_waiting = history.waiting;
  now.history_lost = history.lost;
  now.store_available = feedback.up && !history.failing;  // feedback alone may be too rare to notice
}

void FilterService::Finish() const {
  if (finished_.exchange(true)) return;
  // What waits for a store that hangs ends at its deadline (server/ask_store.h).
  reads_.Finish();
  calls_.Finish();
}

}  // namespace winnow
