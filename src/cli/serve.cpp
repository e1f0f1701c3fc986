#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <thread>

#include "base/interrupt.h"
#include "base/log.h"
#include "base/threads.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "server/access_log.h"
#include "server/api_keys.h"
#include "server/application.h"
#include "server/http_server.h"
#include "server/service.h"
#include "server/systemd.h"
#include "server/trusted_proxies.h"

namespace winnow {
namespace {

struct ServeOptions : CommonOptions {
  std::vector<std::filesystem::path> bundles;
  std::string host = "127.0.0.1";
  int port = 8080;
  int64_t max_batch_tokens = 2048;
  int64_t max_queued_texts = 8192;
  int max_batch_delay_us = 0;
  int max_wait_ms = 1000;
  std::filesystem::path unix_socket, tls_cert, tls_key;
  int http_threads = 0;
  double max_body_mb = 8;
  double read_timeout = 30, drain_timeout = 30;
  int64_t max_connections = 16384, max_connections_per_address = 4096;
  std::filesystem::path api_key_file, access_log;
  bool access_log_texts = false;
  double requests_per_minute = 0, request_burst = 0;
  std::vector<std::string> cors_origins, trusted_proxies;
  double cache_mb = 64;
  std::string redis;
  int redis_timeout_ms = 20;
  bool lazy = false;
  std::vector<std::string> aliases;
  double models_memory_mb = 0;
};

void Describe(ServeOptions& options, OptionTable& table) {
  table
      .AddPositional("bundle", &options.bundles,
                     "Models' directories, or directories that hold some; the first answers where none is named")
      .ValueName("BUNDLE")
      .Required();
  table.Describe(
      "On SIGHUP all models are looked at again: what has changed is loaded beside the old and takes its place without "
      "a dropped request. Exchange files by renaming others into place, as winnow's own commands, mv and rsync do: a "
      "file that is cut short while it is served (cp onto it) ends the server.");
  table.Group("Where");
  table.Add("host", &options.host, "Address to listen at; 0.0.0.0 for all of this machine's").ValueName("ADDRESS");
  table.Add("port", &options.port, "Port to listen at; 0 takes a free one, and says which").Range(0, 65535);
  table.Add("unix-socket", &options.unix_socket, "Listen at this unix socket too").ValueName("PATH");
  table.Add("tls-cert", &options.tls_cert, "Speak TLS: the certificate with its chain, PEM").ValueName("FILE");
  table.Add("tls-key", &options.tls_key, "The certificate's key, PEM").ValueName("FILE");
  table.Group("Models");
  table.Add("lazy", &options.lazy, "Load each model when it is first asked for, not at the start");
  table.Add("alias", &options.aliases, "Another name: champion=spam:1.2.0 is asked for as spam@champion")
      .ValueName("ALIAS=NAME:VERSION");
  table
      .Add("models-memory-mb", &options.models_memory_mb,
           "Megabytes that loaded models may take together, about; the least recently used leave. 0: no limit")
      .Range(0, 1e9);
  table.Group("Who may");
  table
      .Add("api-key-file", &options.api_key_file,
           "Keys that callers need, as 'winnow keys add' writes them; read again on SIGHUP")
      .ValueName("FILE");
  table.Add("requests-per-minute", &options.requests_per_minute, "Of each address, or of each key; 0 for no limit")
      .AtLeast(0);
  table.Add("request-burst", &options.request_burst, "How many of them at once; 0 for all of a minute").AtLeast(0);
  table.Add("cors-origin", &options.cors_origins, "Origins whose pages may call: https://example.org, or *")
      .ValueName("ORIGIN");
  table
      .Add("trusted-proxy", &options.trusted_proxies,
           "A proxy whose X-Forwarded-For tells the client's address: 10.0.0.5, 10.0.0.0/8, loopback, unix")
      .ValueName("ADDRESS");
  table.Group("Log");
  table.Add("access-log", &options.access_log, "A JSON line for each request, without its texts; - is standard output")
      .ValueName("FILE");
  table.Add("access-log-texts", &options.access_log_texts, "Log what the requests say, too");
  table.Group("Cache");
  table.Add("cache-mb", &options.cache_mb, "Megabytes of answers that are kept; 0 for none").Range(0, 1e6);
  table.Add("redis", &options.redis, "Keep answers there too, where other servers find them: redis://host:6379/0")
      .ValueName("URL");
  table
      .Add("redis-timeout", &options.redis_timeout_ms,
           "Milliseconds that Redis has for an answer; then the model computes it")
      .Range(1, 60000);
  table.Group("Limits");
  table.Add("max-body-mb", &options.max_body_mb, "Megabytes of a request's body, unpacked").Range(0.001, 4096);
  table.Add("max-connections", &options.max_connections, "Connections that may be open").AtLeast(1);
  table
      .Add("max-connections-per-address", &options.max_connections_per_address,
           "Of one address that is no trusted proxy")
      .AtLeast(1);
  table.Add("read-timeout", &options.read_timeout, "Seconds for a request to arrive whole, and between requests")
      .Range(0.01, 86400);
  table.Add("drain-timeout", &options.drain_timeout, "Seconds that a stop waits for what is under way").Range(0, 86400);
  table.Add("http-threads", &options.http_threads, "Threads that read and write").Default("a core each").AtLeast(0);
  table.Group("Batches");
  table.Add("max-batch-tokens", &options.max_batch_tokens, "Tokens that are computed together, at most").AtLeast(1);
  table.Add("max-batch-delay", &options.max_batch_delay_us, "Microseconds to wait for a batch to fill").Range(0, 1e6);
  table.Add("max-queue", &options.max_queued_texts, "Texts that may wait; more are refused at once, with status 429")
      .AtLeast(1);
  table
      .Add("max-wait", &options.max_wait_ms,
           "Milliseconds that a text may have to wait; one that would wait longer is refused at once. 0: any time")
      .Range(0, 1e9);
  table.Example("winnow serve spam", "answers at http://127.0.0.1:8080/v1/classify; /docs tells the rest");
  table.Example("winnow serve spam --host 0.0.0.0 --tls-cert chain.pem --tls-key key.pem --api-key-file keys.txt",
                "for others, who have keys");
  table.Example("winnow serve models --lazy --models-memory-mb 500",
                "all of a directory's; kill -HUP looks for new ones");
}

std::chrono::milliseconds Milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000));
}

