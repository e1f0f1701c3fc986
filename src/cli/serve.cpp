#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <thread>
#include <utility>

#include "base/console.h"
#include "base/environment.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/open_files.h"
#include "base/threads.h"
#include "bundle/model_name.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/registry_options.h"
#include "cli/serve_check.h"
#include "cli/serve_filter_options.h"
#include "server/page_files.h"
#include "server/server.h"
#include "server/systemd.h"
#include "server/trusted_proxies.h"
#include "store/mac_key.h"

namespace winnow {
namespace {

constexpr double kMebibyte = 1 << 20;

double Seconds(std::chrono::milliseconds time) { return std::chrono::duration<double>(time).count(); }

std::chrono::milliseconds Milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000));
}

/// What the command line fills: the server's options themselves, and those that it gives in other units. Defaults are
/// the server's.
struct ServeOptions : CommonOptions {
  ServerOptions server;
  int port = server.http.port;
  double max_body_mb = static_cast<double>(server.http.max_body_bytes) / kMebibyte;
  int64_t max_texts = static_cast<int64_t>(server.limits.max_texts);
  int64_t max_tokens = static_cast<int64_t>(server.limits.max_tokens);
  int64_t max_windows = static_cast<int64_t>(server.limits.max_windows);
  double request_memory_mb = static_cast<double>(server.http.max_memory_bytes) / kMebibyte;
  double read_timeout = Seconds(server.http.read_timeout), drain_timeout = Seconds(server.drain_timeout);
  int64_t max_connections = static_cast<int64_t>(server.http.max_connections);
  int64_t max_connections_per_address = static_cast<int64_t>(server.http.max_connections_per_address);
  int64_t max_batch_tokens = static_cast<int64_t>(server.models.scheduler.max_batch_tokens);
  int64_t max_queued_texts = static_cast<int64_t>(server.models.scheduler.max_queued_texts);
  std::vector<std::string> aliases, trusted_proxies;
  double models_memory_mb = static_cast<double>(server.models.max_memory_bytes) / 1e6;
  double cache_mb = static_cast<double>(server.cache_bytes) / kMebibyte;
  std::filesystem::path redis_mac_key_file;
  RegistryPlaceOptions registry;
  double job_memory_mb = 0, job_hours = 24;
  double max_data_mb = static_cast<double>(server.data.max_bytes) / 1e6;
  int max_jobs = static_cast<int>(server.jobs.max_running);
  double registry_interval = Seconds(server.registry.interval);
  ServeFilterOptions filter;
  int redis_timeout_ms = static_cast<int>(server.redis_options.timeout.count());
  int max_batch_delay_us = static_cast<int>(server.models.scheduler.max_batch_delay.count());
  int max_wait_ms = static_cast<int>(server.models.scheduler.max_wait.count());
};

void AddAddressOptions(ServeOptions& options, OptionTable& table) {
  table.Group("Address");
  table
      .Add("host", &options.server.http.host,
           "Address to listen on; 0.0.0.0 listens on all IPv4 addresses of this machine, :: also on its IPv6 addresses")
      .ValueName("ADDRESS");
  table.Add("port", &options.port, "Port to listen on; 0 chooses a free port, which is logged").Range(0, 65535);
  table.Add("unix-socket", &options.server.http.unix_socket, "Also listen on this Unix domain socket")
      .ValueName("PATH");
  table
      .Add("tls-cert", &options.server.http.tls.certificate,
           "TLS certificate with its chain, in PEM format; enables HTTPS (TLS 1.2 and 1.3); read again on SIGHUP")
      .ValueName("FILE");
  table.Add("tls-key", &options.server.http.tls.key, "Private key of the TLS certificate, in PEM format")
      .ValueName("FILE");
  table
      .Add("tls-client-ca", &options.server.http.tls.client_authorities,
           "Accept only clients with a TLS certificate that one of these authorities has signed, in PEM format")
      .ValueName("FILE");
}

void AddModelOptions(ServeOptions& options, OptionTable& table) {
  table.Group("Models");
  table.Add("lazy", &options.server.models.lazy, "Load each model on its first request instead of at startup");
  table
      .Add("alias", &options.aliases,
           "Alias for a version of a model: with champion=spam:1.2.0, requests may name spam@champion")
      .ValueName("ALIAS=NAME:VERSION");
  table
      .Add("models-memory-mb", &options.models_memory_mb,
           "Approximate memory limit for all loaded models, in MB; the least recently used models are evicted. "
           "0: no limit")
      .Range(0, 1e9);
}

