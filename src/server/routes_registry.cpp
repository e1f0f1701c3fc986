#include <fmt/format.h>

#include "base/json_or_null.h"
#include "base/log.h"
#include "registry/registry_json.h"
#include "server/ask_registry.h"
#include "server/ask_store.h"
#include "server/audit.h"
#include "server/filter_request.h"
#include "server/query_parameters.h"
#include "store/store_deadline.h"

namespace winnow {

ApiError RegistryError(const Error& error) {
  switch (error.code) {
    case ErrorCode::kNotFound:
      return {.status = 404, .type = "NotFound", .message = error.message};
    case ErrorCode::kExists:
      return {.status = 409, .type = "Conflict", .message = error.message};
    case ErrorCode::kInvalidArgument:
      return {.message = error.message};
    default:
      LogWarning("a request failed in the registry: {}", error.message);
      return OutOfReach("the registry is out of reach; try again later");
  }
}

void AskRegistry(const SharedService& service, const SharedRequest& request, const HttpReply& reply,
                 std::function<ApiResult<HttpResponse>(Registry&)> task) {
  RegistryFollower& follower = *service->registry;
  const bool posted = follower.calls().Post(
      request->caller,
      [&follower, reply, until = StoreDeadline::Clock::now() + kStorePatience, task = std::move(task)] {
        const StoreDeadline deadline(until);
        const auto registry = follower.OpenRegistry();
        reply(ResponseOf(registry ? task(**registry) : std::unexpected(registry.error())));
      });
  if (posted) return;
  reply(TooManyRequests("Overloaded", "too many requests wait for the registry", std::chrono::seconds(1)).Response());
}

std::string RegistryActor(const HttpRequest& request) { return AuditOf(request, "", "", Json::object()).actor; }

void AuditRegistry(const Service& service, const HttpRequest& request, Registry& registry, std::string action,
                   const std::string& model, const Json& detail) {
  if (service.filter && service.filter->has_store()) {
    const std::shared_ptr<Store> store = service.filter->recorder().store();
    if (store && store->name() == registry.store().name()) return;
  }
  Audit(service, request, std::move(action), model, detail);
}

namespace {

constexpr char kRegistryTag[] = "Registry";

ApiResult<void> List(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  AskRegistry(service, request, reply, [](Registry& registry) -> ApiResult<HttpResponse> {
    const Result<std::vector<ModelSummary>> models = registry.List();
    if (!models) return std::unexpected(RegistryError(models.error()));
    Json list = Json::array();
    for (const ModelSummary& model : *models) list.push_back(SummaryJson(model));
    return JsonResponse({{"models", std::move(list)}});
  });
  return {};
}

ApiResult<void> Versions(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  const std::string name = TRY(NameInPath(*request, 0, "model"));
  AskRegistry(service, request, reply, [name](Registry& registry) -> ApiResult<HttpResponse> {
    const Result<std::vector<ModelVersion>> versions = registry.Versions(name);
    if (!versions) return std::unexpected(RegistryError(versions.error()));
    const Result<std::vector<AliasRow>> aliases = registry.Aliases(name);
    if (!aliases) return std::unexpected(RegistryError(aliases.error()));
    return JsonResponse({{"name", name}}, "versions", versions->size(),
                        [&](size_t i) { return VersionJson((*versions)[i], *aliases); });
  });
  return {};
}

const Json& AliasHistoryQuery() {
  static const Json schema = ParsedJson(R"({"type": "object", "properties": {
    "alias": {"type": "string", "description": "Changes of this alias alone"},
    "at": {"type": "string", "format": "date-time", "description": "What the aliases meant at this time, in UTC, instead of the changes"},
    "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100, "description": "Maximum number of changes"}}})");
  return schema;
}

ApiResult<void> Changes(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  const std::string name = TRY(NameInPath(*request, 0, "model"));
  const QueryParameters query = TRY(QueryParameters::Read(*request, AliasHistoryQuery()));
  const std::optional<std::string> alias = query.Text("alias"), at = query.Text("at");
  const int limit = static_cast<int>(TRY(query.Integer("limit", 100, 1, 1000)));
  const std::optional<StoreTime> time = at ? ParseTimeText(*at) : std::nullopt;
  if (at && !time) return Reject("'at' must be a time in UTC such as 2026-11-28T20:15:00Z");
  AskRegistry(service, request, reply, [=](Registry& registry) -> ApiResult<HttpResponse> {
    const Result<std::vector<AliasRow>> rows =
        time ? registry.At(name, alias, *time) : registry.History(name, alias, limit);
    if (!rows) return std::unexpected(RegistryError(rows.error()));
    return JsonResponse({{"name", name}}, "changes", rows->size(), [&](size_t i) { return AliasJson((*rows)[i]); });
  });
  return {};
}

const Json& PromoteSchema() {
  static const Json schema = ParsedJson(R"({
    "type": "object", "additionalProperties": false, "required": ["version"], "properties": {
      "version": {"type": "string", "minLength": 1, "description": "Version that the alias is to mean"},
      "alias": {"type": "string", "default": "champion", "description": "Alias to change"},
      "reason": {"type": "string", "description": "Reason, for the history"},
      "expect": {"type": ["string", "null"], "description": "Change nothing unless the alias means this version now; an empty string: unless there is no such alias"}}})");
  return schema;
}

const Json& RollbackSchema() {
  static const Json schema = ParsedJson(R"({
    "type": "object", "additionalProperties": false, "properties": {
      "alias": {"type": "string", "default": "champion", "description": "Alias to change"},
      "reason": {"type": "string", "description": "Reason, for the history"}}})");
  return schema;
}