Result<ModelSetOptions> ModelOptions(const ServeOptions& options) {
  ModelSetOptions models;
  models.scheduler = {.workers = options.threads,
                      .max_batch_tokens = static_cast<size_t>(options.max_batch_tokens),
                      .max_queued_texts = static_cast<size_t>(options.max_queued_texts),
                      .max_batch_delay = std::chrono::microseconds(options.max_batch_delay_us),
                      .max_wait = std::chrono::milliseconds(options.max_wait_ms)};
  models.lazy = options.lazy;
  models.max_memory_bytes = static_cast<uint64_t>(options.models_memory_mb * 1e6);
  for (const std::string& alias : options.aliases) models.aliases.push_back(TRY(ParseModelAlias(alias)));
  return models;
}

Result<HttpServerOptions> HttpOptionsOf(const ServeOptions& options) {
  if (options.tls_cert.empty() != options.tls_key.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "--tls-cert and --tls-key go together");
  }
  HttpServerOptions http;
  http.host = options.host;
  http.port = static_cast<uint16_t>(options.port);
  http.sockets = SystemdSockets();
  http.unix_socket = options.unix_socket;
  http.tls_certificate = options.tls_cert;
  http.tls_key = options.tls_key;
  http.threads = options.http_threads > 0 ? options.http_threads : AvailableCores();
  http.max_body_bytes = static_cast<uint64_t>(options.max_body_mb * (1 << 20));
  http.max_connections = static_cast<size_t>(options.max_connections);
  http.max_connections_per_address = static_cast<size_t>(options.max_connections_per_address);
  http.proxies = TRY(TrustedProxies::Parse(options.trusted_proxies));
  http.read_timeout = Milliseconds(options.read_timeout);
  return http;
}

Result<std::shared_ptr<Access>> OpenAccess(const ServeOptions& options, const HttpServerOptions& http) {
  const RateLimit limit{.per_minute = options.requests_per_minute, .burst = options.request_burst};
  std::shared_ptr<const ApiKeys> keys;
  if (!options.api_key_file.empty()) keys = std::make_shared<const ApiKeys>(TRY(ApiKeys::Read(options.api_key_file)));
  AccessOptions access;
  const bool listens_publicly = ListensPublicly(http);
  access.public_address = listens_publicly || !http.proxies.empty();
  access.address_limit = limit;
  access.key_limit = limit;
  if (access.public_address && !keys) {
    LogWarning("anybody who reaches {} may ask: --api-key-file names those who may",
               listens_publicly ? options.host : "a trusted proxy");
  }
  return std::make_shared<Access>(access, std::move(keys));
}

Result<std::shared_ptr<AccessLog>> OpenAccessLog(const ServeOptions& options) {
  if (options.access_log.empty()) {
    if (options.access_log_texts) return Fail(ErrorCode::kInvalidArgument, "--access-log-texts needs --access-log");
    return std::shared_ptr<AccessLog>();
  }
  return std::shared_ptr<AccessLog>(TRY(AccessLog::Open(options.access_log, options.access_log_texts)));
}