void AddServedRegistryOptions(ServeOptions& options, OptionTable& table) {
  table.Group("Registry");
  AddRegistryPlace(options.registry, table);
  table
      .Add(
          "registry-cache", &options.server.registry.cache,
          "Directory for the versions that are served, which the server starts from while the registry is out of reach")
      .ValueName("DIR")
      .Default("below $STATE_DIRECTORY, $XDG_CACHE_HOME/winnow or ~/.cache/winnow");
  table
      .Add("registry-interval", &options.registry_interval,
           "Interval, in seconds, at which the server asks the registry for changes of aliases")
      .Range(0.05, 86400);
}

void AddJobOptions(ServeOptions& options, OptionTable& table) {
  table.Group("Jobs");
  table
      .Add(
          "workspace", &options.server.jobs.workspace,
          "Directory in which requests can train, evaluate and compare models (/v1/jobs): DIR/data has the data files, "
          "DIR/models the models, which are served too, and DIR/jobs the records")
      .ValueName("DIR");
  table.Add("max-jobs", &options.max_jobs, "Number of jobs that run at a time").Range(1, 64);
  table.Add("job-memory-mb", &options.job_memory_mb, "Memory limit of each job, in MB; 0: no limit").Range(0, 1e9);
  table
      .Add("max-data-mb", &options.max_data_mb,
           "Maximum size of the data files of the workspace in all, with their former versions and the trash, in MB")
      .Range(1, 1e9);
  table.Add("job-hours", &options.job_hours, "Maximum time that a job runs, in hours").Range(0.001, 10000);
}

void AddAccessOptions(ServeOptions& options, OptionTable& table) {
  table.Group("Access");
  table
      .Add("api-key-file", &options.server.api_key_file,
           "File of the API keys that clients need, as written by 'winnow keys add'; read again on SIGHUP")
      .ValueName("FILE");
  table
      .Add("requests-per-minute", &options.server.rate_limit.per_minute,
           "Rate limit per client address or API key; 0 disables it")
      .AtLeast(0);
  table
      .Add("request-burst", &options.server.rate_limit.burst,
           "Number of requests that may arrive at once within the rate limit; 0: as many as --requests-per-minute")
      .AtLeast(0);
  table
      .Add("cors-origin", &options.server.cors_origins,
           "Origin whose web pages may send requests (CORS): https://example.org, or * for all")
      .ValueName("ORIGIN");
  table
      .Add("allowed-host", &options.server.allowed_hosts,
           "Host name under which the server answers, besides localhost and addresses; * allows every name, which lets "
           "pages of other sites read responses by DNS rebinding (default: every name if the server has API keys or "
           "listens on an address that other machines can reach, otherwise none)")
      .ValueName("NAME");
  table
      .Add("trusted-proxy", &options.trusted_proxies,
           "Reverse proxy whose X-Forwarded-For header is trusted for the client's address: 10.0.0.5, "
           "10.0.0.0/8, loopback, unix")
      .ValueName("ADDRESS");
}

void AddLogOptions(ServeOptions& options, OptionTable& table) {
  table.Group("Log");
  table
      .Add("access-log", &options.server.access_log,
           "Write one JSON line per request, without its texts; - is standard output")
      .ValueName("FILE");
  table.Add("access-log-texts", &options.server.access_log_texts,
            "Include the texts of the requests in the access log");
}

void AddCacheOptions(ServeOptions& options, OptionTable& table) {
  table.Group("Cache");
  table.Add("cache-mb", &options.cache_mb, "Size of the cache of predictions, in MB; 0 disables it").Range(0, 1e6);
  table
      .Add("redis", &options.server.redis,
           "Also cache predictions in Redis, shared with other servers: redis://host:6379/0, or rediss:// for TLS")
      .ValueName("URL");
  table
      .Add("redis-timeout", &options.redis_timeout_ms,
           "Timeout for Redis, in milliseconds; after it, the model computes the prediction")
      .Range(1, 60000);
  table
      .Add("redis-tls-ca", &options.server.redis_options.tls.authorities,
           "Certificates of the authorities that sign the TLS certificate of Redis, in PEM format")
      .ValueName("FILE")
      .Default("those of the system");
  table
      .Add("redis-tls-cert", &options.server.redis_options.tls.certificate,
           "TLS certificate with its chain that Redis demands of its clients, in PEM format")
      .ValueName("FILE");
  table
      .Add("redis-tls-key", &options.server.redis_options.tls.key,
           "Private key of the certificate of --redis-tls-cert, in PEM format")
      .ValueName("FILE");
  table
      .Add("redis-mac-key-file", &options.redis_mac_key_file,
           "File with a secret of at least 32 bytes, the same for all servers that share the Redis cache: predictions "
           "in Redis are then authenticated (HMAC-SHA-256), so that whoever can write to Redis cannot forge any")
      .ValueName("FILE");
}

