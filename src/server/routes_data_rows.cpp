#include <fmt/format.h>

#include <set>
#include <system_error>

#include "base/log.h"
#include "base/parse_number.h"
#include "server/audit.h"
#include "server/data_request.h"
#include "server/data_service.h"
#include "server/service.h"
#include "workspace/change_rows.h"
#include "workspace/client_words.h"
#include "workspace/data_preview.h"
#include "workspace/data_summary.h"

namespace winnow {

namespace fs = std::filesystem;

namespace {

constexpr char kDataRowsTag[] = "Data";
constexpr size_t kMostLabelBytes = 1000;

/// Returns the function that tells whether nobody waits for the response any more.
std::function<bool()> StopOf(const Service& service, const HttpRequest& request) {
  return [data = service.data, gone = request.client_disconnected] {
    return data->closing() || (gone && gone->load(std::memory_order_relaxed));
  };
}

/// Replies with what `read` returns about the file in the path, and its version.
ApiResult<void> ReadFileWith(const SharedService& service, const SharedRequest& request, const HttpReply& reply,
                             const ReadOptions& options,
                             std::function<Result<Json>(DataReader& reader, const DataSource& source)> read) {
  ReadData(service, request, reply, [service, request, options, read = std::move(read)]() -> ApiResult<HttpResponse> {
    DataFiles& files = service->data->files();
    const std::string& name = request->parameters.front();
    const Result<DataFile> file = files.Find(name);
    if (!file) return std::unexpected(DataError(file.error()));
    const Result<fs::path> path = files.PathOf(name);
    if (!path) return std::unexpected(DataError(path.error()));
    DataSource source{.file = *path, .version = file->version, .options = options};
    source.stopped = StopOf(*service, *request);
    Result<Json> json = read(service->data->reader(), source);
    if (!json) return std::unexpected(DataError(json.error()));
    return VersionedResponse(std::move(*json), file->version);
  });
  return {};
}

const Json& PreviewQuery() {
  static const Json schema = ReadingQuery(ParsedJson(
      R"({"limit": {"type": "integer", "minimum": 1, "maximum": 500, "default": 50, "description": "Number of rows"}})"));
  return schema;
}

ApiResult<void> Preview(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  const ReadingRequest read = TRY(ReadReadingRequest(*request, PreviewQuery()));
  const auto limit = static_cast<size_t>(TRY(read.query.Integer("limit", 50, 1, 500)));
  return ReadFileWith(service, request, reply, read.options,
                      [header = read.header, limit](DataReader&, const DataSource& source) {
                        return PreviewOf(source.file, source.options, header, limit);
                      });
}

const Json& SummaryQuery() {
  static const Json schema = ReadingQuery(Json::object());
  return schema;
}

ApiResult<void> Summary(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  const ReadingRequest read = TRY(ReadReadingRequest(*request, SummaryQuery()));
  return ReadFileWith(service, request, reply, read.options,
                      [service](DataReader&, const DataSource& source) { return service->data->Summary(source); });
}

const Json& RowsQuery() {
  static const Json schema = ReadingQuery(ParsedJson(R"({
    "contains": {"type": "string", "description": "Part of the text, without regard to the case of ASCII letters"},
    "label": {"type": "string", "description": "Label of the rows"},
    "row": {"type": "string", "description": "Number of a row, or several divided by commas"},
    "unlabelled": {"type": "boolean", "description": "Rows without a label"},
    "offset": {"type": "integer", "minimum": 0, "default": 0, "description": "Number of rows to skip"},
    "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100, "description": "Number of rows"}})"));
  return schema;
}

ApiResult<std::set<size_t>> RowNumbersIn(std::string_view list) {
  std::set<size_t> rows;
  while (!list.empty()) {
    const std::string_view number = list.substr(0, list.find(','));
    list.remove_prefix(std::min(number.size() + 1, list.size()));
    const size_t row = ParseNumber<size_t>(number).value_or(0);
    if (row == 0) return Reject("'row' must be the number of a row, or several divided by commas");
    rows.insert(row);
  }
  return rows;
}

ApiResult<void> Rows(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  const ReadingRequest read = TRY(ReadReadingRequest(*request, RowsQuery()));
  RowFilter filter{.contains = read.query.Text("contains").value_or(""),
                   .rows = TRY(RowNumbersIn(read.query.Text("row").value_or(""))),
                   .label = read.query.Text("label"),
                   .offset = static_cast<size_t>(TRY(read.query.Integer("offset", 0, 0, int64_t{1} << 40))),
                   .limit = static_cast<size_t>(TRY(read.query.Integer("limit", 100, 1, 1000)))};
  if (TRY(read.query.Flag("unlabelled")).value_or(false)) filter.label = "";
  return ReadFileWith(service, request, reply, read.options, [filter](DataReader& reader, const DataSource& source) {
    return RowsOf(reader, source, filter);
  });
}

const Json& ChangesSchema() {
  static const Json schema = ParsedJson(R"({"type": "object", "additionalProperties": false, "properties": {
    "remove": {"type": ["array", "null"], "description": "Rows to remove", "items": {"type": "integer", "minimum": 1, "description": "Number of a row"}},
    "relabel": {"type": ["array", "null"], "description": "Rows that get another label", "items": {
      "type": "object", "additionalProperties": false, "required": ["row", "label"], "properties": {
        "row": {"type": "integer", "minimum": 1, "description": "Number of the row"},
        "label": {"type": ["string", "array", "null"], "items": {"type": "string"}, "description": "The label; a list of labels in multi-label data; null: none"}}}}}})");
  return schema;
}

