/// A complete server: models, cache, access, log, metrics and HTTP, started, reloaded and stopped together.
///
///     ServerOptions options;
///     options.bundles = {"models/spam"};
///     options.http.port = 0;
///     const std::unique_ptr<Server> server = TRY(Server::Start(std::move(options)));
///     ... server->url() ...
///     server->Stop();
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/application.h"
#include "server/data_service.h"
#include "server/http_server.h"
#include "server/service.h"
#include "store/redis_cache.h"

namespace winnow {

struct ServerOptions {
  /// Bundles, or directories that contain some; the first model answers requests that name no model.
  std::vector<std::filesystem::path> bundles = {};
  ModelSetOptions models = {};  ///< options of the models; `shared` is set by Server::Start
  HttpServerOptions http = {};
  ServiceLimits limits = {};
  std::chrono::milliseconds drain_timeout{30000};  ///< maximum time that Stop waits for requests that have arrived
  std::filesystem::path api_key_file = {};         ///< file of the keys that clients need; empty: none needed
  RateLimit rate_limit = {};                       ///< rate limit per client address, or per API key
  std::filesystem::path access_log = {};           ///< path of the access log; "-" for standard output; empty: no log
  bool access_log_texts = false;                   ///< true if the log contains the bodies of requests
  std::vector<std::string> cors_origins = {};      ///< origins whose pages may send requests, or "*"
  /// Names under which the server answers, besides "localhost" and addresses; "*" allows every name. Empty: any name is
  /// allowed if the server has API keys or other machines can reach it, and no further name otherwise.
  std::vector<std::string> allowed_hosts = {};
  size_t cache_bytes = 64 << 20;  ///< size of the cache of predictions; 0: no cache
  std::string redis = {};         ///< URL of a Redis cache that servers share; empty: none
  RedisCacheOptions redis_options = {};
  FilterServiceOptions filter = {};
  JobServiceOptions jobs = {};
  DataServiceOptions data = {};  ///< the data files of the workspace of `jobs`
  ExperimentServiceOptions experiments =
      {};  ///< experiments, for a filter with a store; their records are those of `registry`, if there is one
  RegistryFollowerOptions registry = {};  ///< with a URL: the models are those of a registry, in place of `bundles`
};

/// A running server, from Start to Stop. Reload, Stop and the destructor must be called by one thread at a time; the
/// other functions are thread-safe.
class Server {
 public:
  /// Loads the models and starts listening. Errors: those of ModelSet::Open, ApiKeys::Read, AccessLog::Open,
  /// RedisCache::Open, FilterService::Open, RegistryFollower::Open and HttpServer::Start.
  static Result<std::unique_ptr<Server>> Start(ServerOptions options);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() { Stop(); }

  /// Reads the API keys and the rules of the filter again, reopens the log and loads models that have changed, while
  /// requests are answered. Files that cannot be read leave the former state, with a message in the log. `done` is
  /// called on another thread once all models have been examined.
  void Reload(std::function<void()> done = {});

  /// Stops listening, answers the requests that have arrived, for drain_timeout at most, and releases the models. Does
  /// nothing if the server has stopped.
  void Stop();

  uint16_t port() const { return port_; }  ///< TCP port; 0 if the server does not listen on TCP
  std::string url() const;                 ///< URL of the server: "http://127.0.0.1:8080"

  /// Answers a request as if it had arrived over a connection. `reply` is called once, from any thread. This function
  /// and routes() may be used until Stop.
  void Answer(const std::shared_ptr<HttpRequest>& request, const HttpReply& reply) const;
  const RouteTable& routes() const { return *parts_.routes; }
  ModelSet& models() const { return *service_->models; }

 private:
  explicit Server(ServerOptions options) : options_(std::move(options)) {}
  Result<void> StartService();
  Result<void> StartJobs(Service& service);
  Result<void> OpenAccess();
  Result<void> OpenAccessLog();
  Result<void> Listen();
  MetricsSnapshot Snapshot() const;

  ServerOptions options_;
  std::shared_ptr<Service> service_;
  ApplicationParts parts_;
  std::shared_ptr<HttpApplication> application_;
  std::shared_ptr<void> job_events_;  // passes events of jobs on
  std::optional<HttpServer> http_;    // the first to go: what it calls needs all of the rest
  uint16_t port_ = 0;
  std::string host_;
};

}  // namespace winnow
