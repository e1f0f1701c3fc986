#include "server/data_request.h"

#include <fmt/format.h>

#include "base/log.h"
#include "server/data_service.h"
#include "store/time_text.h"
#include "workspace/client_words.h"

namespace winnow {

Json ReadingQuery(const Json& parameters) {
  Json schema = ParsedJson(R"({"type": "object", "properties": {
    "format": {"enum": ["csv", "tsv", "jsonl", "json", "fasttext", "lines"], "description": "Format of the file; left out: detected, as all options of reading are"},
    "delimiter": {"type": "string", "description": "Character between the columns of a table, or tab"},
    "quoting": {"enum": ["csv", "none"], "description": "Quotes as in CSV, or as plain characters"},
    "header": {"type": "boolean", "description": "Whether the first row of a table has the names of the columns"},
    "encoding": {"enum": ["utf-8", "utf-16le", "utf-16be", "windows-1252", "latin-1"], "description": "Encoding of the file"},
    "text-field": {"type": "string", "description": "Column of the texts"},
    "label-field": {"type": "string", "description": "Column of the labels; several 0/1 columns divided by commas"}}})");
  for (const auto& [name, property] : parameters.items()) schema["properties"][name] = property;
  return schema;
}

ApiResult<ReadingRequest> ReadReadingRequest(const HttpRequest& request, const Json& schema) {
  ReadingRequest read{.query = TRY(QueryParameters::Read(request, schema)), .options = {}, .header = {}};
  const auto text = [&](const char* name) { return read.query.Text(name).value_or(""); };
  read.header = TRY(read.query.Flag("header"));
  read.options.text_field = text("text-field");
  read.options.label_field = text("label-field");
  read.options.format = {.format = text("format"),
                         .delimiter = text("delimiter"),
                         .quoting = text("quoting"),
                         .encoding = text("encoding"),
                         .no_header = read.header && !*read.header};
  return read;
}

std::string VersionIn(const HttpRequest& request, const QueryParameters& query) {
  if (const std::optional<std::string> version = query.Text("version")) return *version;
  std::string_view tag = request.Header("if-match");
  if (tag.size() >= 2 && tag.front() == '"' && tag.back() == '"') tag = tag.substr(1, tag.size() - 2);
  return tag == "*" ? std::string() : std::string(tag);
}

ApiError DataError(const Error& error) {
  std::string message = OneLine(error);
  switch (error.code) {
    case ErrorCode::kNotFound:
      return {.status = 404, .type = "NotFound", .message = std::move(message)};
    case ErrorCode::kExists:
      return {.status = 409, .type = "Conflict", .message = std::move(message)};
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kInvalidData:
    case ErrorCode::kUnsupported:
      return {.status = 422, .type = "Validation", .message = std::move(message)};
    case ErrorCode::kIo:
      LogWarning("a data file: {}", message);
      return {.status = 503, .type = "Unavailable", .message = std::move(message)};
    default:
      return ToApiError(error);
  }
}

HttpResponse VersionedResponse(Json json, const std::string& version) {
  json["version"] = version;
  HttpResponse response = JsonResponse(json);
  response.headers.emplace_back("ETag", fmt::format("\"{}\"", version));
  return response;
}

namespace {

void RunTask(ClientTasks& tasks, const SharedRequest& request, const HttpReply& reply,
             std::function<ApiResult<HttpResponse>()> task) {
  const bool posted = tasks.Post(request->caller, [reply, task = std::move(task)] { reply(ResponseOf(task())); });
  if (posted) return;
  reply(TooManyRequests("Overloaded", "too many requests wait for data files", std::chrono::seconds(1)).Response());
}

}  // namespace

void ReadData(const SharedService& service, const SharedRequest& request, const HttpReply& reply,
              std::function<ApiResult<HttpResponse>()> task) {
  RunTask(service->data->reading(), request, reply, std::move(task));
}

void WriteData(const SharedService& service, const SharedRequest& request, const HttpReply& reply,
               std::function<ApiResult<HttpResponse>()> task) {
  RunTask(service->data->writing(), request, reply, std::move(task));
}

Json DataFileSchema() {
  return ParsedJson(R"({"type": "object", "required": ["name", "bytes", "modified", "undo", "version"], "properties": {
    "name": {"type": "string", "description": "Name of the file"},
    "bytes": {"type": "integer", "description": "Size of the file"},
    "modified": {"type": "string", "format": "date-time", "description": "Time of the last change, in UTC"},
    "undo": {"type": "boolean", "description": "Whether there is a former version, which POST /v1/data/{name}/undo brings back"},
    "version": {"type": "string", "description": "Changes with the contents; a change with ?version= is refused if the file has another version"}}})");
}

Json ExampleDataFile() {
  return ParsedJson(R"({"name": "sms.csv", "bytes": 503663, "modified": "2026-11-28T20:15:00.125Z", "undo": false,
    "version": "5c1f0a2b9d3e4f60"})");
}

Json DataFileJson(const DataFile& file) {
  return {{"name", file.name},
          {"bytes", file.bytes},
          {"modified", TimeText(file.modified)},
          {"undo", file.undo},
          {"version", file.version}};
}

}  // namespace winnow