Result<std::unique_ptr<RedisCache>> OpenRedis(const ServeOptions& options) {
  RedisCacheOptions redis;
  redis.timeout = std::chrono::milliseconds(options.redis_timeout_ms);
  redis.connect_timeout = std::max(redis.connect_timeout, redis.timeout);
  return RedisCache::Open(options.redis, redis);
}

MetricsSnapshot Snapshot(const HttpServer& server, const ModelSet& models, const SharedParts& shared) {
  MetricsSnapshot now;
  now.connections = server.connections();
  for (const ModelSet::Entry& entry : models.List()) {
    now.models_failed += entry.state == ModelState::kFailed ? 1 : 0;
    if (!entry.model) continue;
    const SchedulerCounts counts = entry.model->counts();
    now.queued_texts += counts.queued;
    now.queued_texts_dropped += counts.dropped;
  }
  const ModelSetCounts counts = models.counts();
  now.models_loaded = counts.loaded;
  now.model_bytes = counts.memory_bytes;
  now.model_loads = counts.loads;
  now.model_load_failures = counts.load_failures;
  now.model_evictions = counts.evictions;
  const AnswerCacheCounts cache = shared.cache->counts();
  now.cache_hits = cache.hits;
  now.cache_misses = cache.misses;
  now.cache_evictions = cache.evicted;
  now.cache_bytes = cache.bytes;
  now.cache_entries = cache.entries;
  if (shared.redis) {
    const RedisCacheCounts redis = shared.redis->counts();
    now.redis_hits = redis.hits;
    now.redis_misses = redis.misses;
    now.redis_errors = redis.errors;
    now.redis_timeouts = redis.timeouts;
    now.redis_available = shared.redis->available();
  }
  return now;
}

/// Ends what is still computed, after the server and before what it needs.
struct Closing {
  const Service& service;
  ~Closing() { service.Close(); }
};

/// SIGHUP: files are read again. What can't be read stays as it was.
void Reload(const ServeOptions& options, const ApplicationParts& parts, const Service& service) {
  NotifySystemd("RELOADING=1");
  if (!options.api_key_file.empty()) {
    auto keys = ApiKeys::Read(options.api_key_file);
    if (keys) {
      parts.access->Replace(std::make_shared<const ApiKeys>(std::move(*keys)));
    } else {
      LogError("the keys stay as they were: {}", keys.error().Text());
    }
  }
  if (parts.log) parts.log->Reopen();
  service.models->Reload([] {
    LogInfo("looked at all models again");
    NotifySystemd("READY=1");
  });
}

Result<void> Run(const ServeOptions& options) {
  HandleInterrupts();
  HandleReloads();
  const HttpServerOptions http = TRY(HttpOptionsOf(options));
  auto service = std::make_shared<Service>();
  ModelSetOptions models = TRY(ModelOptions(options));
  models.shared.metrics = std::make_shared<ServerMetrics>();
  models.shared.cache = std::make_shared<AnswerCache>(static_cast<size_t>(options.cache_mb * (1 << 20)));
  if (!options.redis.empty()) models.shared.redis = TRY(OpenRedis(options));
  service->models = TRY(ModelSet::Open(options.bundles, models));
  service->scheduler = models.scheduler;
  service->metrics = models.shared.metrics;
  ApplicationParts parts;
  parts.routes = std::make_shared<const RouteTable>(ServiceRoutes(service));
  parts.access = TRY(OpenAccess(options, http));
  parts.metrics = service->metrics;
  parts.log = TRY(OpenAccessLog(options));
  parts.cors_origins = options.cors_origins;
  parts.proxies = http.proxies;
  const Closing closing{*service};
  HttpServer server = TRY(HttpServer::Start(MakeApplication(parts), http));
  // By reference: the models hold the metrics, which hold this. It is called by the server's threads alone.
  service->metrics->SetSnapshot(
      [&server, &set = *service->models, &shared = models.shared] { return Snapshot(server, set, shared); });
  LogInfo("answers at {}://{}:{}/v1/classify", options.tls_cert.empty() ? "http" : "https", options.host,
          server.port());
  if (options.json) {
    TRY(Print(fmt::format("{{\"port\":{}}}\n", server.port())));
    std::fflush(stdout);  // whoever started the server waits for it
  }
  NotifySystemd("READY=1");
  for (; !Interrupted(); std::this_thread::sleep_for(std::chrono::milliseconds(50))) {
    if (TakeReload()) Reload(options, parts, *service);
  }
  NotifySystemd("STOPPING=1");
  LogInfo("stopping: what was asked is answered first");
  server.Stop(Milliseconds(options.drain_timeout));
  return {};
}

}  // namespace

Command ServeCommand() {
  return MakeCommand<ServeOptions>("serve", "Answers over HTTP, with one model or several.", Describe, Run);
}

}  // namespace winnow