void AddLimitOptions(ServeOptions& options, OptionTable& table) {
  table.Group("Limits");
  table.Add("max-body-mb", &options.max_body_mb, "Maximum size of a request body after decompression, in MB")
      .Range(0.001, 4096);
  table.Add("max-texts", &options.max_texts, "Maximum number of texts per request").AtLeast(1);
  table
      .Add("max-tokens-per-request", &options.max_tokens,
           "Maximum number of tokens of all texts of a request; 0: no limit")
      .AtLeast(0);
  table
      .Add("max-windows", &options.max_windows,
           "Maximum number of windows per request, for models with --long-text windows; 0: no limit")
      .AtLeast(0);
  table
      .Add("request-memory-mb", &options.request_memory_mb,
           "Memory for the bodies of all requests in progress, in MB, shared fairly among clients; beyond it, requests "
           "get status 503. At least eight times --max-body-mb")
      .Range(1, 1e6);
  table.Add("max-connections", &options.max_connections, "Maximum number of open connections").AtLeast(1);
  table
      .Add("max-connections-per-address", &options.max_connections_per_address,
           "Maximum number of open connections per client address; does not apply to trusted proxies")
      .AtLeast(1);
  table
      .Add("read-timeout", &options.read_timeout,
           "Timeout in seconds for receiving a complete request, and for an idle connection")
      .Range(0.01, 86400);
  table
      .Add("drain-timeout", &options.drain_timeout,
           "Maximum time in seconds that a shutdown waits for requests in progress")
      .Range(0, 86400);
  table.Add("http-threads", &options.server.http.threads, "Number of threads for network I/O")
      .Default("one per core")
      .AtLeast(0);
}

void AddBatchingOptions(ServeOptions& options, OptionTable& table) {
  table.Group("Batching");
  table.Add("max-batch-tokens", &options.max_batch_tokens, "Maximum number of tokens per batch").AtLeast(1);
  table.Add("max-batch-delay", &options.max_batch_delay_us, "Maximum time to wait for a batch to fill, in microseconds")
      .Range(0, 1e6);
  table
      .Add("max-queue", &options.max_queued_texts,
           "Maximum length of the queue, in texts; beyond it, requests get status 429, unless the client has few texts "
           "in the queue")
      .AtLeast(1);
  table
      .Add("max-wait", &options.max_wait_ms,
           "Maximum expected waiting time of a text, in milliseconds; requests that would wait longer get "
           "status 429. 0: no limit")
      .Range(0, 1e9);
}

void Describe(ServeOptions& options, OptionTable& table) {
  table
      .AddPositional(
          "bundle", &options.server.bundles,
          "Directories of models, or directories that contain models; requests that name no model use the first one. With "
          "--registry: names of models in the registry; without any, all that have an alias")
      .ValueName("BUNDLE");
  table.Describe(
      "On SIGHUP, the server checks all models again. A changed model is loaded while the old version "
      "keeps serving, and replaces it without dropping a request. Replace model files by renaming new ones "
      "into place, as the commands of winnow, mv and rsync do: after a file has been truncated or overwritten while it "
      "is in use (for instance by cp), requests for its model get status 503 until the server loads it again.");
  AddAddressOptions(options, table);
  AddModelOptions(options, table);
  AddServedRegistryOptions(options, table);
  AddJobOptions(options, table);
  AddAccessOptions(options, table);
  AddLogOptions(options, table);
  AddServeFilterOptions(options.filter, table);
  AddCacheOptions(options, table);
  AddLimitOptions(options, table);
  AddBatchingOptions(options, table);
  AddTrustOptions(options, table);
  table.Example("winnow serve spam", "serve http://127.0.0.1:8080/v1/classify; all routes are described at /docs");
  table.Example("winnow serve spam --host 0.0.0.0 --tls-cert chain.pem --tls-key key.pem --api-key-file keys.txt",
                "public, with TLS and API keys");
  table.Example("winnow serve spam --filter --store store.db",
                "the message filter: verdicts with reasons, feedback, preferences, history");
  table.Example("winnow serve --registry registry spam",
                "the champion of spam, and each version that an alias means; follows 'winnow registry promote'");
  table.Example("winnow serve --workspace workspace", "train and compare models through the API, and serve them");
  table.Example("winnow serve models --lazy --models-memory-mb 500",
                "all models of a directory; kill -HUP loads new ones");
}

