#include "server/server.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "base/log.h"
#include "base/path_error.h"
#include "filter/filter_model.h"
#include "server/access_log.h"
#include "server/api_keys.h"
#include "server/benchmark_history.h"
#include "server/data_service.h"
#include "server/drift_report.h"
#include "server/event_streams.h"
#include "server/operation_history.h"
#include "server/workspace_models.h"
#include "workspace/workspace_format.h"

#if __has_include(<execinfo.h>)  // musl has none
#include <execinfo.h>
#endif

namespace winnow {

namespace fs = std::filesystem;

namespace {

/// A text that changes with what GET /models lists, but not with each request for a model.
std::string StateOf(const ModelSet& models) {
  std::string state;
  for (const ModelSet::Entry& entry : models.List()) {
    state += fmt::format("{}:{}:{}:{}:{}:{}\n", entry.name, entry.version, NameOf(entry.state), entry.is_default,
                         entry.written, fmt::join(entry.aliases, ","));
  }
  return state;
}

/// Keeps the result of a comparison that was started to be kept, or of a measurement of drift.
Result<void> KeepResult(const JobRunner& runner, BenchmarkHistory& history, const fs::path& workspace, const Job& job) {
  const bool is_drift = job.plan.kind == "drift";
  if (!is_drift && !job.plan.keep_result) return {};
  const std::string output = TRY(runner.Output(job.id));
  if (is_drift) return KeepDriftReport(workspace, output);
  return history.Keep(job.id, TRY(ParseJson(output, "comparison")));
}

/// Keeps what is to be kept of a job that has succeeded, whether or not somebody watches it.
void KeepResultOf(const JobRunner& runner, BenchmarkHistory& history, const fs::path& workspace, const std::string& id,
                  const JobEvent& event) {
  const Json* const state = event.data.Find("state");
  if (state == nullptr || !state->is_string() || state->str() != NameOf(JobState::kSucceeded)) return;
  const std::optional<Job> job = runner.Find(id);
  if (!job) return;
  const Result<void> kept = KeepResult(runner, history, workspace, *job);
  if (!kept) LogError("the result of the job {} cannot be kept: {}", id, kept.error().message);
}

}  // namespace

Result<std::unique_ptr<Server>> Server::Start(ServerOptions options) {
#if __has_include(<execinfo.h>)
  // glibc loads what unwinds the stack when an exception first passes through one of its functions. Without memory for
  // that it ends the process, so it does it now.
  void* frame = nullptr;
  ::backtrace(&frame, 1);
#endif
  std::unique_ptr<Server> server(new Server(std::move(options)));
  TRY(server->OpenAccess());
  TRY(server->StartService());
  TRY(server->OpenAccessLog());
  TRY(server->Listen());
  return server;
}

Result<void> Server::StartService() {
  SharedParts& shared = options_.models.shared;
  shared.metrics = std::make_shared<ServerMetrics>();
  shared.tasks = std::make_shared<ClientTasks>(/*threads=*/2);
  options_.http.tasks = shared.tasks;
  shared.cache = std::make_shared<PredictionCache>(options_.cache_bytes);
  if (!options_.redis.empty()) shared.redis = TRY(RedisCache::Open(options_.redis, options_.redis_options));
  auto service = std::make_shared<Service>();
  if (!options_.registry.registry.url.empty()) {
    service->registry = TRY(RegistryFollower::Open(options_.registry));
    service->registry->Prepare(options_.bundles, options_.models);
  }
  const std::filesystem::path& workspace = options_.jobs.workspace;
  if (!workspace.empty()) TRY(OpenWorkspaceFormat(workspace));
  if (!workspace.empty()) options_.models.optional_root = workspace / "models";
  service->models = TRY(ModelSet::Open(options_.bundles, options_.models));
  service->events = std::make_shared<EventStreams>(
      EventStreamsOptions{.watched = [models = service->models] { return StateOf(*models); }});
  if (!workspace.empty()) {
    TRY(StartJobs(*service));
    service->data =
        TRY(DataService::Open(workspace, options_.data, [events = service->events](const std::string& name) {
          events->Publish("data", {{"name", name}});
        }));
    options_.filter.page_rules = workspace / "rules" / "page.toml";
  }
  if (options_.filter.enabled) service->filter = TRY(FilterService::Open(options_.filter));
  // Here rather than at the first message: whoever starts a server reads the log then.
  if (service->filter && !options_.models.lazy) {
    service->models->Use("", [](const ApiResult<ModelSet::Model>& model) {
      const std::string warning = model ? ArbitraryLabelWarning((*model)->classifier()) : "";
      if (!warning.empty()) LogWarning("{}", warning);
    });
  }
  if (service->filter && service->filter->has_store()) {
    const RegistryOptions& registry = options_.registry.registry;
    if (!registry.url.empty()) options_.experiments.records = TRY(PlacesOf(registry.url, registry.artifacts)).store;
    service->experiments = std::make_shared<ExperimentService>(
        options_.experiments, [filter = service->filter] { return filter->recorder().store(); });
  }
  service->workspace = workspace;
  service->operation = std::make_shared<OperationHistory>(shared.metrics);
  if (!workspace.empty()) {
    service->reviews = TRY(ReviewService::Open(workspace, [filter = service->filter] {
      return filter ? ContradictedTexts(*filter) : std::vector<std::string>();
    }));
    service->reviews->SetChanged([events = service->events](const std::string& set, size_t labelled) {
      events->Publish("review", {{"set", set}, {"labelled", labelled}});
    });
  }
  service->limits = options_.limits;
  service->access = parts_.access;
  service->tls = !options_.http.tls.certificate.empty();
  service->scheduler = options_.models.scheduler;
  service->metrics = shared.metrics;
  service_ = std::move(service);
  if (service_->registry) service_->registry->Start(service_->models);
  parts_.routes = std::make_shared<const RouteTable>(ServiceRoutes(service_));
  parts_.metrics = shared.metrics;
  parts_.cors_origins = options_.cors_origins;
  parts_.proxies = options_.http.proxies;
  return {};
}

/// Opens the workspace, and has the events of its jobs sent to all pages.
Result<void> Server::StartJobs(Service& service) {
  service.jobs = TRY(JobService::Open(options_.jobs, [models = service.models] { models->Reload(); }));
  service.workspace_models = std::make_shared<WorkspaceModels>(service.jobs, service.models);
  service.benchmarks = TRY(BenchmarkHistory::Open(options_.jobs.workspace / "benchmarks"));
  JobRunner* const runner = &service.jobs->runner();
  job_events_ = runner->Listen([runner, events = service.events, history = service.benchmarks,
                                workspace = options_.jobs.workspace](const std::string& job, const JobEvent& event) {
    KeepResultOf(*runner, *history, workspace, job, event);  // who hears that the job has succeeded finds its result
    Json data = event.data;
    data["job"] = job;
    data["id"] = event.id;
    events->Publish("job", data);
  });
  // With a registry, its aliases say which model is the default.
  if (!service.registry) service.workspace_models->RestoreDefault();
  return {};
}

Result<void> Server::OpenAccess() {
  std::shared_ptr<const ApiKeys> keys;
  if (!options_.api_key_file.empty()) {
    keys = std::make_shared<const ApiKeys>(TRY(ApiKeys::Read(options_.api_key_file)));
  }
  AccessOptions access;
  const bool listens_publicly = ListensPublicly(options_.http);
  access.public_address = listens_publicly || !options_.http.proxies.empty();
  access.names = AllowedHosts(options_.allowed_hosts);
  access.address_limit = options_.rate_limit;
  access.key_limit = options_.rate_limit;
  if (access.public_address && !keys) {
    LogWarning(
        "no API keys are required, so everyone who can reach {} may send requests; restrict access with --api-key-file",
        listens_publicly ? ListeningHost(options_.http) : "a trusted proxy");
  }
  // A page that was rebound to this machine has no key, and needs none where other machines have access anyway.
  if (!options_.allowed_hosts.empty() || (!access.public_address && !keys)) {
    parts_.hosts = AllowedHosts(options_.allowed_hosts);
  }
  const fs::path& workspace = options_.jobs.workspace;
  std::error_code error;
  if (!workspace.empty() && !fs::exists(workspace, error)) {
    fs::create_directories(workspace, error);
    // Data files and reviews have texts of users, as the store has.
    if (!error) fs::permissions(workspace, fs::perms::owner_all, error);
    if (!error) LogInfo("created the workspace {}; it has no models yet", workspace.string());
  }
  if (error) return std::unexpected(PathError(workspace, error));
  Sessions sessions = TRY(Sessions::Open(workspace.empty() ? fs::path() : workspace / "session.key"));
  parts_.access = std::make_shared<Access>(access, std::move(keys), std::move(sessions));
  return {};
}

Result<void> Server::OpenAccessLog() {
  if (options_.access_log.empty()) return {};
  parts_.log = TRY(AccessLog::Open(options_.access_log, options_.access_log_texts));
  return {};
}

Result<void> Server::Listen() {
  application_ = MakeApplication(parts_);
  host_ = ListeningHost(options_.http);  // before the sockets are the server's
  http_.emplace(TRY(HttpServer::Start(application_, options_.http)));
  port_ = http_->port();
  // The metrics hold this, and this the metrics: Stop takes the snapshot back.
  service_->metrics->SetSnapshot([this] { return Snapshot(); });
  service_->operation->Start();
  return {};
}

void Server::Reload(std::function<void()> done) {
  const auto report = [](std::string_view what, const Result<void>& read) {
    if (read) {
      LogInfo("SIGHUP: reloaded {}", what);
    } else {
      LogError("SIGHUP: could not reload {}; the previous version stays in use: {}", what, read.error().Text());
    }
  };
  if (!options_.api_key_file.empty()) {
    auto keys = ApiKeys::Read(options_.api_key_file);
    if (keys) parts_.access->Replace(std::make_shared<const ApiKeys>(std::move(*keys)));
    report("API keys", keys ? Result<void>() : std::unexpected(keys.error()));
  }
  if (!options_.http.tls.certificate.empty()) report("TLS certificate", http_->ReloadCertificate());
  if (parts_.log) report("access log", parts_.log->Reopen());
  if (service_->filter) report("rules", service_->filter->ReloadRules());
  service_->models->Reload(std::move(done));
}

void Server::Stop() {
  if (!service_) return;
  if (http_) http_->Stop(options_.drain_timeout);
  service_->metrics->SetSnapshot({});
  http_.reset();
  // What is still computed ends after the connections that wait for it, and before what it needs.
  service_->Close();
  job_events_.reset();  // now that no job can succeed any more, whose result would be lost
  application_.reset();
  parts_ = {};
  options_.models.shared = {};
  options_.http.tasks.reset();
  service_.reset();
}

std::string Server::url() const {
  return fmt::format("{}://{}:{}", options_.http.tls.certificate.empty() ? "http" : "https", HostInUrl(host_), port_);
}

void Server::Answer(const std::shared_ptr<HttpRequest>& request, const HttpReply& reply) const {
  if (std::optional<HttpResponse> refusal = application_->Admit(*request)) return reply(std::move(*refusal));
  application_->Handle(request, reply);
}

MetricsSnapshot Server::Snapshot() const {
  MetricsSnapshot now;
  now.connections = http_->connections();
  const ConnectionRefusals& refusals = http_->refusals();
  now.refused_in_total = refusals.refused(ConnectionLimitKind::kTotal);
  now.refused_of_address = refusals.refused(ConnectionLimitKind::kAddress);
  now.closed_in_total = refusals.made_room(ConnectionLimitKind::kTotal);
  now.closed_of_address = refusals.made_room(ConnectionLimitKind::kAddress);
  now.request_memory_bytes = http_->memory_bytes();
  now.certificate_expiry = http_->certificate_expiry();
  if (parts_.log) now.access_log_lost_lines = parts_.log->lost();
  for (const ModelSet::Entry& entry : service_->models->List()) {
    now.models_failed += entry.state == ModelState::kFailed ? 1 : 0;
    if (!entry.model) continue;
    const SchedulerCounts counts = entry.model->counts();
    now.queued_texts += counts.queued;
    now.queued_texts_dropped += counts.dropped;
    now.queued_texts_refused += counts.refused;
  }
  const ModelSetCounts counts = service_->models->counts();
  now.models_loaded = counts.loaded;
  now.model_bytes = counts.memory_bytes;
  now.model_loads = counts.loads;
  now.model_load_failures = counts.load_failures;
  now.model_evictions = counts.evictions;
  const SharedParts& shared = options_.models.shared;
  const PredictionCacheCounts cache = shared.cache->counts();
  now.cache_hits = cache.hits;
  now.cache_misses = cache.misses;
  now.cache_evictions = cache.evicted;
  now.cache_bytes = cache.bytes;
  now.cache_entries = cache.entries;
  if (shared.redis) {
    const RedisCacheCounts redis = shared.redis->counts();
    now.redis_hits = redis.hits;
    now.redis_misses = redis.misses;
    now.redis_rejected = redis.rejected;
    now.redis_errors = redis.errors;
    now.redis_timeouts = redis.timeouts;
    now.redis_available = shared.redis->available();
  }
  if (service_->registry) {
    const FollowerStatus registry = service_->registry->status();
    now.has_registry = true;
    now.registry_reachable = registry.reachable;
    now.registry_failures = registry.failures.size();
    now.registry_switches = registry.switches;
  }
  if (const FilterService* const filter = service_->filter.get(); filter != nullptr && filter->has_store()) {
    filter->Measure(now);
  }
  return now;
}

}  // namespace winnow
