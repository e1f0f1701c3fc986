#include <fmt/format.h>

#include <ctime>

#include "server/audit.h"
#include "server/query_parameters.h"
#include "server/record_feedback.h"
#include "server/review_json.h"
#include "server/review_service.h"
#include "server/service.h"

namespace winnow {
namespace {

constexpr char kTag[] = "Review";
constexpr size_t kMostReviewer = 128;

/// A handler of the reviews, which runs on their threads.
using ReviewHandler = ApiResult<HttpResponse> (*)(const Service&, const HttpRequest&);

HttpHandler OnReviewThread(const SharedService& service, ReviewHandler handle) {
  return [service, handle](const SharedRequest& request, const HttpReply& reply) {
    const bool posted = service->reviews->tasks().Post(
        request->caller, [service, handle, request, reply] { reply(ResponseOf(handle(*service, *request))); });
    if (!posted) {
      reply(
          TooManyRequests("Overloaded", "too many requests wait for the reviews", std::chrono::seconds(1)).Response());
    }
  };
}

/// Who labels: the name of the client's key, or the name that it gives, without keys or with one of an administrator,
/// which may be that of a program with reviewers of its own.
ApiResult<std::string> ReviewerOf(const HttpRequest& request, std::string name) {
  if (!name.empty() && !request.key.empty() && name != request.key && request.role != Role::kAdmin) {
    return Reject(403, "Forbidden", "'reviewer' must be the name of the API key, unless the key has the role admin");
  }
  if (name.empty()) name = request.key.empty() ? "local" : request.key;
  if (name.size() > kMostReviewer) return Reject("'reviewer' has more than 128 bytes");
  return name;
}

ApiResult<Queue> QueueOf(const std::string& name) {
  const std::optional<Queue> queue = ParseQueue(name.empty() ? "mixed" : name);
  if (!queue) return Reject(fmt::format("'queue' is '{}', which is not a queue", name));
  return *queue;
}

ApiError ReviewError(const Error& error) {
  if (error.code == ErrorCode::kIo) return {.status = 503, .type = "Unavailable", .message = error.message};
  if (error.code == ErrorCode::kExists) return {.status = 409, .type = "Conflict", .message = error.message};
  return {.status = 422, .type = "Validation", .message = error.message};
}

ApiResult<std::vector<std::string>> NamesOf(const Json* list, const char* field) {
  std::vector<std::string> names;
  if (list == nullptr) return names;
  if (!list->is_array()) return Reject(fmt::format("'{}' must be a list of texts", field));
  for (const Json& name : *list) {
    if (!name.is_string()) return Reject(fmt::format("'{}' must be a list of texts", field));
    names.push_back(name.str());
  }
  return names;
}

Json StateJson(const ReviewSet& set) {
  const ReviewStatus status = set.Status();
  Json queues = Json::array();
  for (const auto& [queue, count] : status.queues) queues.push_back({{"name", NameOf(queue)}, {"count", count}});
  Json curve = Json::array();
  for (const CurvePoint& point : status.curve) {
    curve.push_back({{"labels", point.labelled}, {"f1_macro", point.f1_macro}});
  }
  constexpr std::array<const char*, 3> kPhases = {"preparing", "ready", "failed"};
  Json json = {{"set", set.settings().set},
               {"data", set.settings().data},
               {"state", kPhases[static_cast<size_t>(status.phase)]},
               {"prepared", status.prepared},
               {"total", status.total},
               {"labels", Json(status.labels)},
               {"labelled", status.stats.labelled},
               {"stats", StatsJson(status.stats)},
               {"curve", std::move(curve)},
               {"queues", std::move(queues)},
               {"features", set.settings().features}};
  if (!status.error.empty()) json["error"] = status.error;
  return json;
}

ApiResult<HttpResponse> ListReviews(const Service& service, const HttpRequest&) {
  Json list = Json::array();
  for (const auto& set : service.reviews->List()) {
    const ReviewSettings& settings = set->settings();
    list.push_back({{"set", settings.set},
                    {"data", settings.data},
                    {"labels", Json(set->labels())},
                    {"total", set->total()},
                    {"labelled", set->labelled()},
                    {"model", settings.model.empty() ? Json() : Json(settings.model)},
                    {"created", ReviewTimeText(settings.created)}});
  }
  return JsonResponse({{"sets", std::move(list)}});
}

ApiResult<NewReview> ReadNewReview(const Json& body) {
  NewReview review;
  ReviewSettings& settings = review.settings;
  settings.set = TRY(StringOr(body, "set", ""));
  settings.data = TRY(StringOr(body, "data", ""));
  settings.features = TRY(StringOr(body, "features", "auto"));
  settings.model = TRY(StringOr(body, "model", ""));
  settings.challenger = TRY(StringOr(body, "challenger", ""));
  settings.created = std::time(nullptr);
  settings.seed = static_cast<uint64_t>(settings.created);
  if (TRY(FlagOr(body, "multi", false))) return Reject("'multi' must be false: a text of a review has one label");
  if (const Json* labels = Field(body, "labels")) review.labels = TRY(NamesOf(labels, "labels"));
  if (const Json* seeds = Field(body, "seeds")) {
    if (!seeds->is_object()) return Reject("'seeds' must be an object of lists of words");
    for (const auto& [label, words] : seeds->items()) settings.seeds[label] = TRY(NamesOf(&words, "seeds"));
  }
  FormatOptions& format = review.reading.format;
  format.format = TRY(StringOr(body, "format", ""));
  format.delimiter = TRY(StringOr(body, "delimiter", ""));
  format.quoting = TRY(StringOr(body, "quoting", ""));
  format.encoding = TRY(StringOr(body, "encoding", ""));
  format.no_header = !TRY(FlagOr(body, "header", true));
  review.reading.text_field = TRY(StringOr(body, "text-field", ""));
  review.reading.label_field = TRY(StringOr(body, "label-field", ""));
  return review;
}

ApiResult<HttpResponse> CreateReviewSet(const Service& service, const HttpRequest& request) {
  const Json body = TRY(ParseBody(request, service.limits, NewReviewSchema()));
  const auto set = TRY(service.reviews->Create(TRY(ReadNewReview(body))));
  Audit(service, request, "review.create", TRY(StringOr(body, "set", "")), {{"data", TRY(StringOr(body, "data", ""))}});
  HttpResponse response = JsonResponse(StateJson(*set));
  response.status = 201;
  return response;
}

ApiResult<HttpResponse> GetReview(const Service& service, const HttpRequest& request) {
  return JsonResponse(StateJson(*TRY(service.reviews->Find(request.parameters.front()))));
}

ApiResult<HttpResponse> DeleteReview(const Service& service, const HttpRequest& request) {
  TRY(service.reviews->Delete(request.parameters.front()));
  Audit(service, request, "review.delete", request.parameters.front());
  return HttpResponse{.status = 204, .body = {}, .headers = {}};
}

ApiResult<HttpResponse> RestoreReview(const Service& service, const HttpRequest& request) {
  TRY(service.reviews->Restore(request.parameters.front()));
  Audit(service, request, "review.restore", request.parameters.front());
  return JsonResponse(StateJson(*TRY(service.reviews->Find(request.parameters.front()))));
}

ApiResult<HttpResponse> NextTexts(const Service& service, const HttpRequest& request) {
  const QueryParameters query = TRY(QueryParameters::Read(request, NextQuery()));
  const Queue queue = TRY(QueueOf(query.Text("queue").value_or("")));
  const auto count = static_cast<size_t>(TRY(query.Integer("count", 5, 1, 100)));
  const std::string reviewer = TRY(ReviewerOf(request, query.Text("reviewer").value_or("")));
  const std::optional<std::string> name = query.Text("set");
  if (!name) return Reject("'set' is missing; it is the name of a review");
  const auto set = TRY(service.reviews->Find(*name));
  return JsonResponse(NextJson(set->Next(queue, count, reviewer)));
}

ApiResult<HttpResponse> GiveFeedback(const Service& service, const Json& body, const std::string& reviewer) {
  if (!service.filter || !service.filter->has_store()) {
    return Reject(409, "Conflict", "'set' must be the name of a review: the server has no store for feedback");
  }
  FeedbackCall call;
  call.text = TRY(StringOr(body, "text", ""));
  call.label = TRY(StringOr(body, "label", ""));
  call.user = reviewer;
  if (call.text.empty() || call.label->empty())
    return Reject("feedback needs 'text' and 'label'; a label of a review needs 'set'");
  TRY(CheckFeedbackLabel(*service.models, *call.label));
  const RecordedFeedback recorded = TRY(RecordFeedback(*service.filter, call));
  return JsonResponse({{"feedback", true}, {"repeated", recorded.repeated}});
}

ApiResult<std::vector<LabelDecision>> DecisionsOf(const Json& body) {
  std::vector<LabelDecision> decisions;
  const Json* const labels = Field(body, "labels");
  if (labels == nullptr) return decisions;
  if (!labels->is_array()) return Reject("'labels' must be a list");
  for (const Json& each : *labels) {
    const Json* const item = each.Find("item");
    const std::optional<int64_t> number = item == nullptr ? std::nullopt : WholeNumber(*item, 0, INT64_MAX);
    if (!number) return Reject("each of 'labels' must have an 'item', a whole number");
    LabelDecision decision{.item = static_cast<size_t>(*number)};
    const std::string label = TRY(StringOr(each, "label", ""));
    if (label.empty() != TRY(FlagOr(each, "skip", false))) {
      return Reject("each of 'labels' must have either a 'label' or \"skip\": true");
    }
    if (!label.empty()) decision.label = label;
    decisions.push_back(std::move(decision));
  }
  return decisions;
}

ApiResult<HttpResponse> LabelTexts(const Service& service, const HttpRequest& request) {
  const Json body = TRY(ParseBody(request, service.limits, LabelRequestSchema()));
  const std::string reviewer = TRY(ReviewerOf(request, TRY(StringOr(body, "reviewer", ""))));
  if (Field(body, "set") == nullptr) return GiveFeedback(service, body, reviewer);
  const Queue queue = TRY(QueueOf(TRY(StringOr(body, "queue", "mixed"))));
  const auto count = static_cast<size_t>(TRY(IntegerOr(body, "count", 5, 0, 100)));
  const auto set = TRY(service.reviews->Find(TRY(StringOr(body, "set", ""))));
  const Result<void> labelled = set->Label(reviewer, TRY(DecisionsOf(body)));
  if (!labelled) return std::unexpected(ReviewError(labelled.error()));
  Json json = NextJson(set->Next(queue, count, reviewer));
  json["stats"] = StatsJson(set->Stats());
  json["refitted"] = set->TakeRefitted(reviewer);
  return JsonResponse(json);
}

const Json& UndoSchema() {
  static const Json schema = ParsedJson(R"({
    "type": "object", "additionalProperties": false, "required": ["set"], "properties": {
      "set": {"type": "string", "description": "Name of the review"},
      "reviewer": {"type": ["string", "null"], "maxLength": 128, "description": "Whose decision is withdrawn; left out: that of the API key. Only a key of the role admin may name another reviewer"}}})");
  return schema;
}

ApiResult<HttpResponse> UndoLabel(const Service& service, const HttpRequest& request) {
  const Json body = TRY(ParseBody(request, service.limits, UndoSchema()));
  const std::string reviewer = TRY(ReviewerOf(request, TRY(StringOr(body, "reviewer", ""))));
  const auto set = TRY(service.reviews->Find(TRY(StringOr(body, "set", ""))));
  const auto undone = set->Undo(reviewer);
  if (!undone) return std::unexpected(ReviewError(undone.error()));
  Json json = {{"item", Json()}, {"was", Json()}, {"stats", StatsJson(set->Stats())}};
  if (*undone) {
    json["item"] = ItemJson((*undone)->first);
    json["was"] = (*undone)->second.label.value_or("skip");
  }
  return JsonResponse(json);
}

ApiResult<HttpResponse> ListGroups(const Service& service, const HttpRequest& request) {
  const QueryParameters query = TRY(QueryParameters::Read(request, GroupsQuery()));
  const std::string by = query.Text("by").value_or("duplicates");
  if (by != "duplicates" && by != "suggestion") return Reject("'by' must be duplicates or suggestion");
  const auto limit = static_cast<size_t>(TRY(query.Integer("limit", 20, 1, 100)));
  const std::string reviewer = TRY(ReviewerOf(request, query.Text("reviewer").value_or("")));
  const auto set = TRY(service.reviews->Find(query.Text("set").value_or("")));
  Json groups = Json::array();
  for (const ItemGroup& group :
       set->Groups(by == "duplicates" ? GroupBy::kDuplicates : GroupBy::kSuggestion, limit, reviewer)) {
    Json items = Json::array();
    for (const ReviewItem& item : group.items) items.push_back(ItemJson(item));
    groups.push_back({{"id", group.id},
                      {"label", group.label ? Json(*group.label) : Json()},
                      {"size", group.size},
                      {"items", std::move(items)}});
  }
  return JsonResponse({{"groups", std::move(groups)}});
}

const Json& AddLabelsSchema() {
  static const Json schema = ParsedJson(R"({
    "type": "object", "additionalProperties": false, "required": ["add"], "properties": {
      "add": {"type": "array", "minItems": 1, "description": "New labels", "items": {"type": "string", "minLength": 1, "maxLength": 256}}}})");
  return schema;
}

