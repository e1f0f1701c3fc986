#include "server/openapi.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/ascii.h"
#include "server/openai_error.h"

namespace winnow {
namespace {

constexpr int kReportedBefore = 208;  // of rspamd's protocol: an error in form, though nothing is wrong

/// The statuses of errors that a response can have.
constexpr ErrorStatus kStatuses[] = {
    {kReportedBefore, "ReportedBefore", "The user has reported the same before; nothing changes", ""},
    {400, "BadRequest", "The body is not valid JSON in UTF-8", ""},
    {401, "Unauthorized", "An API key is required; it is missing or not valid", ""},
    {403, "Forbidden",
     "The role of the API key does not permit the request, or the request came under a host name or from a web page that "
     "is not allowed",
     ""},
    {404, "NotFound", "There is no such model, file, job or route", "NotFound",
     "no model has this name; did you mean 'spam'? (existing models: spam:1.0.0, words:1.0.0)"},
    {405, "MethodNotAllowed", "The path does not support the method; the header Allow lists those that it supports",
     "MethodNotAllowed", "this path does not support the method of the request; supported: POST"},
    {408, "RequestTimeout", "The request was not received in time", ""},
    {409, "Conflict", "The request conflicts with what is there, such as a file or a running job; the error says why",
     ""},
    {413, "TooLarge", "The body, a text or the number of texts is too large", ""},
    {415, "UnsupportedEncoding", "Content-Encoding is neither gzip nor identity, or Content-Type is not JSON", ""},
    {422, "Unprocessable", "The request is invalid; the error says why", "Validation",
     "unknown field 'treshold'; did you mean 'threshold'?"},
    {424, "InferenceFailed", "The model failed", ""},
    {429, "Overloaded", "The queue is full, or the rate limit is exceeded; try again after Retry-After seconds",
     "Overloaded", "too many texts are in the queue"},
    {431, "HeaderTooLarge", "The header of the request is too large", ""},
    {500, "Internal", "Internal error; see the server's log", ""},
    {501, "NotImplemented", "Transfer-Encoding is not chunked", ""},
    {503, "Unavailable",
     "The model is not loaded or its files are damaged, the server is shutting down, or the request timed out",
     "Unavailable", "the model is not loaded"},
    {505, "VersionNotSupported", "The request is neither HTTP/1.0 nor HTTP/1.1", ""},
    {507, "InsufficientStorage", "There is no room for the file", ""},
};

const ErrorStatus* Find(int code) {
  const auto* const found = std::ranges::find(kStatuses, code, &ErrorStatus::code);
  return found == std::end(kStatuses) ? nullptr : found;
}

std::string ResponseName(int code, ErrorForm form) {
  const ErrorStatus* const status = Find(code);
  const std::string_view name = status == nullptr ? "Internal" : status->name;
  return (form == ErrorForm::kOpenAi ? "OpenAi" : "") + std::string(name);
}

Json SuccessOf(const Route& route) {
  if (route.docs.status == 302) {
    const Json location = {{"description", "URL of the page to open instead"}, {"schema", {{"type", "string"}}}};
    return {{"description", "Redirection"}, {"headers", {{"Location", location}}}};
  }
  if (route.docs.status == 204) return {{"description", "Success; the response has no body"}};
  Json content = Json::object();
  for (const std::string& type : route.docs.answer_types) {
    content[type] = Json::object();
    if (type == "application/json" && !route.docs.answer.is_null()) content[type]["schema"] = route.docs.answer;
    const Json& example = route.docs.answer_example;
    if (!example.is_null() && example.is_string() == (type != "application/json")) content[type]["example"] = example;
  }
  return {{"description", "Success"}, {"content", content}};
}

std::string_view DescriptionOf(std::string_view parameter) {
  if (parameter == "user") return "ID of a user, as the application chooses it";
  if (parameter == "sender") return "Mail address or telephone number, or a domain such as @example.com";
  if (parameter == "model") return "Name of the model";
  if (parameter == "key") return "The API key";
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
  if (!docs.query.is_null()) {
    for (const auto& [name, schema] : docs.query.at("properties").items()) {
      operation["parameters"].push_back({{"name", name}, {"in", "query"}, {"required", false}, {"schema", schema}});
    }
  }
  if (!docs.headers.is_null()) {
    for (const auto& [name, schema] : docs.headers.at("properties").items()) {
      operation["parameters"].push_back({{"name", name}, {"in", "header"}, {"required", false}, {"schema", schema}});
    }
  }
  if (!docs.request.is_null()) {
    Json content = {{"schema", docs.request}};
    if (!docs.example.is_null()) content["example"] = docs.example;
    operation["requestBody"] = {{"required", !docs.request_optional}, {"content", {{docs.request_type, content}}}};
  }
  operation["responses"][std::to_string(route.docs.status)] = SuccessOf(route);
  for (const int code : ErrorsOf(route)) {
    operation["responses"][std::to_string(code)] = {
        {"$ref", "#/components/responses/" + ResponseName(code, route.error_form)}};
  }
  if (route.role != Role::kPublic) {
    // {}: a server that was started without keys asks for none.
    if (!route.key_in_path)
      operation["security"] = Json::array({Json::object(), {{"bearer", Json::array()}}, {{"apiKey", Json::array()}}});
    operation["x-role"] = RoleName(route.role);
  }
  return operation;
}

const Json& Schemas() {
  static const Json schemas = ParsedJson(R"({
    "Error": {"type": "object", "required": ["error", "error_type"], "properties": {
      "error": {"type": "string", "description": "Error message; never contains text of a request"},
      "error_type": {"type": "string", "description": "Type of the error, such as \"Validation\" or \"Overloaded\""}}},
    "RspamdError": {"type": "object", "required": ["error"], "properties": {
      "error": {"type": "string", "description": "Message, as rspamd writes it"}}},
    "OpenAiError": {"type": "object", "required": ["error"], "properties": {
      "error": {"type": "object", "description": "The error, in the form of OpenAI's API", "required": ["message", "type", "param", "code"], "properties": {
        "message": {"type": "string", "description": "Error message; never contains text of a request"},
        "type": {"type": "string", "description": "invalid_request_error, authentication_error, permission_error, rate_limit_error or server_error"},
        "param": {"type": ["string", "null"], "description": "Field of the request that the error is about"},
        "code": {"type": ["string", "null"], "description": "invalid_api_key, model_not_found, rate_limit_exceeded, or null"}}}}},
    "Text": {"anyOf": [
      {"type": "string", "description": "A text"},
      {"type": "array", "minItems": 1, "maxItems": 16, "items": {"type": "string"},
       "description": "Segments of a text, as defined by the model's text template"},
      {"type": "object", "additionalProperties": true,
       "description": "A row with the fields of the model's text template (see GET /models) as strings or null; other fields are ignored"}]},
    "Prediction": {"type": "object", "required": ["score", "label"], "properties": {
      "score": {"type": "number", "description": "Probability of the label, or its logit with raw_scores"},
      "label": {"type": "string", "description": "Name of the label"}}}})");
  return schemas;
}

std::string_view SchemaOfError(int code, ErrorForm form) {
  if (code == kReportedBefore) return "RspamdError";
  return form == ErrorForm::kOpenAi ? "OpenAiError" : "Error";
}

Json ErrorResponseOf(const ErrorStatus& status, ErrorForm form) {
  const bool openai = form == ErrorForm::kOpenAi;
  const std::string schema = "#/components/schemas/" + std::string(SchemaOfError(status.code, form));
  Json content = {{"schema", {{"$ref", schema}}}};
  if (!status.type.empty()) {
    content["example"] = openai ? OpenAiError(status.code, status.type, status.message) : status.Example();
  }
  Json response = {{"description", status.meaning}, {"content", {{"application/json", std::move(content)}}}};
  if (status.code == 429 || status.code == 503) {
    response["headers"]["Retry-After"] = {{"description", "Seconds to wait before the next request"},
                                          {"schema", {{"type", "string"}}}};
  }
  return response;
}

Json Components() {
  Json responses = Json::object();
  for (const ErrorForm form : {ErrorForm::kWinnow, ErrorForm::kOpenAi}) {
    for (const ErrorStatus& status : kStatuses) {
      responses[ResponseName(status.code, form)] = ErrorResponseOf(status, form);
    }
  }
  return {{"schemas", Schemas()},
          {"responses", std::move(responses)},
          {"securitySchemes",
           {{"bearer", {{"type", "http"}, {"scheme", "bearer"}}},
            {"apiKey", {{"type", "apiKey"}, {"in", "header"}, {"name", "X-API-Key"}}}}}};
}

}  // namespace

