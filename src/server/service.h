/// The routes of a model server: one table for routing, access, /openapi.json and /docs.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "server/access.h"
#include "server/api_error.h"
#include "server/client_tasks.h"
#include "server/experiment_service.h"
#include "server/filter_service.h"
#include "server/http.h"
#include "server/job_service.h"
#include "server/json_request.h"
#include "server/metrics.h"
#include "server/model_set.h"
#include "server/registry_follower.h"
#include "server/review_service.h"

namespace winnow {

class BenchmarkHistory;
class DataService;
class EventStreams;
class OperationHistory;
class WorkspaceModels;

/// Objects that handlers share. They must outlive the routes that are made with them.
struct Service {
  /// Returns when no request is being computed and no thread holds a reply. Must not be called by threads that answer
  /// requests; the owner of a server calls it after the last request, since a reply may be the last holder of these
  /// objects.
  void Close() const;

  std::shared_ptr<ModelSet> models;
  ServiceLimits limits = {};
  std::shared_ptr<Access> access = {};                     ///< access control, for sessions; never null in a server
  bool tls = false;                                        ///< whether the server speaks HTTPS itself
  std::shared_ptr<ServerMetrics> metrics = {};             ///< metrics, or null
  SchedulerOptions scheduler = {};                         ///< options that the models were opened with, for /info
  std::shared_ptr<FilterService> filter = {};              ///< the message filter, or null
  std::shared_ptr<RegistryFollower> registry = {};         ///< the registry that the server follows, or null
  std::shared_ptr<ExperimentService> experiments = {};     ///< experiments with users, or null without a store
  std::shared_ptr<JobService> jobs = {};                   ///< training and evaluation in the workspace, or null
  std::shared_ptr<DataService> data = {};                  ///< the data files of the workspace, or null
  std::shared_ptr<EventStreams> events = {};               ///< /v1/events; never null in a server
  std::shared_ptr<WorkspaceModels> workspace_models = {};  ///< with `jobs`: the models that they write
  std::shared_ptr<BenchmarkHistory> benchmarks = {};       ///< with `jobs`: the comparisons that were kept
  std::shared_ptr<OperationHistory> operation = {};        ///< what the server did in the last minutes, or null
  std::shared_ptr<ReviewService> reviews = {};             ///< labelling in the workspace, or null
  std::filesystem::path workspace = {};                    ///< directory of the workspace; empty: none
  /// Thread for explanations, which take long; at most 64 of them may wait, of one client at most half.
  std::shared_ptr<ClientTasks> explaining = std::make_shared<ClientTasks>(/*threads=*/1, /*most_waiting=*/64);
};

using SharedService = std::shared_ptr<const Service>;

/// Returns all routes.
std::vector<Route> ServiceRoutes(const SharedService& service);

/// The functions below return parts of the routes; each one has its own file.
std::vector<Route> HealthRoutes(const SharedService& service);     ///< /health, /ready
std::vector<Route> ModelRoutes(const SharedService& service);      ///< /models, /models/switch
std::vector<Route> ClassifyRoutes(const SharedService& service);   ///< /v1/classify
std::vector<Route> TeiRoutes(const SharedService& service);        ///< /predict
std::vector<Route> TeiModelRoutes(const SharedService& service);   ///< /info, /tokenize
std::vector<Route> OpenAiRoutes(const SharedService& service);     ///< /v1/models, /v1/moderations
std::vector<Route> EmbeddingRoutes(const SharedService& service);  ///< /v1/embeddings, /embed
std::vector<Route> V2Routes(const SharedService& service);         ///< /v2 and below: the Open Inference Protocol
std::vector<Route> JobRoutes(const SharedService& service);        ///< /v1/jobs
std::vector<Route> EventRoutes(const SharedService& service);      ///< /v1/events
/// Return further routes of a server with a workspace.
std::vector<Route> FineTuneRoutes(const SharedService& service);        ///< /api/finetune/...: those of the mail tool
std::vector<Route> BenchmarkRoutes(const SharedService& service);       ///< /api/benchmark/run, /v1/benchmarks
std::vector<Route> WorkspaceModelRoutes(const SharedService& service);  ///< /v1/workspace
std::vector<Route> SessionRoutes(const SharedService& service);         ///< /v1/session
std::vector<Route> PageRoutes(const SharedService& service);            ///< /ui and below: the web page
std::vector<Route> DataRoutes(const SharedService& service);     ///< /v1/data, /v1/data/{name}, their trash and undo
std::vector<Route> DataRowRoutes(const SharedService& service);  ///< /v1/data/{name}/preview, summary, rows, changes
std::vector<Route> ReviewRoutes(const SharedService& service);   ///< /v1/review
std::vector<Route> MessageRoutes(const SharedService& service);  ///< /v1/messages/check
std::vector<Route> RspamdRoutes(
    const SharedService& service);  ///< /checkv2, /ping; with a store: /learnspam, /learnham
std::vector<Route> AppleRoutes(
    const SharedService& service);  ///< /apple/message-filter, /.well-known/apple-app-site-association
/// Return the routes of a filter with a store.
std::vector<Route> FeedbackRoutes(const SharedService& service);  ///< /v1/feedback
std::vector<Route> UserRoutes(const SharedService& service);     ///< /v1/users/{user}/preferences, /v1/senders/{sender}
std::vector<Route> HistoryRoutes(const SharedService& service);  ///< /v1/history
std::vector<Route> ListRoutes(const SharedService& service);     ///< /v1/senders, /v1/preferences, /v1/audit
/// Return the routes of a filter, with or without a store.
std::vector<Route> RuleRoutes(const SharedService& service);       ///< /v1/rules and below
std::vector<Route> MustPassRoutes(const SharedService& service);   ///< /v1/must-pass; none without a workspace
std::vector<Route> OperationRoutes(const SharedService& service);  ///< /v1/operation and below
/// Returns the routes of a server that follows a registry: /v1/registry and below.
std::vector<Route> RegistryRoutes(const SharedService& service);
std::vector<Route> ExperimentRoutes(const SharedService& service);  ///< /v1/registry/{model}/ab
/// Returns GET /, /openapi.json and /docs, which describe themselves and `others`, all the other routes.
std::vector<Route> DocsRoutes(const std::vector<Route>& others);

/// Runs a task on a thread that may wait for the store; replies with its result, or with 429 if too many tasks wait.
void AskStore(const SharedService& service, const SharedRequest& request, const HttpReply& reply,
              std::function<ApiResult<HttpResponse>()> task);

/// Returns true if the default model is loaded, or can be loaded on demand.
bool IsReady(const Service& service);

/// Makes the response from the predictions for a request's texts.
using ResponseMaker = std::function<HttpResponse(const std::vector<ClassifiedText>&, const ServedTimes&)>;

/// A handler that replies, now or later, or returns the error that is sent to its client.
using ServiceHandler = ApiResult<void> (*)(const SharedService&, const SharedRequest&, const HttpReply&);
HttpHandler Handler(const SharedService& service, ServiceHandler handle);

/// A handler that returns its response.
using SimpleServiceHandler = ApiResult<HttpResponse> (*)(const Service&, const HttpRequest&);
HttpHandler Handler(const SharedService& service, SimpleServiceHandler handle);

/// Calls `then` with the model that `spec` names (ModelSet::Use), once it is loaded. `then` replies, or returns the
/// error that is sent to the client. If there is no such model, the client gets the error of ModelSet::Use.
void UseModel(const Service& service, std::string_view spec, const HttpReply& reply,
              std::function<ApiResult<void>(const ModelSet::Model&)> then);

/// Returns the response with the decisions that it contains, which are counted in the metrics, for the access log.
HttpResponse WithDecisions(const ServedModel& model, std::span<const ClassifiedText> predictions,
                           HttpResponse response);

/// Sets the client, the times and the limits of `texts` to those of the request.
void SetOrigin(const Service& service, const HttpRequest& request, ServedModel::Request& texts);

/// Classifies texts with `model` for the client of `request`, and replies with the result of `answer` and its
/// decisions, or with an error.
void ClassifyAndReply(const Service& service, const ModelSet::Model& model, const HttpRequest& request,
                      ServedModel::Request texts, const HttpReply& reply, ResponseMaker answer);

}  // namespace winnow