ApiResult<HttpResponse> AddReviewLabels(const Service& service, const HttpRequest& request) {
  const Json body = TRY(ParseBody(request, service.limits, AddLabelsSchema()));
  const std::vector<std::string> names = TRY(NamesOf(Field(body, "add"), "add"));
  if (names.empty()) return Reject("'add' must be a list of names");
  TRY(CheckReviewLabels(names));
  const auto set = TRY(service.reviews->Find(request.parameters.front()));
  const Result<void> added = set->AddLabels(names);
  if (!added) return std::unexpected(ReviewError(added.error()));
  Audit(service, request, "review.add_labels", request.parameters.front(), {{"labels", names}});
  return JsonResponse({{"labels", Json(set->labels())}});
}

const Json& ExportSchema() {
  static const Json schema = ParsedJson(R"({
    "type": "object", "additionalProperties": false, "required": ["name"], "properties": {
      "name": {"type": "string", "description": "Name of the data file, without .tsv"},
      "with_given": {"type": ["boolean", "null"], "default": true, "description": "Whether texts that nobody has labelled are written too, with their label in the data"},
      "replace": {"type": ["boolean", "null"], "default": false, "description": "Whether a file of that name is replaced"}}})");
  return schema;
}

ApiResult<HttpResponse> ExportReview(const Service& service, const HttpRequest& request) {
  const Json body = TRY(ParseBody(request, service.limits, ExportSchema()));
  std::string name = TRY(StringOr(body, "name", ""));
  if (name.ends_with(".tsv")) name.resize(name.size() - 4);
  if (name.empty()) return Reject("'name' must be the name of the data file to write");
  const auto set = TRY(service.reviews->Find(request.parameters.front()));
  const size_t texts = TRY(
      service.reviews->Export(*set, name, TRY(FlagOr(body, "with_given", true)), TRY(FlagOr(body, "replace", false))));
  Audit(service, request, "review.export", request.parameters.front(), {{"data", name + ".tsv"}, {"texts", texts}});
  return JsonResponse({{"data", name + ".tsv"}, {"texts", texts}});
}

