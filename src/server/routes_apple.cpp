#include "server/apple_filter.h"
#include "server/filter_request.h"
#include "server/message_check.h"

namespace winnow {
namespace {

constexpr char kAppleTag[] = "Apple's message filter";

/// The request as iOS sends it
/// (https://developer.apple.com/documentation/identitylookup/ilmessagefilterextensioncontext/
/// deferqueryrequesttonetwork(completion:)). Fields that later versions may add are ignored.
const Json& AppleRequestSchema() {
  static const Json schema = ParsedJson(R"({
    "type": "object", "additionalProperties": true, "required": ["query"], "properties": {
      "_version": {"type": "integer", "description": "Version of the format; has no effect"},
      "query": {"type": "object", "required": ["message"], "description": "The message and its sender", "properties": {
        "sender": {"type": ["string", "null"], "maxLength": 1024, "description": "Telephone number or mail address of the sender"},
        "message": {"type": "object", "required": ["text"], "description": "The message", "properties": {"text": {"type": "string", "description": "Its text"}}}}},
      "app": {"type": "object", "description": "Version of the app; has no effect"}}})");
  return schema;
}

ApiResult<const Json*> ObjectIn(const Json& object, const char* name, const char* shown) {
  const Json* const found = FindField(object, name);
  if (found != nullptr && found->is_object()) return found;
  return Reject(std::string("'") + shown + "' must be an object");
}

ApiResult<void> Check(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  const Json body = TRY(ParseBody(*request, service->limits, AppleRequestSchema()));
  const Json& query = *TRY(ObjectIn(body, "query", "query"));
  const Json& message = *TRY(ObjectIn(query, "message", "query.message"));
  const Json* const text = FindField(message, "text");
  if (text == nullptr) return Reject("'query.message.text' is missing");
  MessageCheck check;
  check.message.text = TRY(TextOf(*text, "query.message.text", service->limits));
  check.message.sender = TRY(NameOr(query, "sender"));
  CheckMessage(service, request, reply, std::move(check), [](const FilterMessage&, const Verdict& verdict) {
    const AppleAction action = AppleActionOf(verdict);
    return JsonResponse({{"action", action.action}, {"subAction", action.sub_action}});
  });
  return {};
}

RouteDocs CheckDocs() {
  return {
      .summary = "Decides about a message for the message filter extension of iOS",
      .description =
          "For an app whose extension defers queries to the network. iOS sends no header fields of the app's choice, so "
          "the API key is the last segment of the path; a server without keys accepts any segment. Spam is `junk`, "
          "other messages are `allow`; labels named promotion, transaction, or as a sub-action of Apple, are that "
          "action. Fields that the schema does not have are ignored.",
      .tag = kAppleTag,
      .request = AppleRequestSchema(),
      .answer = ParsedJson(R"({"type": "object", "required": ["action", "subAction"], "properties": {
            "action": {"enum": ["allow", "junk", "promotion", "transaction"], "description": "Name of the ILMessageFilterAction"},
            "subAction": {"type": "string", "description": "Name of the ILMessageFilterSubAction, or none"}}})"),
      .example = ParsedJson(R"({"_version": 1, "query": {"sender": "14085550001",
            "message": {"text": "You won! Claim your prize now"}}, "app": {"version": "1.1"}})"),
      .answer_example = {{"action", "junk"}, {"subAction", "none"}}};
}

ApiResult<HttpResponse> Association(const Service& service, const HttpRequest&) {
  return JsonResponse({{"messagefilter", {{"apps", service.filter->apple_apps()}}}});
}

RouteDocs AssociationDocs() {
  return {.summary = "The file by which iOS recognizes that the server belongs to an app",
          .description = "Has the IDs that were given by `--apple-app-id`.",
          .tag = kAppleTag,
          .answer = ParsedJson(R"({"type": "object", "required": ["messagefilter"], "properties": {
            "messagefilter": {"type": "object", "required": ["apps"], "description": "The apps", "properties": {
              "apps": {"type": "array", "items": {"type": "string"}, "description": "Team IDs and bundle IDs of the apps"}}}}})"),
          .answer_example = ParsedJson(R"({"messagefilter": {"apps": ["A1B2C3D4E5.com.example.filter"]}})")};
}

}  // namespace

std::vector<Route> AppleRoutes(const SharedService& service) {
  std::vector<Route> routes;
  routes.push_back({.method = "POST",
                    .path = "/apple/message-filter/{key}",
                    .role = Role::kClassify,
                    .docs = CheckDocs(),
                    .handle = Handler(service, Check),
                    .key_in_path = true});
  if (service->filter->apple_apps().empty()) return routes;
  routes.push_back({.method = "GET",
                    .path = "/.well-known/apple-app-site-association",
                    .role = Role::kPublic,
                    .docs = AssociationDocs(),
                    .handle = Handler(service, Association)});
  return routes;
}

}  // namespace winnow