/// Completes the options of the Redis cache. Errors: kInvalidArgument.
Result<void> FillRedisOptions(const ServeOptions& options, ServerOptions& server) {
  RedisCacheOptions& redis = server.redis_options;
  redis.timeout = std::chrono::milliseconds(options.redis_timeout_ms);
  redis.connect_timeout = std::max(redis.connect_timeout, redis.timeout);
  const RedisTlsFiles& tls = redis.tls;
  if (tls.certificate.empty() != tls.key.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "--redis-tls-cert and --redis-tls-key must be specified together",
                "add the missing option");
  }
  const bool any = !tls.authorities.empty() || !tls.certificate.empty() || !options.redis_mac_key_file.empty();
  if (any && server.redis.empty()) {
    return Fail(ErrorCode::kInvalidArgument,
                "--redis-tls-ca, --redis-tls-cert, --redis-tls-key and --redis-mac-key-file require --redis",
                "add --redis URL, or omit these options");
  }
  return {};
}

/// Has the server follow a registry, if one was given. Errors: kInvalidArgument.
Result<void> FillRegistryOptions(const ServeOptions& options, ServerOptions& server) {
  if (options.registry.registry.empty()) {
    if (!options.registry.artifacts.empty() || !server.registry.cache.empty())
      return Fail(ErrorCode::kInvalidArgument, "--artifacts and --registry-cache require --registry",
                  "add --registry URL, or omit these options");
    if (!server.bundles.empty() || !server.jobs.workspace.empty()) return {};
    return Fail(ErrorCode::kInvalidArgument, "no BUNDLE was given, and neither --registry nor --workspace",
                "name the directory of a model, as in 'winnow serve spam'; 'winnow help serve' explains the command");
  }
  if (!server.models.aliases.empty())
    return Fail(ErrorCode::kInvalidArgument, "--alias cannot be combined with --registry, whose aliases are used",
                "omit --alias; 'winnow registry promote' changes what an alias of the registry means");
  server.registry.registry.url = options.registry.registry;
  server.registry.registry.artifacts = options.registry.artifacts;
  server.registry.interval = Milliseconds(options.registry_interval);
  for (const std::filesystem::path& name : std::exchange(server.bundles, {}))
    server.registry.names.push_back(name.string());
  for (const std::string& name : server.registry.names) TRY(CheckRegistryName(name, "name of a model"));
  return {};
}

/// Has jobs run this program. Errors: kIo.
Result<void> FillJobOptions(const ServeOptions& options, JobServiceOptions& jobs) {
  if (jobs.workspace.empty()) return {};
  std::error_code error;
  jobs.workspace = std::filesystem::absolute(jobs.workspace, error);
  if (error)
    return Fail(ErrorCode::kIo, "the path of the workspace cannot be found: " + error.message(),
                "check the path that --workspace names, and the working directory");
  jobs.program = {ExecutablePath().string()};
  if (jobs.program.front().empty())
    return Fail(ErrorCode::kIo, "the path of this program cannot be found", "mount /proc, which has it");
  jobs.max_running = static_cast<size_t>(options.max_jobs);
  jobs.memory_bytes = static_cast<uint64_t>(options.job_memory_mb * 1e6);
  jobs.time_limit = std::chrono::seconds(static_cast<int64_t>(options.job_hours * 3600));
  return {};
}