ApiResult<size_t> RowNumber(const Json* value) {
  const std::optional<int64_t> row = value == nullptr ? std::nullopt : WholeNumber(*value, 1, int64_t{1} << 50);
  if (!row) return Reject("a row is a whole number from 1, as GET /v1/data/{name}/rows has it");
  return static_cast<size_t>(*row);
}

ApiResult<std::vector<std::string>> LabelsIn(const Json* value) {
  std::vector<std::string> labels;
  if (value == nullptr) return labels;
  const Json list = value->is_array() ? *value : Json::array({*value});
  for (const Json& label : list) {
    if (!label.is_string()) return Reject("'label' must be a text, a list of texts, or null");
    const std::string& name = label.str();
    const bool control = std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
    if (name.empty() || name.size() > kMostLabelBytes || control) {
      return Reject("a label is a text of one line, with at most 1,000 bytes");
    }
    labels.push_back(name);
  }
  return labels;
}

ApiResult<RowChanges> ReadChanges(const Json& body) {
  RowChanges changes;
  if (const Json* const rows = FindField(body, "remove")) {
    if (!rows->is_array()) return Reject("'remove' must be a list of rows");
    for (const Json& row : *rows) changes.removed.insert(TRY(RowNumber(&row)));
  }
  if (const Json* const rows = FindField(body, "relabel")) {
    if (!rows->is_array()) return Reject("'relabel' must be a list of objects with 'row' and 'label'");
    for (const Json& change : *rows) {
      if (!change.is_object()) return Reject("'relabel' must be a list of objects with 'row' and 'label'");
      const size_t row = TRY(RowNumber(FindField(change, "row")));
      if (changes.removed.contains(row)) return Reject(fmt::format("row {} is both removed and relabelled", row));
      if (!changes.labels.emplace(row, TRY(LabelsIn(FindField(change, "label")))).second) {
        return Reject(fmt::format("row {} is relabelled twice", row));
      }
    }
  }
  if (changes.removed.empty() && changes.labels.empty()) return Reject("specify rows in 'remove' or in 'relabel'");
  return changes;
}

/// Writes the changed file beside the old one, and puts it in its place.
ApiResult<HttpResponse> MakeChanges(const Service& service, const HttpRequest& request, const ReadOptions& options,
                                    const RowChanges& changes, const std::string& wanted_version) {
  DataFiles& files = service.data->files();
  const std::string& name = request.parameters.front();
  const DataFile file = TRY(Checked(files.Find(name)));
  if (!wanted_version.empty() && wanted_version != file.version) {
    return Reject(409, "Conflict",
                  name + ": the file has been changed meanwhile; load it again, and repeat the change");
  }
  const std::string problem = TRY(Checked(files.CheckRoom(file.bytes)));
  if (!problem.empty()) return Reject(507, "InsufficientStorage", problem);
  const fs::path path = TRY(Checked(files.PathOf(name)));
  const fs::path output = files.NewTemporary(name);
  const Result<void> written = WriteChangedRows(path, options, changes, output, StopOf(service, request));
  const Result<DataFile> changed = written ? files.Replace(name, output, file.version)
                                           : std::unexpected(ForClients(ForClients(written.error(), output), path));
  std::error_code error;
  if (!changed) fs::remove(output, error);
  if (error) LogWarning("{}: cannot be removed: {}", output.string(), error.message());
  const DataFile now = TRY(Checked(changed));
  Audit(service, request, "data.change", name,
        {{"removed", changes.removed.size()}, {"relabelled", changes.labels.size()}});
  return VersionedResponse({{"changed", changes.labels.size()}, {"removed", changes.removed.size()}}, now.version);
}

