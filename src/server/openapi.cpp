#include "server/openapi.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/ascii.h"
#include "text/text_parts.h"

namespace winnow {
namespace {

struct Status {
  int code;
  std::string_view name, meaning;
};

/// The statuses besides 200 that a response can have.
constexpr Status kStatuses[] = {
    {400, "BadRequest", "The body is not valid JSON in UTF-8"},
    {401, "Unauthorized", "An API key is required; it is missing or not valid"},
    {403, "Forbidden", "The role of the API key does not permit this request"},
    {404, "NotFound", "No model or route has this name"},
    {413, "TooLarge", "The body, a text or the number of texts is too large"},
    {415, "UnsupportedEncoding", "Content-Encoding is neither gzip nor identity"},
    {422, "Unprocessable", "The request is invalid; the error says why"},
    {424, "InferenceFailed", "The model failed"},
    {429, "Overloaded", "The queue is full, or the rate limit is exceeded; try again after Retry-After seconds"},
    {500, "Internal", "Internal error; see the server's log"},
    {503, "Unavailable", "The model is not loaded, the server is shutting down, or the request timed out"},
};

const Status* Find(int code) {
  const auto* const found = std::ranges::find(kStatuses, code, &Status::code);
  return found == std::end(kStatuses) ? nullptr : found;
}

std::string_view ResponseName(int code) {
  const Status* const status = Find(code);
  return status == nullptr ? "Internal" : status->name;
}

Json SuccessOf(const Route& route) {
  Json content = Json::object();
  for (const std::string& type : route.docs.answer_types) {
    content[type] = Json::object();
    if (type == "application/json" && !route.docs.answer.is_null()) content[type]["schema"] = route.docs.answer;
  }
  return {{"description", "Success"}, {"content", content}};
}

std::string_view DescriptionOf(std::string_view parameter) {
  if (parameter == "model") return "Name of the model";
  if (parameter == "version") return "Version of the model, such as 1.2.0";
  return "";
}

Json Operation(const Route& route) {
  const RouteDocs& docs = route.docs;
  Json operation = {{"operationId", OperationId(route)}, {"summary", docs.summary}};
  if (!docs.description.empty()) operation["description"] = docs.description;
  if (!docs.tag.empty()) operation["tags"] = Json::array({docs.tag});
  for (const std::string& name : ParametersOf(route)) {
    Json parameter = {
        {"name", name}, {"in", "path"}, {"required", true}, {"schema", {{"type", "string"}, {"minLength", 1}}}};
    if (const auto description = DescriptionOf(name); !description.empty()) parameter["description"] = description;
    operation["parameters"].push_back(std::move(parameter));
  }
  if (!docs.request.is_null()) {
    Json content = {{"schema", docs.request}};
    if (!docs.example.is_null()) content["example"] = docs.example;
    operation["requestBody"] = {{"required", true}, {"content", {{"application/json", content}}}};
  }
  operation["responses"]["200"] = SuccessOf(route);
  for (const int code : ErrorsOf(route)) {
    operation["responses"][std::to_string(code)] = {
        {"$ref", "#/components/responses/" + std::string(ResponseName(code))}};
  }
  if (route.role != Role::kPublic) {
    // {}: a server that was started without keys asks for none.
    operation["security"] = Json::array({Json::object(), {{"bearer", Json::array()}}, {{"apiKey", Json::array()}}});
    operation["x-role"] = RoleName(route.role);
  }
  return operation;
}

Json Components() {
  Json responses = Json::object();
  for (const Status& status : kStatuses) {
    Json response = {{"description", status.meaning},
                     {"content", {{"application/json", {{"schema", {{"$ref", "#/components/schemas/Error"}}}}}}}};
    if (status.code == 429) {
      response["headers"]["Retry-After"] = {{"description", "Seconds to wait before the next request"},
                                            {"schema", {{"type", "string"}}}};
    }
    responses[std::string(status.name)] = std::move(response);
  }
  return {{"schemas", ParsedJson(R"({
             "Error": {"type": "object", "required": ["error", "error_type"], "properties": {
               "error": {"type": "string", "description": "Error message; never contains text of a request"},
               "error_type": {"type": "string", "description": "Type of the error, such as \"Validation\" or \"Overloaded\""}}},
             "Text": {"anyOf": [
               {"type": "string", "description": "A text"},
               {"type": "array", "minItems": 1, "maxItems": 16, "items": {"type": "string"},
                "description": "Segments of a text, as defined by the model's text template, or a pair of texts"},
               {"type": "object", "additionalProperties": true,
                "description": "A row with the fields of the model's text template (see GET /models) as strings or null; other fields are ignored"}]},
             "Prediction": {"type": "object", "required": ["score", "label"], "properties": {
               "score": {"type": "number"}, "label": {"type": "string"}}}})")},
          {"responses", std::move(responses)},
          {"securitySchemes",
           {{"bearer", {{"type", "http"}, {"scheme", "bearer"}}},
            {"apiKey", {{"type", "apiKey"}, {"in", "header"}, {"name", "X-API-Key"}}}}}};
}

}  // namespace

std::vector<int> ErrorsOf(const Route& route) {
  std::set<int> errors(route.docs.errors.begin(), route.docs.errors.end());
  errors.insert({500, 503});
  if (route.method != "GET") errors.insert({400, 413, 415, 422, 429});
  if (route.role != Role::kPublic) errors.insert({401, 403, 429});
  return {errors.begin(), errors.end()};
}

std::string_view MeaningOf(int code) {
  const Status* const status = Find(code);
  return status == nullptr ? "" : status->meaning;
}

std::string OperationId(const Route& route) {
  std::string id = LowerAscii(route.method);
  for (const char c : route.path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (plain) {
      id += c;
    } else if (id.back() != '_') {
      id += '_';
    }
  }
  if (id.back() == '_') id.pop_back();
  return id;
}

std::vector<std::string> ParametersOf(const Route& route) {
  std::vector<std::string> names;
  for (size_t begin = 0; (begin = route.path.find('{', begin)) != std::string::npos;) {
    const size_t end = route.path.find('}', begin);
    if (end == std::string::npos) break;
    names.push_back(route.path.substr(begin + 1, end - begin - 1));
    begin = end;
  }
  return names;
}

Json OpenApi(const std::vector<Route>& routes) {
  Json paths = Json::object(), tags = Json::array();
  std::set<std::string> seen;
  for (const Route& route : routes) {
    paths[route.path][LowerAscii(route.method)] = Operation(route);
    if (!route.docs.tag.empty() && seen.insert(route.docs.tag).second) tags.push_back({{"name", route.docs.tag}});
  }
  return {{"openapi", "3.1.0"},
          {"info",
           {{"title", "Winnow"},
            {"version", WINNOW_VERSION},
            {"description",
             "Text classification. Request bodies may be compressed with Content-Encoding: gzip. Every response "
             "has an X-Request-Id: the one of the request, or a new one. Invalid HTTP requests get 400, 408, 413, "
             "431, 501 or 505, unknown paths 404, and unsupported methods 405. Fields that are not described here "
             "are ignored."},
            {"license", {{"name", "Apache 2.0"}, {"identifier", "Apache-2.0"}}}}},
          {"servers", Json::array({{{"url", "/"}}})},
          {"tags", tags},
          {"paths", paths},
          {"components", Components()}};
}

}  // namespace winnow