/// Replies with the change, and has the server follow it at once.
ApiResult<HttpResponse> ChangeResponse(const SharedService& service, const SharedRequest& request, Registry& registry,
                                       const char* action, const Result<AliasChanged>& changed) {
  if (!changed) return std::unexpected(RegistryError(changed.error()));
  service->registry->LookNow();
  if (const AliasRow& row = changed->row; changed->changed) {
    AuditRegistry(*service, *request, registry, action, row.name,
                  {{"alias", row.alias},
                   {"version", OrNull(row.version)},
                   {"from_version", OrNull(row.from_version)},
                   {"reason", row.reason}});
  }
  Json json = AliasJson(changed->row);
  json["changed"] = changed->changed;
  return JsonResponse(json);
}

ApiResult<void> Promote(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  PromoteRequest promotion{.name = TRY(NameInPath(*request, 0, "model")), .actor = RegistryActor(*request)};
  const Json body = TRY(ParseBody(*request, service->limits, PromoteSchema()));
  promotion.version = TRY(StringOr(body, "version", ""));
  promotion.alias = TRY(StringOr(body, "alias", kChampion));
  promotion.reason = TRY(StringOr(body, "reason", ""));
  if (FindField(body, "expect") != nullptr) promotion.expect = TRY(StringOr(body, "expect", ""));
  if (promotion.version.empty() || promotion.version.starts_with('@'))
    return Reject("'version' must be a version of the model, such as 1.2.0");
  AskRegistry(service, request, reply, [=](Registry& registry) {
    return ChangeResponse(service, request, registry, "registry.promote", registry.Promote(promotion));
  });
  return {};
}

ApiResult<void> Rollback(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  RollbackRequest rollback{.name = TRY(NameInPath(*request, 0, "model")), .actor = RegistryActor(*request)};
  if (!request->body.empty()) {
    const Json body = TRY(ParseBody(*request, service->limits, RollbackSchema()));
    rollback.alias = TRY(StringOr(body, "alias", kChampion));
    rollback.reason = TRY(StringOr(body, "reason", ""));
  }
  AskRegistry(service, request, reply, [=](Registry& registry) {
    return ChangeResponse(service, request, registry, "registry.rollback", registry.Rollback(rollback));
  });
  return {};
}

