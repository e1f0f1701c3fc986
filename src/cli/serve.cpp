#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <thread>

#include "base/interrupt.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "server/model_name.h"
#include "server/server.h"
#include "server/systemd.h"
#include "server/trusted_proxies.h"

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
  double read_timeout = Seconds(server.http.read_timeout), drain_timeout = Seconds(server.drain_timeout);
  int64_t max_connections = static_cast<int64_t>(server.http.max_connections);
  int64_t max_connections_per_address = static_cast<int64_t>(server.http.max_connections_per_address);
  int64_t max_batch_tokens = static_cast<int64_t>(server.models.scheduler.max_batch_tokens);
  int64_t max_queued_texts = static_cast<int64_t>(server.models.scheduler.max_queued_texts);
  std::vector<std::string> aliases, trusted_proxies;
  double models_memory_mb = static_cast<double>(server.models.max_memory_bytes) / 1e6;
  double cache_mb = static_cast<double>(server.cache_bytes) / kMebibyte;
  int redis_timeout_ms = static_cast<int>(server.redis_options.timeout.count());
  int max_batch_delay_us = static_cast<int>(server.models.scheduler.max_batch_delay.count());
  int max_wait_ms = static_cast<int>(server.models.scheduler.max_wait.count());
};

void Describe(ServeOptions& options, OptionTable& table) {
  table
      .AddPositional("bundle", &options.server.bundles,
                     "Models' directories, or directories that hold some; the first answers where none is named")
      .ValueName("BUNDLE")
      .Required();
  table.Describe(
      "On SIGHUP all models are looked at again: what has changed is loaded beside the old and takes its place without "
      "a dropped request. Exchange files by renaming others into place, as winnow's own commands, mv and rsync do: a "
      "file that is cut short while it is served (cp onto it) ends the server.");
  table.Group("Where");
  table.Add("host", &options.server.http.host, "Address to listen at; 0.0.0.0 for all of this machine's")
      .ValueName("ADDRESS");
  table.Add("port", &options.port, "Port to listen at; 0 takes a free one, and says which").Range(0, 65535);
  table.Add("unix-socket", &options.server.http.unix_socket, "Listen at this unix socket too").ValueName("PATH");
  table.Add("tls-cert", &options.server.http.tls_certificate, "Speak TLS: the certificate with its chain, PEM")
      .ValueName("FILE");
  table.Add("tls-key", &options.server.http.tls_key, "The certificate's key, PEM").ValueName("FILE");
  table.Group("Models");
  table.Add("lazy", &options.server.models.lazy, "Load each model when it is first asked for, not at the start");
  table.Add("alias", &options.aliases, "Another name: champion=spam:1.2.0 is asked for as spam@champion")
      .ValueName("ALIAS=NAME:VERSION");
  table
      .Add("models-memory-mb", &options.models_memory_mb,
           "Megabytes that loaded models may take together, about; the least recently used leave. 0: no limit")
      .Range(0, 1e9);
  table.Group("Who may");
  table
      .Add("api-key-file", &options.server.api_key_file,
           "Keys that callers need, as 'winnow keys add' writes them; read again on SIGHUP")
      .ValueName("FILE");
  table
      .Add("requests-per-minute", &options.server.rate_limit.per_minute,
           "Of each address, or of each key; 0 for no limit")
      .AtLeast(0);
  table.Add("request-burst", &options.server.rate_limit.burst, "How many of them at once; 0 for all of a minute")
      .AtLeast(0);
  table.Add("cors-origin", &options.server.cors_origins, "Origins whose pages may call: https://example.org, or *")
      .ValueName("ORIGIN");
  table
      .Add("trusted-proxy", &options.trusted_proxies,
           "A proxy whose X-Forwarded-For tells the client's address: 10.0.0.5, 10.0.0.0/8, loopback, unix")
      .ValueName("ADDRESS");
  table.Group("Log");
  table
      .Add("access-log", &options.server.access_log,
           "A JSON line for each request, without its texts; - is standard output")
      .ValueName("FILE");
  table.Add("access-log-texts", &options.server.access_log_texts, "Log what the requests say, too");
  table.Group("Cache");
  table.Add("cache-mb", &options.cache_mb, "Megabytes of answers that are kept; 0 for none").Range(0, 1e6);
  table
      .Add("redis", &options.server.redis, "Keep answers there too, where other servers find them: redis://host:6379/0")
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
  table.Add("http-threads", &options.server.http.threads, "Threads that read and write")
      .Default("a core each")
      .AtLeast(0);
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

/// Errors: kInvalidArgument, of options that do not fit together or can't be read.
Result<ServerOptions> ServerOptionsOf(const ServeOptions& options) {
  ServerOptions server = options.server;
  HttpServerOptions& http = server.http;
  if (http.tls_certificate.empty() != http.tls_key.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "--tls-cert and --tls-key go together");
  }
  if (server.access_log_texts && server.access_log.empty()) {
    return Fail(ErrorCode::kInvalidArgument, "--access-log-texts needs --access-log");
  }
  http.port = static_cast<uint16_t>(options.port);
  http.sockets = SystemdSockets();
  http.max_body_bytes = static_cast<uint64_t>(options.max_body_mb * kMebibyte);
  http.max_connections = static_cast<size_t>(options.max_connections);
  http.max_connections_per_address = static_cast<size_t>(options.max_connections_per_address);
  http.proxies = TRY(TrustedProxies::Parse(options.trusted_proxies));
  http.read_timeout = Milliseconds(options.read_timeout);
  server.drain_timeout = Milliseconds(options.drain_timeout);
  server.models.scheduler = {.workers = options.threads,
                             .max_batch_tokens = static_cast<size_t>(options.max_batch_tokens),
                             .max_queued_texts = static_cast<size_t>(options.max_queued_texts),
                             .max_batch_delay = std::chrono::microseconds(options.max_batch_delay_us),
                             .max_wait = std::chrono::milliseconds(options.max_wait_ms)};
  server.models.max_memory_bytes = static_cast<uint64_t>(options.models_memory_mb * 1e6);
  for (const std::string& alias : options.aliases) server.models.aliases.push_back(TRY(ParseModelAlias(alias)));
  server.cache_bytes = static_cast<size_t>(options.cache_mb * kMebibyte);
  RedisCacheOptions& redis = server.redis_options;
  redis.timeout = std::chrono::milliseconds(options.redis_timeout_ms);
  redis.connect_timeout = std::max(redis.connect_timeout, redis.timeout);
  return server;
}

Result<void> Run(const ServeOptions& options) {
  HandleInterrupts();
  HandleReloads();
  const std::unique_ptr<Server> server = TRY(Server::Start(TRY(ServerOptionsOf(options))));
  LogInfo("answers at {}/v1/classify", server->url());
  if (options.json) {
    TRY(Print(fmt::format("{{\"port\":{}}}\n", server->port())));
    std::fflush(stdout);  // whoever started the server waits for it
  }
  NotifySystemd("READY=1");
  for (; !Interrupted(); std::this_thread::sleep_for(std::chrono::milliseconds(50))) {
    if (!TakeReload()) continue;
    NotifySystemd("RELOADING=1");
    server->Reload([] {
      LogInfo("looked at all models again");
      NotifySystemd("READY=1");
    });
  }
  NotifySystemd("STOPPING=1");
  LogInfo("stopping: what was asked is answered first");
  server->Stop();
  return {};
}

}  // namespace

Command ServeCommand() {
  return MakeCommand<ServeOptions>("serve", "Answers over HTTP, with one model or several.", Describe, Run);
}

}  // namespace winnow