const Json& ChangesQuery() {
  static const Json schema = ReadingQuery(ParsedJson(
      R"({"version": {"type": "string", "description": "Version of the file that the rows are of; the header If-Match may have it too"}})"));
  return schema;
}

ApiResult<void> ChangeRows(const SharedService& service, const SharedRequest& request, const HttpReply& reply) {
  const ReadingRequest read = TRY(ReadReadingRequest(*request, ChangesQuery()));
  const RowChanges changes = TRY(ReadChanges(TRY(ParseBody(*request, service->limits, ChangesSchema()))));
  WriteData(service, request, reply,
            [service, request, options = read.options, changes, version = VersionIn(*request, read.query)] {
              return MakeChanges(*service, *request, options, changes, version);
            });
  return {};
}

Route RowsRoute(const SharedService& service, std::string method, std::string path, ServiceHandler handle, Json query,
                std::string summary, std::string description) {
  return {.method = std::move(method),
          .path = "/v1/data/{name}/" + path,
          .role = Role::kAdmin,
          .docs = {.summary = std::move(summary),
                   .description = std::move(description),
                   .tag = kDataRowsTag,
                   .query = std::move(query),
                   .errors = {404, 422, 429, 503}},
          .handle = Handler(service, handle)};
}

Route PreviewRoute(const SharedService& service) {
  Route route =
      RowsRoute(service, "GET", "preview", Preview, PreviewQuery(), "Shows the first rows of a data file",
                "Says what was guessed about the file; the options of the query correct it. A file whose rows "
                "cannot be read as examples has the reason in `error`.");
  route.docs.answer = ParsedJson(
      R"({"type": "object", "required": ["options", "columns", "cells", "examples", "notes", "problems", "error", "version"], "properties": {
    "options": {"type": "object", "description": "The options of reading that are in effect, with underscores in their names"},
    "columns": {"type": "array", "description": "Names of the columns", "items": {"type": "string"}},
    "cells": {"type": "array", "description": "The first rows as they are in the file; long cells are cut", "items": {"type": "array", "items": {"type": ["string", "null"]}}},
    "examples": {"type": "array", "description": "The first rows as texts with labels", "items": {"type": "object", "properties": {
      "row": {"type": "integer", "description": "Number of the row"},
      "text": {"type": "string", "description": "The text"},
      "label": {"type": ["string", "null"], "description": "The label, or several divided by commas"}}}},
    "notes": {"type": "array", "description": "What was guessed or noticed, as sentences", "items": {"type": "string"}},
    "problems": {"type": "array", "description": "The first rows that a training leaves out", "items": {"type": "object", "properties": {
      "row": {"type": "integer", "description": "Number of the row"},
      "message": {"type": "string", "description": "Why"}}}},
    "error": {"type": ["string", "null"], "description": "Why the rows cannot be read as examples"},
    "version": {"type": "string", "description": "Version of the file"}}})");
  route.docs.answer_example = ParsedJson(R"({
    "options": {"format": "csv", "delimiter": ",", "quoting": "csv", "header": true, "encoding": "utf-8", "text_field": "text", "label_field": "label"},
    "columns": ["label", "text"], "cells": [["ham", "See you at noon"]],
    "examples": [{"row": 2, "text": "See you at noon", "label": "ham"}],
    "notes": ["The columns are divided by commas.", "The first row has the names of the columns."],
    "problems": [], "error": null, "version": "5c1f0a2b9d3e4f60"})");
  return route;
}