Route ReviewRoute(const SharedService& service, Role role, std::string method, std::string path, std::string summary,
                  ReviewHandler handle) {
  return {.method = std::move(method),
          .path = std::move(path),
          .role = role,
          .docs = {.summary = std::move(summary), .tag = kTag, .errors = {404, 422, 503}},
          .handle = OnReviewThread(service, handle)};
}

Json ExampleState() {
  return {{"set", "mail"},
          {"data", "mail.tsv"},
          {"state", "ready"},
          {"prepared", 10000},
          {"total", 10000},
          {"labels", {"ham", "spam"}},
          {"labelled", 120},
          {"stats", ExampleReviewStats()},
          {"curve", Json::array({{{"labels", 60}, {"f1_macro", 0.74}}, {{"labels", 120}, {"f1_macro", 0.81}}})},
          {"queues", Json::array({{{"name", "mixed"}, {"count", 9880}}})},
          {"features", "minilm"}};
}

std::vector<Route> SetRoutes(const SharedService& service) {
  Route list = ReviewRoute(service, Role::kFeedback, "GET", "/v1/review", "Lists reviews", ListReviews);
  list.docs.answer = ReviewListSchema();
  list.docs.answer_example = {{"sets", Json::array({{{"set", "mail"},
                                                     {"data", "mail.tsv"},
                                                     {"labels", {"ham", "spam"}},
                                                     {"total", 10000},
                                                     {"labelled", 120},
                                                     {"model", nullptr},
                                                     {"created", "2026-11-29T10:00:00Z"}}})}};
  list.docs.errors = {503};
  Route create = ReviewRoute(service, Role::kAdmin, "POST", "/v1/review", "Creates a review", CreateReviewSet);
  create.docs.description =
      "The texts of a data file are copied, each once. Features of them are computed in the background; until then texts "
      "come in random order.";
  create.docs.request = NewReviewSchema();
  create.docs.example =
      ParsedJson(R"({"set": "mail", "data": "mail.tsv", "labels": ["ham", "spam"], "seeds": {"spam": ["prize"]}})");
  create.docs.status = 201;
  create.docs.errors = {404, 409, 422, 503};
  Route get = ReviewRoute(service, Role::kFeedback, "GET", "/v1/review/{set}", "Returns a review", GetReview);
  Route remove =
      ReviewRoute(service, Role::kAdmin, "DELETE", "/v1/review/{set}", "Moves a review to the trash", DeleteReview);
  remove.docs.status = 204;
  Route restore = ReviewRoute(service, Role::kAdmin, "POST", "/v1/review/{set}/restore",
                              "Moves a review back from the trash", RestoreReview);
  restore.docs.errors = {404, 409, 422, 503};
  for (Route* route : {&create, &get, &restore}) {
    route->docs.answer = ReviewStateSchema();
    route->docs.answer_example = ExampleState();
  }
  Route add =
      ReviewRoute(service, Role::kAdmin, "POST", "/v1/review/{set}/labels", "Adds labels to a review", AddReviewLabels);
  add.docs.request = AddLabelsSchema();
  add.docs.example = ParsedJson(R"({"add": ["newsletter"]})");
  add.docs.answer = ParsedJson(
      R"({"type": "object", "properties": {"labels": {"type": "array", "items": {"type": "string"}, "description": "All labels of the review"}}})");
  add.docs.answer_example = ParsedJson(R"({"labels": ["ham", "spam", "newsletter"]})");
  add.docs.errors = {404, 409, 422, 503};
  Route save =
      ReviewRoute(service, Role::kAdmin, "POST", "/v1/review/{set}/export",
                  "Writes the labelled texts, and those that have a label in the data, to a data file of the workspace",
                  ExportReview);
  save.docs.request = ExportSchema();
  save.docs.example = ParsedJson(R"({"name": "mail-reviewed"})");
  save.docs.answer = ParsedJson(
      R"({"type": "object", "properties": {"data": {"type": "string", "description": "Name of the data file"}, "texts": {"type": "integer", "description": "Number of texts in it"}}})");
  save.docs.answer_example = ParsedJson(R"({"data": "mail-reviewed.tsv", "texts": 120})");
  save.docs.errors = {404, 409, 422, 503};
  std::vector<Route> routes;
  for (Route* route : {&list, &create, &get, &remove, &restore, &add, &save}) routes.push_back(std::move(*route));
  return routes;
}

