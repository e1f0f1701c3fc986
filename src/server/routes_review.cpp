// The routes of reviews: their creation, state, labels, removal and export. Labelling is in routes_labelling.cpp.
#include <fmt/format.h>

#include <array>
#include <ctime>
#include <optional>
#include <utility>

#include "base/json_strings.h"
#include "server/audit.h"
#include "server/review_json.h"
#include "server/review_route.h"
#include "server/review_service.h"
#include "server/service.h"

namespace winnow {
namespace {

ApiResult<std::vector<std::string>> NamesOf(const Json* list, const char* field) {
  if (list == nullptr) return std::vector<std::string>();
  std::optional<std::vector<std::string>> names = StringsOf(*list);
  if (!names) return Reject(fmt::format("'{}' must be a list of texts", field));
  return *std::move(names);
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
  if (const Json* labels = FindField(body, "labels")) review.labels = TRY(NamesOf(labels, "labels"));
  if (const Json* seeds = FindField(body, "seeds")) {
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

const Json& AddLabelsSchema() {
  static const Json schema = ParsedJson(R"({
    "type": "object", "additionalProperties": false, "required": ["add"], "properties": {
      "add": {"type": "array", "minItems": 1, "description": "New labels", "items": {"type": "string", "minLength": 1, "maxLength": 256}}}})");
  return schema;
}

ApiResult<HttpResponse> AddReviewLabels(const Service& service, const HttpRequest& request) {
  const Json body = TRY(ParseBody(request, service.limits, AddLabelsSchema()));
  const std::vector<std::string> names = TRY(NamesOf(FindField(body, "add"), "add"));
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

}  // namespace

std::vector<Route> ReviewRoutes(const SharedService& service) {
  std::vector<Route> routes = SetRoutes(service);
  for (Route& route : LabellingRoutes(service)) routes.push_back(std::move(route));
  return routes;
}

}  // namespace winnow