Json ErrorStatus::Example() const { return type.empty() ? Json() : Json({{"error", message}, {"error_type", type}}); }

std::span<const ErrorStatus> ErrorStatuses() { return kStatuses; }

std::vector<int> ErrorsOf(const Route& route) {
  std::set<int> errors(route.docs.errors.begin(), route.docs.errors.end());
  errors.insert({500, 503});
  if (route.method != "GET") errors.insert({400, 413, 415, 422, 429});
  if (route.role != Role::kPublic) errors.insert({401, 403, 429});
  return {errors.begin(), errors.end()};
}

const Json& Resolved(const Json& schema) {
  const Json* const reference = schema.Find("$ref");
  if (reference == nullptr) return schema;
  return Schemas().at(std::string_view(reference->str()).substr(reference->str().rfind('/') + 1));
}

std::string_view MeaningOf(int code) {
  const ErrorStatus* const status = Find(code);
  return status == nullptr ? "" : status->meaning;
}

std::string OperationId(const Route& route) {
  std::string id = LowerAscii(route.method);
  for (const char c : route.path) {
    const bool plain = IsAsciiAlphanumeric(c);
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
             "has an X-Request-Id: the one of the request, or a new one. Invalid HTTP requests get 400, 408, 413, 415, "
             "431, 501 or 505, requests under a host name that is not allowed 403, unknown paths 404, and unsupported "
             "methods 405. A field of a request that is not "
             "described here is refused with 422, and a slash at the end of a path is ignored."},
            {"license", {{"name", "Apache 2.0"}, {"identifier", "Apache-2.0"}}}}},
          // Relative to the document, which a proxy may offer below a path of its own.
          {"servers", Json::array({{{"url", "."}}})},
          {"tags", tags},
          {"paths", paths},
          {"components", Components()}};
}

}  // namespace winnow
