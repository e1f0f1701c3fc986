// The routes by which people label the texts of a review: next, label, undo, groups.
#include <fmt/format.h>

#include <utility>

#include "base/json_or_null.h"
#include "server/query_parameters.h"
#include "server/record_feedback.h"
#include "server/review_json.h"
#include "server/review_route.h"
#include "server/review_service.h"
#include "server/service.h"

namespace winnow {
namespace {

constexpr size_t kMostReviewer = 128;  // bytes of a name

/// Returns the name of who labels: that of the API key, or the one that the request gives. A request may give another
/// name if the server has no keys, or if its key has the role admin: that may be the key of a program with reviewers of
/// its own.
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
  const Json* const labels = FindField(body, "labels");
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
  if (FindField(body, "set") == nullptr) return GiveFeedback(service, body, reviewer);
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
    groups.push_back(
        {{"id", group.id}, {"label", OrNull(group.label)}, {"size", group.size}, {"items", std::move(items)}});
  }
  return JsonResponse({{"groups", std::move(groups)}});
}

Json ItemsSchema() { return {{"type", "array"}, {"description", "Texts to label"}, {"items", ReviewItemSchema()}}; }

}  // namespace

std::vector<Route> LabellingRoutes(const SharedService& service) {
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

}  // namespace winnow