Json ItemsSchema() { return {{"type", "array"}, {"description", "Texts to label"}, {"items", ReviewItemSchema()}}; }

std::vector<Route> LabelRoutes(const SharedService& service) {
  Route next =
      ReviewRoute(service, Role::kFeedback, "GET", "/v1/review/next", "Returns the next texts to label", NextTexts);
  next.docs.description =
      "Nobody else gets these texts for two minutes. Every fifth text is drawn at random and shown without a suggestion.";
  next.docs.query = NextQuery();
  next.docs.answer = {{"type", "object"},
                      {"properties",
                       {{"items", ItemsSchema()},
                        {"left", {{"type", "integer"}, {"description", "Number of texts without a label"}}}}}};
  next.docs.answer_example = {{"items", Json::array({ExampleReviewItem()})}, {"left", 9880}};
  Route label = ReviewRoute(service, Role::kFeedback, "POST", "/v1/review/label",
                            "Labels texts, and returns the next ones", LabelTexts);
  label.docs.description =
      "The labels are stored durably before the response. After every ten the model is fitted again. Without `set`, `text` and "
      "`label` are feedback about a message; the answer is then `{\"feedback\": true}`.";
  label.docs.request = LabelRequestSchema();
  label.docs.example =
      ParsedJson(R"({"set": "mail", "reviewer": "anna", "labels": [{"item": 17, "label": "spam"}], "count": 5})");
  label.docs.answer = ParsedJson(
      R"({"type": "object", "properties": {"left": {"type": "integer", "description": "Number of texts without a label"},
    "refitted": {"type": "boolean", "description": "The model was fitted again since the reviewer's last call"},
    "feedback": {"type": "boolean", "description": "The label was stored as feedback"}, "repeated": {"type": "boolean", "description": "The same feedback was known"}}})");
  label.docs.answer["properties"]["items"] = ItemsSchema();
  label.docs.answer["properties"]["stats"] = ReviewStatsSchema();
  label.docs.answer_example = {{"items", Json::array({ExampleReviewItem()})},
                               {"left", 9880},
                               {"stats", ExampleReviewStats()},
                               {"refitted", false}};
  label.docs.errors = {404, 409, 422, 503};
  Route undo = ReviewRoute(service, Role::kFeedback, "POST", "/v1/review/undo", "Withdraws the reviewer's last label",
                           UndoLabel);
  undo.docs.description = "Can be repeated until nothing is left, also after a restart; then `item` is null.";
  undo.docs.request = UndoSchema();
  undo.docs.example = ParsedJson(R"({"set": "mail", "reviewer": "anna"})");
  Json item = ReviewItemSchema();
  item["type"] = {"object", "null"};
  item["description"] = "The text whose label was withdrawn";
  undo.docs.answer = {{"type", "object"},
                      {"properties",
                       {{"item", std::move(item)},
                        {"was", {{"type", {"string", "null"}}, {"description", "The label, or \"skip\""}}},
                        {"stats", ReviewStatsSchema()}}}};
  undo.docs.answer_example = {{"item", ExampleReviewItem()}, {"was", "spam"}, {"stats", ExampleReviewStats()}};
  Route groups = ReviewRoute(service, Role::kFeedback, "GET", "/v1/review/groups",
                             "Returns groups of texts that can be labelled together", ListGroups);
  groups.docs.query = GroupsQuery();
  groups.docs.answer = {
      {"type", "object"},
      {"properties",
       {{"groups",
         {{"type", "array"},
          {"description", "The groups, the largest first"},
          {"items",
           {{"type", "object"},
            {"properties",
             {{"id", {{"type", "integer"}, {"description", "Number of the group"}}},
              {"label", {{"type", {"string", "null"}}, {"description", "The suggestion that the texts share"}}},
              {"size", {{"type", "integer"}, {"description", "Number of texts in the group"}}},
              {"items", ItemsSchema()}}}}}}}}}};
  groups.docs.answer_example = {
      {"groups",
       Json::array(
           {{{"id", 17}, {"label", "card_arrival"}, {"size", 12}, {"items", Json::array({ExampleReviewItem()})}}})}};
  std::vector<Route> routes;
  for (Route* route : {&next, &label, &undo, &groups}) routes.push_back(std::move(*route));
  return routes;
}

}  // namespace

std::vector<Route> ReviewRoutes(const SharedService& service) {
  std::vector<Route> routes = SetRoutes(service);
  for (Route& route : LabelRoutes(service)) routes.push_back(std::move(route));
  return routes;
}

}  // namespace winnow