/// Reads no files and uses no sockets. Errors: kInvalidArgument, of options that do not fit together or can't be read.
Result<ServerOptions> ServerOptionsOf(const ServeOptions& options) {
  ServerOptions server = options.server;
  HttpServerOptions& http = server.http;
  if (http.tls.certificate.empty() != http.tls.key.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "--tls-cert and --tls-key must be specified together",
                "add the missing option");
  }
  if (!http.tls.client_authorities.empty() && http.tls.certificate.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "--tls-client-ca requires --tls-cert and --tls-key",
                "add these options: clients are identified on encrypted connections alone");
  }
  if (server.access_log_texts && server.access_log.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "--access-log-texts requires --access-log",
                "add --access-log FILE, or omit --access-log-texts");
  }
  http.port = static_cast<uint16_t>(options.port);
  http.max_body_bytes = static_cast<uint64_t>(options.max_body_mb * kMebibyte);
  server.limits.max_texts = static_cast<size_t>(options.max_texts);
  server.limits.max_tokens = static_cast<size_t>(options.max_tokens);
  server.limits.max_windows = static_cast<size_t>(options.max_windows);
  http.max_memory_bytes = static_cast<uint64_t>(options.request_memory_mb * kMebibyte);
  http.max_connections = static_cast<size_t>(options.max_connections);
  http.max_connections_per_address = static_cast<size_t>(options.max_connections_per_address);
  http.proxies = TRY(TrustedProxies::Parse(options.trusted_proxies));
  http.read_timeout = Milliseconds(options.read_timeout);
  server.drain_timeout = Milliseconds(options.drain_timeout);
  server.models.scheduler = {.workers = options.threads > 0 ? options.threads : UnthrottledCores(),
                             .max_batch_tokens = static_cast<size_t>(options.max_batch_tokens),
                             .max_queued_texts = static_cast<size_t>(options.max_queued_texts),
                             .max_batch_delay = std::chrono::microseconds(options.max_batch_delay_us),
                             .max_wait = std::chrono::milliseconds(options.max_wait_ms)};
  server.models.max_memory_bytes = static_cast<uint64_t>(options.models_memory_mb * 1e6);
  for (const std::string& alias : options.aliases) server.models.aliases.push_back(TRY(ParseModelAlias(alias)));
  server.cache_bytes = static_cast<size_t>(options.cache_mb * kMebibyte);
  TRY(FillRedisOptions(options, server));
  TRY(FillJobOptions(options, server.jobs));
  server.data.max_bytes = static_cast<uint64_t>(options.max_data_mb * 1e6);
  TRY(FillRegistryOptions(options, server));
  server.filter = TRY(FilterServiceOptionsOf(options.filter, server.jobs.workspace));
  server.jobs.registry = server.registry.registry.url;
  server.jobs.artifacts = server.registry.registry.artifacts;
  server.jobs.store = server.filter.store;
  return server;
}

Result<void> Run(const ServeOptions& options) {
  HandleInterrupts();
  HandleReloads();
  RaiseOpenFileLimit();  // each connection is one
  ServerOptions of_server = TRY(ServerOptionsOf(options));
  of_server.http.sockets = SystemdSockets();
  if (!options.redis_mac_key_file.empty())
    of_server.redis_options.mac_key = TRY(ReadMacKey(options.redis_mac_key_file));
  const std::unique_ptr<Server> server = TRY(Server::Start(std::move(of_server)));
  LogInfo("listening at {}/v1/classify", server->url());
  if (PageFiles::OfEnvironment().any()) LogInfo("web page at {}/ui/", server->url());
  if (options.json) {
    TRY(Print(fmt::format("{{\"port\":{}}}\n", server->port())));
    std::fflush(stdout);  // whoever started the server waits for it
  }
  NotifySystemd("READY=1");
  Console::Stderr().WriteInBackground();
  for (; !Interrupted(); std::this_thread::sleep_for(std::chrono::milliseconds(50))) {
    if (!TakeReload()) continue;
    NotifySystemd("RELOADING=1");
    server->Reload([] {
      LogInfo("SIGHUP received: all models were checked for changes");
      NotifySystemd("READY=1");
    });
  }
  NotifySystemd("STOPPING=1");
  LogInfo("shutting down: finishing the requests in progress (at most {:g} s)", options.drain_timeout);
  server->Stop();
  Console::Stderr().WriteInForeground();
  return {};
}

}  // namespace

Result<void> CheckServeArguments(std::span<const std::string> arguments, const OptionSources& sources) {
  ServeOptions options;
  OptionTable table("serve", "");
  Describe(options, table);
  AddCommonOptions(options, table);
  TRY(table.Parse(arguments, sources));
  ServerOptions& server = options.server;
  const bool any = !server.bundles.empty() || !server.jobs.workspace.empty() || !options.registry.registry.empty();
  if (!any) server.bundles = {"model"};  // those of the command line are not known
  TRY(ServerOptionsOf(options));
  return {};
}

Command ServeCommand() {
  return MakeCommand<ServeOptions>("serve", "Serves one or more models over HTTP.", Describe, Run);
}

}  // namespace winnow
