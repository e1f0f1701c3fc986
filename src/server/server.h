/// A whole server: models, cache, access, log, metrics and HTTP, started, reloaded and stopped as one.
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
#include "server/http_server.h"
#include "server/service.h"
#include "store/redis_cache.h"

namespace winnow {

struct ServerOptions {
  /// Models, or directories that contain some; the first answers requests that name none.
  std::vector<std::filesystem::path> bundles = {};
  ModelSetOptions models = {};  ///< its `shared` is set by Server::Start
  HttpServerOptions http = {};
  ServiceLimits limits = {};
  std::chrono::milliseconds drain_timeout{30000};  ///< how long Stop waits for requests that have come
  std::filesystem::path api_key_file = {};         ///< keys that clients need; empty: none
  RateLimit rate_limit = {};                       ///< per client address, or per API key
  std::filesystem::path access_log = {};           ///< "-" for standard output; empty: none
  bool access_log_texts = false;                   ///< the log contains the bodies of requests too
  std::vector<std::string> cors_origins = {};      ///< origins whose pages may call, or "*"
  size_t cache_bytes = 64 << 20;                   ///< of predictions; 0: none are kept
  std::string redis = {};                          ///< URL of a cache that servers share; empty: none
  RedisCacheOptions redis_options = {};
};

/// Runs from Start to Stop. Reload, Stop and the destructor are for one thread at a time; the rest is thread-safe.
class Server {
 public:
  /// Loads the models and listens from when this returns. Errors: those of ModelSet::Open, ApiKeys::Read,
  /// AccessLog::Open, RedisCache::Open and HttpServer::Start.
  static Result<std::unique_ptr<Server>> Start(ServerOptions options);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server() { Stop(); }

  /// Reads API keys again, opens the log again and loads the models that have changed, all while requests are
  /// answered. What can't be read stays as it was, with a message in the log. `done` is called on another thread once
  /// all models have been looked at.
  void Reload(std::function<void()> done = {});

  /// Listens no more, answers the requests that have come, for drain_timeout at most, and lets go of the models. Does
  /// nothing if the server has stopped.
  void Stop();

  const std::string& address() const { return options_.http.host; }
  uint16_t port() const { return port_; }  ///< of TCP; 0 if the server listens at none
  std::string url() const;                 ///< "http://127.0.0.1:8080"

  /// Answers a request as if it had come over a connection. `reply` is called once, from any thread. Until Stop, as are
  /// the two below.
  void Answer(const std::shared_ptr<HttpRequest>& request, const HttpReply& reply) const;
  const RouteTable& routes() const { return *parts_.routes; }
  ModelSet& models() const { return *service_->models; }

 private:
  explicit Server(ServerOptions options) : options_(std::move(options)) {}
  Result<void> StartService();
  Result<void> OpenAccess();
  Result<void> OpenAccessLog();
  Result<void> Listen();
  MetricsSnapshot Snapshot() const;

  ServerOptions options_;
  std::shared_ptr<Service> service_;
  ApplicationParts parts_;
  HttpApplication application_;
  std::optional<HttpServer> http_;  // the first to go: what it calls needs all of the rest
  uint16_t port_ = 0;
};

}  // namespace winnow
