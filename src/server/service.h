/// The routes of a server that answers with models: one table, which feeds routing, access, /openapi.json and /docs.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "server/api_error.h"
#include "server/http.h"
#include "server/json_request.h"
#include "server/metrics.h"
#include "server/model_set.h"
#include "server/task_thread.h"

namespace winnow {

/// What handlers share. Outlives the routes that are made of it.
struct Service {
  /// Returns when nothing is computed any more and no thread holds a reply. Not for threads that answer: who makes a
  /// server calls it after its last request, for a reply may be the last to hold all of this.
  void Close() const;

  std::shared_ptr<ModelSet> models;
  ServiceLimits limits = {};
  std::shared_ptr<ServerMetrics> metrics = {};  ///< or null
  SchedulerOptions scheduler = {};              ///< that models were opened with, for /info
  /// For explanations, which take long; so many may wait.
  std::shared_ptr<TaskThread> explaining = std::make_shared<TaskThread>(64);
};

using SharedService = std::shared_ptr<const Service>;

/// All of it.
std::vector<Route> ServiceRoutes(const SharedService& service);

/// Its parts, a file each.
std::vector<Route> HealthRoutes(const SharedService& service);    ///< /health, /ready
std::vector<Route> ModelRoutes(const SharedService& service);     ///< /models, /models/switch
std::vector<Route> ClassifyRoutes(const SharedService& service);  ///< /v1/classify
std::vector<Route> TeiRoutes(const SharedService& service);       ///< /predict
std::vector<Route> TeiModelRoutes(const SharedService& service);  ///< /info, /tokenize
std::vector<Route> V2Routes(const SharedService& service);        ///< /v2 and below: the Open Inference Protocol
/// /openapi.json, /docs: of all other routes, which are given, and of themselves.
std::vector<Route> DocsRoutes(const std::vector<Route>& others);

/// Whether the default model answers, or would once it is loaded.
bool IsReady(const Service& service);

/// What is made of the answers to one request's texts.
using AnswerMaker = std::function<HttpResponse(const std::vector<ClassifiedText>&, const ServedTimes&)>;

/// A handler that replies, now or later, or returns the error that its client is told instead.
using ServiceHandler = ApiResult<void> (*)(const SharedService&, const SharedRequest&, const HttpReply&);
HttpHandler Handler(const SharedService& service, ServiceHandler handle);

/// A handler whose response is known when it returns.
using SimpleServiceHandler = ApiResult<HttpResponse> (*)(const Service&, const HttpRequest&);
HttpHandler Handler(const SharedService& service, SimpleServiceHandler handle);

/// Calls `then` with the model that `spec` means (ModelSet::Use), once it is loaded. `then` replies, or returns the
/// error that its client is told; without such a model the error is ModelSet::Use's.
void UseModel(const Service& service, std::string_view spec, const HttpReply& reply,
              std::function<ApiResult<void>(const ModelSet::Model&)> then);

/// Classifies with `model`, for whoever sent `request`, and replies with what `answer` makes of it, or with an error.
void ClassifyAndReply(const ModelSet::Model& model, const HttpRequest& request, ServedModel::Request texts,
                      const HttpReply& reply, AnswerMaker answer);

}  // namespace winnow