Route SummaryRoute(const SharedService& service) {
  Route route =
      RowsRoute(service, "GET", "summary", Summary, SummaryQuery(), "Counts the texts and labels of a data file",
                "Reads the whole file. `warnings` has what stands in the way of a good training.");
  route.docs.answer = ParsedJson(
      R"({"type": "object", "required": ["texts", "labels", "label_count", "unlabelled", "empty", "duplicates", "conflicts", "length", "warnings", "version"], "properties": {
    "texts": {"type": "integer", "description": "Number of rows"},
    "labels": {"type": "array", "description": "The most frequent 1,000 labels", "items": {"type": "object", "properties": {
      "label": {"type": "string", "description": "The label"}, "count": {"type": "integer", "description": "Number of its texts"}}}},
    "label_count": {"type": "integer", "description": "Number of labels"},
    "unlabelled": {"type": "integer", "description": "Number of rows without a label"},
    "empty": {"type": "integer", "description": "Number of rows without a text"},
    "duplicates": {"type": "integer", "description": "Number of texts that repeat an earlier one, apart from case and spaces"},
    "conflicts": {"type": "integer", "description": "Number of those with another label"},
    "length": {"type": "object", "description": "Lengths of texts in characters", "properties": {
      "p50": {"type": "integer", "description": "Median"}, "p95": {"type": "integer", "description": "95th percentile"},
      "max": {"type": "integer", "description": "Maximum"}}},
    "warnings": {"type": "array", "description": "Sentences", "items": {"type": "string"}},
    "version": {"type": "string", "description": "Version of the file"}}})");
  route.docs.answer_example =
      ParsedJson(R"({"texts": 600, "labels": [{"label": "ham", "count": 360}, {"label": "spam", "count": 240}],
    "label_count": 2, "unlabelled": 0, "empty": 0, "duplicates": 0, "conflicts": 0, "length": {"p50": 71, "p95": 151, "max": 160},
    "warnings": [], "version": "5c1f0a2b9d3e4f60"})");
  return route;
}

Route PageRoute(const SharedService& service) {
  Route route =
      RowsRoute(service, "GET", "rows", Rows, RowsQuery(), "Lists and searches the rows of a data file",
                "The numbers of rows are those of the reports of `winnow data doctor`. Unreadable rows are left out.");
  route.docs.answer = ParsedJson(R"({"type": "object", "required": ["total", "rows", "version"], "properties": {
    "total": {"type": "integer", "description": "Number of rows that match"},
    "rows": {"type": "array", "description": "A page of them", "items": {"type": "object", "required": ["row", "text", "label"], "properties": {
      "row": {"type": "integer", "description": "Number of the row: its first line, or its place in a JSON document"},
      "text": {"type": "string", "description": "The text, or its first 10,000 characters"},
      "cut": {"type": "boolean", "description": "True if the text is longer"},
      "label": {"type": ["string", "null"], "description": "The label, or several divided by commas"},
      "labels": {"type": "array", "description": "Several labels", "items": {"type": "string"}}}}},
    "version": {"type": "string", "description": "Version of the file"}}})");
  route.docs.answer_example =
      ParsedJson(R"({"total": 1, "rows": [{"row": 2, "text": "See you at noon", "label": "ham"}],
    "version": "5c1f0a2b9d3e4f60"})");
  return route;
}

Route ChangesRoute(const SharedService& service) {
  Route route = RowsRoute(
      service, "POST", "changes", ChangeRows, ChangesQuery(), "Removes rows of a data file, or changes their labels",
      "All other bytes of the file stay as they are. The former version is kept for POST /v1/data/{name}/undo. "
      "Status 409 says that the file has another version than `version`; status 422, that its format does not "
      "allow the change.");
  route.docs.errors.push_back(409);
  route.docs.errors.push_back(507);
  route.docs.request = ChangesSchema();
  route.docs.example = ParsedJson(R"({"remove": [17], "relabel": [{"row": 2, "label": "ham"}]})");
  route.docs.answer = ParsedJson(R"({"type": "object", "required": ["changed", "removed", "version"], "properties": {
    "changed": {"type": "integer", "description": "Number of rows that got another label"},
    "removed": {"type": "integer", "description": "Number of rows that were removed"},
    "version": {"type": "string", "description": "Version of the file now"}}})");
  route.docs.answer_example = ParsedJson(R"({"changed": 1, "removed": 1, "version": "8f2d5e7a1b3c4d60"})");
  return route;
}

}  // namespace

std::vector<Route> DataRowRoutes(const SharedService& service) {
  std::vector<Route> routes;
  for (const auto& make : {PreviewRoute, SummaryRoute, PageRoute, ChangesRoute}) routes.push_back(make(service));
  return routes;
}

}  // namespace winnow