Json ListSchema(const char* name, Json items, const char* description, bool with_name) {
  Json properties = Json::object();
  Json required = Json::array();
  if (with_name) {
    properties["name"] = {{"type", "string"}, {"description", "Name of the model"}};
    required.push_back("name");
  }
  properties[name] = {{"type", "array"}, {"items", std::move(items)}, {"description", description}};
  required.push_back(name);
  return {{"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}};
}

Json ChangeExample() {
  return ParsedJson(R"({"name": "spam", "alias": "champion", "sequence": 3, "version": "1.2.0", "from_version": "1.1.0",
    "actor": "key:anna", "reason": "fewer false alarms", "created_at": "2026-11-28T20:15:00.125Z"})");
}

RouteDocs ListDocs() {
  return {.summary = "Lists the models of the registry",
          .tag = kRegistryTag,
          .answer = ListSchema("models", SummarySchema(), "The models by name", false),
          .answer_example = ParsedJson(R"({"models": [{"name": "spam", "versions": 3, "highest_version": "1.2.0",
            "aliases": {"challenger": "1.2.0", "champion": "1.1.0"}, "pushed_at": "2026-11-28T20:15:00.125Z"}]})"),
          .errors = {503}};
}

RouteDocs VersionsDocs() {
  return {.summary = "Lists the versions of a model",
          .description = "The highest version comes first.",
          .tag = kRegistryTag,
          .answer = ListSchema("versions", VersionSchema(), "The versions", true),
          .answer_example = ParsedJson(R"({"name": "spam", "versions": [{"name": "spam", "version": "1.0.0",
            "aliases": ["champion"], "digest": "5f0c1d9a3b7e4c2f8a6d0e1b9c7a5f3d5f0c1d9a3b7e4c2f8a6d0e1b9c7a5f3d", "kind": "lr",
            "architecture": "lr", "labels": ["ham", "spam"], "metrics": {"f1_macro": 0.9737}, "bytes": 1240018,
            "pushed_by": "anna", "created_at": "2026-11-28T20:15:00.125Z"}]})"),
          .errors = {404, 422, 503}};
}

RouteDocs HistoryDocs() {
  return {.summary = "Lists the changes of the aliases of a model, or what they meant at a time",
          .description = "The newest change comes first.",
          .tag = kRegistryTag,
          .query = AliasHistoryQuery(),
          .answer = ListSchema("changes", AliasSchema(), "The changes", true),
          .answer_example = {{"name", "spam"}, {"changes", Json::array({ChangeExample()})}},
          .errors = {404, 422, 503}};
}

Json ChangedSchema() {
  Json schema = AliasSchema();
  schema["properties"]["changed"] = {{"type", "boolean"},
                                     {"description", "false: the alias meant the version already"}};
  schema["required"].push_back("changed");
  return schema;
}

RouteDocs ChangeDocs(const char* summary, const char* description, const Json& request, Json example) {
  Json answer = ChangeExample();
  answer["changed"] = true;
  return {.summary = summary,
          .description = description,
          .tag = kRegistryTag,
          .request = request,
          .answer = ChangedSchema(),
          .example = std::move(example),
          .answer_example = std::move(answer),
          .errors = {400, 404, 409, 422, 503}};
}

}  // namespace

std::vector<Route> RegistryRoutes(const SharedService& service) {
  std::vector<Route> routes;
  const auto add = [&](const char* method, const char* path, Role role, RouteDocs docs, ServiceHandler handle) {
    routes.push_back(
        {.method = method, .path = path, .role = role, .docs = std::move(docs), .handle = Handler(service, handle)});
  };
  add("GET", "/v1/registry", Role::kClassify, ListDocs(), List);
  add("GET", "/v1/registry/{model}", Role::kClassify, VersionsDocs(), Versions);
  add("GET", "/v1/registry/{model}/history", Role::kClassify, HistoryDocs(), Changes);
  add("POST", "/v1/registry/{model}/promote", Role::kAdmin,
      ChangeDocs("Makes an alias mean a version",
                 "All servers that follow the registry load the version and switch to it without dropping a request. "
                 "Status 409: the alias was changed by somebody else meanwhile, or is not what `expect` says.",
                 PromoteSchema(), {{"version", "1.2.0"}, {"reason", "fewer false alarms"}, {"expect", "1.1.0"}}),
      Promote);
  RouteDocs rollback = ChangeDocs("Makes an alias mean what it meant before its last change",
                                  "The rollback is a change in the history, too: a second one undoes the first.",
                                  RollbackSchema(), {{"reason", "complaints"}});
  rollback.request_optional = true;
  add("POST", "/v1/registry/{model}/rollback", Role::kAdmin, std::move(rollback), Rollback);
  return routes;
}

}  // namespace winnow
